import HTTP
import HTTPTypes
import Identity
import JSON
import Testing

@Suite("Who may do what")
struct PermissionMatrixTests {
    private static let nowhere = "018bcfe5-6800-7000-8000-000000000000"

    @Test("Each route lets in exactly those whom its declaration names", arguments: Who.allCases)
    func matrix(who: Who) async throws {
        try await APIHarness.run { api in
            for route in api.routes {
                // A route for everyone does not look at who asks; those of auth would end the harness's sessions.
                if route.access == .everyone && who != .nobody { continue }
                let path = route.path.description.replacing("{id}", with: Self.nowhere).replacing("{name}", with: "job")
                    .replacing("{artefact_id}", with: Self.nowhere)
                let reply = try await api.send(route.method, path, as: who)
                let refusal: Int? =
                    switch route.access {
                    case .everyone: nil
                    case .authenticated: who == .nobody ? 401 : nil
                    case .requires(let permission):
                        who == .nobody ? 401 : Self.allows(who, permission) ? nil : 403
                    }
                let place = "\(route.method) \(route.path) as \(who): \(reply.status)"
                if let refusal {
                    #expect(reply.status == refusal, "\(place)")
                } else if path.hasSuffix("/heartbeat") {
                    #expect(reply.status == (Self.allows(who, "agents.write") ? 404 : 403), "\(place)")
                } else if route.access != .everyone {
                    #expect(reply.status != 401 && reply.status != 403, "\(place)")
                }
            }
        }
    }

    private static func allows(_ who: Who, _ permission: HTTP.Permission) -> Bool { allows(who, permission.rawValue) }

    private static func allows(_ who: Who, _ permission: String) -> Bool {
        guard let role = who.role, let permission = Identity.Permission(rawValue: permission) else { return false }
        return role.permissions.contains(permission)
    }

    @Test("The permissions that routes ask for are those that Identity knows, so that users/me promises nothing more")
    func known() async throws {
        try await APIHarness.run { api in
            let asked = api.routes.compactMap { route -> String? in
                guard case .requires(let permission) = route.access else { return nil }
                return permission.rawValue
            }
            #expect(Set(asked) == Set(Identity.Permission.allCases.map(\.rawValue)))
            let told = try await api.send(.get, "users/me").json?["permissions"]?.array?.compactMap(\.string)
            #expect(told == Set(asked).sorted())
        }
    }

    @Test("Nobody reads and changes by accident: the rules of each resource, written out")
    func writtenOut() async throws {
        try await APIHarness.run { api in
            let declared = api.routes.filter { $0.path.description.hasPrefix("/api/v1/") }.map { route in
                let access: String =
                    switch route.access {
                    case .everyone: "everyone"
                    case .authenticated: "authenticated"
                    case .requires(let permission): permission.rawValue
                    }
                return "\(route.method.rawValue) \(route.path.description.dropFirst("/api/v1/".count)) \(access)"
            }
            let expected = """
                DELETE agents/{id} agents.delete
                DELETE projects/{id} projects.delete
                DELETE schedules/{id} tasks.write
                DELETE tasks/{id} tasks.write
                GET activities activities.read
                GET agents agents.read
                GET agents/me authenticated
                GET agents/work tasks.read
                GET agents/{id} agents.read
                GET agents/{id}/attempts tasks.read
                GET events activities.read
                GET health everyone
                GET health/live everyone
                GET health/ready everyone
                GET metrics everyone
                GET openapi.json everyone
                GET people projects.read
                GET projects projects.read
                GET projects/{id} projects.read
                GET schedules tasks.read
                GET schedules/{id} tasks.read
                GET schedules/{id}/next tasks.read
                GET status system.read
                GET tasks tasks.read
                GET tasks/counts tasks.read
                GET tasks/{id} tasks.read
                GET tasks/{id}/artefacts tasks.read
                GET tasks/{id}/artefacts/{artefact_id} tasks.read
                GET tasks/{id}/artefacts/{artefact_id}/content tasks.read
                GET tasks/{id}/graph tasks.read
                GET tasks/{id}/logs tasks.read
                GET tasks/{id}/why tasks.read
                GET users users.read
                GET users/me authenticated
                GET users/{id} users.read
                PATCH projects/{id} projects.write
                PATCH schedules/{id} tasks.write
                PATCH tasks/{id}/artefacts/{artefact_id} tasks.work
                PATCH users/{id} users.write
                POST agents agents.write
                POST agents/{id}/drain agents.write
                POST agents/{id}/heartbeat authenticated
                POST agents/{id}/leases tasks.work
                POST agents/{id}/results tasks.work
                POST agents/{id}/stop agents.write
                POST agents/{id}/token agents.write
                POST agents/{id}/undrain agents.write
                POST auth/login everyone
                POST auth/logout everyone
                POST auth/refresh everyone
                POST auth/tickets authenticated
                POST projects projects.write
                POST rnd/coordinate tasks.write
                POST schedules tasks.write
                POST schedules/preview tasks.read
                POST schedules/{id}/pause tasks.write
                POST schedules/{id}/resume tasks.write
                POST schedules/{id}/run tasks.write
                POST tasks tasks.write
                POST tasks/retry tasks.write
                POST tasks/{id}/approve tasks.write
                POST tasks/{id}/artefacts tasks.work
                POST tasks/{id}/cancel tasks.write
                POST tasks/{id}/children tasks.work
                POST tasks/{id}/complete tasks.work
                POST tasks/{id}/dependencies tasks.write
                POST tasks/{id}/fail tasks.work
                POST tasks/{id}/logs tasks.work
                POST tasks/{id}/metrics tasks.work
                POST tasks/{id}/pause tasks.write
                POST tasks/{id}/reject tasks.write
                POST tasks/{id}/renew tasks.work
                POST tasks/{id}/resume tasks.write
                POST tasks/{id}/retry tasks.write
                POST users users.write
                PUT agents/{id} agents.write
                PUT projects/{id} projects.write
                PUT schedules/{id} tasks.write
                PUT users/me/password authenticated
                PUT users/{id}/password users.write
                """
            #expect(declared.sorted() == expected.split(separator: "\n").map(String.init))
        }
    }
}
