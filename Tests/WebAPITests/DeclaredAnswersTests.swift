import APIModel
import Agents
import HTTPTypes
import Identity
import JSON
import Projects
import Records
import Testing

@testable import HTTP

/// The harness refuses each answer that is not declared; here every route is made to give those that are.
@Suite("Declared answers")
struct DeclaredAnswersTests {
    /// What cannot be brought about by a request alone: time-outs, cancelled queries, failures of the server.
    private static let unprovoked: Set = [408, 499, 500, 503]

    @Test("Every route gives the answers that follow from its declaration, and no other")
    func provoked() async throws {
        try await APIHarness.run { api in
            for route in api.routes {
                let implied = Set(route.answers.map(\.status)).subtracting(route.responses.map(\.status))
                let seen = try await Self.provoke(route, api)
                var missing = implied.subtracting(seen).subtracting(Self.unprovoked).subtracting([429])
                if Self.isForEveryRole(route.access) { missing.remove(403) }
                #expect(missing.isEmpty, "\(route.method) \(route.path) declares \(missing.sorted())")
            }
        }
    }

    @Test("Every route has a limit, and says so")
    func limited() async throws {
        let once = APIHarness.generous.mapValues { _ in Quota(1, perSeconds: 3600) }
        try await APIHarness.run(quotas: once) { api in
            for route in api.routes {
                let path = route.path.description.replacing("{id}", with: "x").replacing("{name}", with: "job")
                let who: Who = route.access == .everyone ? .nobody : .viewer
                _ = try await api.send(route.method, path, as: who)
                let status = try await api.send(route.method, path, as: who).status
                // A refusal for want of a permission takes nothing from the caller's quota.
                #expect(status == 429 || status == 403, "\(route.method) \(path): \(status)")
            }
        }
    }

    /// Whether nobody can be refused for want of a permission, as the roles are.
    private static func isForEveryRole(_ access: Access) -> Bool {
        guard case .requires(let permission) = access else { return false }
        return Role.allCases.allSatisfy { $0.permissions.contains { $0.rawValue == permission.rawValue } }
    }

    /// Sends what can be wrong with a request, and one that is right, and returns the statuses of the answers.
    private static func provoke(_ route: Route, _ api: APIHarness) async throws -> Set<Int> {
        let path = try await target(route, api)
        // Whoever may call everything; for routes that look at no credentials nobody, since one ends sessions.
        let who: Who = route.access == .everyone ? .nobody : .administrator
        var seen: Set<Int> = []
        func f(_ query: String = "", as who: Who, _ body: String? = nil, _ fields: HTTPFields = [:]) async throws {
            var all = fields
            // Without its lease's token a report is not looked at any further.
            let needsToken = route.parameters.contains { $0.name == "token" && $0.isRequired }
            let query = query.isEmpty && needsToken ? "?token=1" : query
            if case .form = route.body, !all.contains(.contentType) { all[.contentType] = MediaType.form.rawValue }
            seen.insert(try await api.send(route.method, path + query, as: who, body, all).status)
        }
        try await f(as: .nobody)
        try await f(as: .agent)
        // What agents alone may do is refused to people; routes for everyone would end the session.
        if route.access != .everyone { try await f(as: .viewer) }
        try await f("?%zz", as: who)
        try await f("?nonsense=1", as: who)
        try await f(as: who, "<a/>", [.contentType: "text/xml"])
        try await f(as: who, String(repeating: " ", count: largest(route) + 1))
        try await f(as: who, "{")
        try await f(as: who, "[]")
        try await f(as: who, "query=%zz")
        try await f(as: who, nil, [.ifNoneMatch: "*"])
        try await f(as: who, "{}", [.ifMatch: "\"99\""])
        if let body = validBody(route) { try await f(as: who, body, [.ifMatch: "\"99\""]) }
        try await f(as: who, nil, [.accept: "image/png"])
        try await f(as: who)
        return seen
    }

    /// The largest body that a route takes.
    private static func largest(_ route: Route) -> Int {
        let bytesMax =
            switch route.body {
            case .none: 0
            case .json(_, _, let bytesMax), .bytes(_, let bytesMax), .form(_, let bytesMax): bytesMax
            }
        return bytesMax ?? 2 << 20
    }

    /// The path with the identifier of a new record.
    private static func target(_ route: Route, _ api: APIHarness) async throws -> String {
        let path = route.path.description.replacing("{name}", with: "job")
        guard path.contains("{id}") else { return path }
        let words = path.split(separator: "/")
        let kind = try #require(words.firstIndex(of: "{id}").map { String(words[$0 - 1]) })
        let name = route.operationID.replacing("_api_v1", with: "")
        var project = ""
        if kind == "tasks" || kind == "schedules" {
            let made = try await api.send(.post, "projects", #"{"name":"\#(name)","type":"research"}"#)
            project = try #require(made.string("id"))
        }
        let bodies = [
            "tasks": #"{"project_id":"\#(project)","kind":"shell"}"#,
            "schedules": #"{"name":"\#(name)","project_id":"\#(project)","cron":"@daily","task":{"kind":"shell"}}"#,
            "projects": #"{"name":"\#(name)","type":"research"}"#,
            "agents": #"{"name":"\#(name)","type":"coder"}"#,
            "users": #"{"username":"\#(name)","roles":["viewer"],"password":"correct horse battery"}"#,
        ]
        let reply = try await api.send(.post, kind, bodies[kind])
        let id = try #require(reply.string("id") ?? reply.json?["agent"]?["id"]?.string, "\(reply.text)")
        guard path.contains("{artefact_id}") else { return path.replacing("{id}", with: id) }
        let upload = try await ArtefactUpload(api, #"{"name":"\#(name) 2","type":"research"}"#)
        let artefact = try await upload.send("content")
        try await upload.end()
        return path.replacing("{id}", with: upload.task).replacing("{artefact_id}", with: artefact)
    }

    /// A body that the schema of a change lets pass, so that its condition is looked at.
    private static func validBody(_ route: Route) -> String? {
        switch (route.method, route.path.description) {
        case (.put, "/api/v1/projects/{id}"): #"{"name":"P","type":"research"}"#
        case (.put, "/api/v1/agents/{id}"): #"{"name":"a","type":"coder"}"#
        case (.put, "/api/v1/schedules/{id}"):
            #"{"name":"s","project_id":"018bcfe5-6800-7000-8000-000000000000","cron":"@daily","task":{"kind":"shell"}}"#
        case (.patch, "/api/v1/schedules/{id}"): #"{"cron":"@weekly"}"#
        case (.post, "/api/v1/tasks/{id}/dependencies"): #"{"task_id":"018bcfe5-6800-7000-8000-000000000000"}"#
        default: nil
        }
    }
}
