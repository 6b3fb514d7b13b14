import APIModel
import Basics
import Events
import Foundation
import HTTPTypes
import Identity
import JSON
import Testing

@Suite("Users and activities")
struct UserRoutesTests {
    private let anna = #"{"username":"Anna","display_name":"A. B.","roles":["viewer"],"password":"long enough 1"}"#

    private func login(_ name: String, _ password: String) -> String {
        #"{"username":"\#(name)","password":"\#(password)"}"#
    }

    @Test("One's own account tells what one may do; agents have none")
    func me() async throws {
        try await APIHarness.run { api in
            for (who, name) in [(Who.administrator, "admin"), (.viewer, "viewer")] {
                let me = try await api.send(.get, "users/me", as: who)
                #expect(me.string("username") == name)
                let permissions = me.json?["permissions"]?.array?.compactMap(\.string)
                #expect(permissions == who.role?.permissions.map(\.rawValue).sorted())
                #expect(!me.text.contains("password"))
            }
            #expect(try await api.send(.get, "users/me", as: .agent).summary == "404 not_found")
        }
    }

    @Test("A user is made, found, changed and shut out")
    func life() async throws {
        try await APIHarness.run { api in
            let created = try await api.send(.post, "users", anna)
            #expect(created.status == 201)
            #expect(created["ETag"] == #""1""#)
            #expect(created.string("display_name") == "A. B.")
            #expect(!created.text.contains("long enough"))
            let path = try #require(created["Location"])
            #expect(try await api.send(.get, path).text == created.text)
            #expect(try await api.send(.get, path, nil, [.ifNoneMatch: #""1""#]).status == 304)
            let session = try await api.send(.post, "auth/login", as: .nobody, login("anna", "long enough 1"))
            let token = try #require(session.string("access_token"))

            let stale = try await api.send(.patch, path, #"{"active":false}"#, [.ifMatch: #""9""#])
            #expect(stale.summary == "412 precondition_failed")
            #expect(stale["ETag"] == #""1""#)
            let changed = try await api.send(.patch, path, #"{"roles":["researcher","viewer"]}"#, [.ifMatch: #""1""#])
            #expect(changed.json?["roles"]?.array == [.string("researcher"), .string("viewer")])
            #expect(changed.string("display_name") == "A. B.")
            #expect(changed["ETag"] == #""2""#)
            let old = try await api.send(.get, "users/me", as: .nobody, nil, [.authorization: "Bearer \(token)"])
            #expect(old.status == 401, "other roles end the sessions")

            #expect(try await api.send(.patch, path, #"{"active":false}"#).status == 200)
            let shut = try await api.send(.post, "auth/login", as: .nobody, login("anna", "long enough 1"))
            #expect(shut.summary == "401 unauthenticated")
            #expect(try await api.send(.patch, path, #"{"roles":[]}"#).summary == "422 validation_failed /roles")
            #expect(try await api.send(.patch, path, #"{"roles":null}"#).summary == "422 validation_failed /roles")
            #expect(try await api.send(.patch, path, #"{"id":"x"}"#).summary == "422 validation_failed /id")
        }
    }

    @Test("The last administrator stays one")
    func lastAdministrator() async throws {
        try await APIHarness.run { api in
            let id = try #require(try await api.send(.get, "users/me").string("id"))
            for change in [#"{"active":false}"#, #"{"roles":["viewer"]}"#] {
                #expect(try await api.send(.patch, "users/\(id)", change).summary == "409 conflict")
            }
        }
    }

    @Test("A password is changed by who knows the old one, and the other sessions end")
    func password() async throws {
        try await APIHarness.run { api in
            let other = try await api.send(.post, "auth/login", as: .nobody, login("viewer", APIHarness.password))
            let token = try #require(other.string("access_token"))
            func change(_ current: String, _ new: String) async throws -> String {
                let body = #"{"current_password":"\#(current)","new_password":"\#(new)"}"#
                return try await api.send(.put, "users/me/password", as: .viewer, body).summary
            }
            #expect(try await change("wrong", "long enough 2") == "422 validation_failed /current_password")
            #expect(try await change(APIHarness.password, "short") == "422 validation_failed /new_password")
            #expect(try await change(APIHarness.password, "long enough 2") == "204")
            #expect(try await api.send(.get, "users/me", as: .viewer).status == 200)
            let ended = try await api.send(.get, "users/me", as: .nobody, nil, [.authorization: "Bearer \(token)"])
            #expect(ended.status == 401)
            #expect(
                try await api.send(.post, "auth/login", as: .nobody, login("viewer", "long enough 2")).status == 200
            )
        }
    }

    @Test("An administrator sets a forgotten password: the user's sessions end, and it is noted who did it")
    func forgottenPassword() async throws {
        try await APIHarness.run { api in
            let session = try await api.send(.post, "auth/login", as: .nobody, login("viewer", APIHarness.password))
            let token = try #require(session.string("access_token"))
            let viewer = try #require(try await api.send(.get, "users/me", as: .viewer).string("id"))
            let admin = try #require(try await api.send(.get, "users/me").string("id"))
            func f(_ id: String, as who: Who = .administrator, _ password: String, _ expected: String) async throws {
                let body = #"{"password":"\#(password)"}"#
                #expect(try await api.send(.put, "users/\(id)/password", as: who, body).summary == expected, "\(id)")
            }
            try await f(viewer, as: .operator, "long enough 2", "403 forbidden")
            try await f(viewer, "short", "422 validation_failed /password")
            try await f(admin, "long enough 2", "409 conflict")
            try await f("01890000-0000-7000-8000-000000000000", "long enough 2", "404 not_found")
            #expect(try await api.send(.get, "activities?kind=user.password_changed").items("kind") == [])
            try await f(viewer, "long enough 2", "204")
            let ended = try await api.send(.get, "users/me", as: .nobody, nil, [.authorization: "Bearer \(token)"])
            #expect(ended.status == 401)
            for (password, status) in [(APIHarness.password, 401), ("long enough 2", 200)] {
                let answer = try await api.send(.post, "auth/login", as: .nobody, login("viewer", password))
                #expect(answer.status == status)
            }
            let page = try await api.send(.get, "activities?kind=user.password_changed")
            let item = try #require(page.json?["items"]?.array?.first)
            #expect(item["subject_id"]?.string == viewer)
            #expect(item["actor"]?["id"]?.string == admin)
        }
    }

    @Test("The list goes by name, a page at a time")
    func list() async throws {
        try await APIHarness.run { api in
            var seen: [String] = []
            var cursor: String?
            repeat {
                let after =
                    cursor?.addingPercentEncoding(withAllowedCharacters: .alphanumerics).map { "&cursor=\($0)" } ?? ""
                let page = try await api.send(.get, "users?limit=3" + after, as: .operator)
                seen += page.items("username")
                cursor = page.string("next_cursor")
            } while cursor != nil
            #expect(seen == ["admin", "operator", "researcher", "viewer"])
        }
    }

    // MARK: Activities

    @Test("Everything that happens is noted once, newest first, with who did it and in which request")
    func activities() async throws {
        try await APIHarness.run { api in
            let admin = try #require(try await api.send(.get, "users/me").string("id"))
            var id = HTTPFields()
            if let name = HTTPField.Name("X-Request-ID") { id[name] = "req-7" }
            let created = try await api.send(.post, "projects", #"{"name":"P","type":"research"}"#, id)
            let project = try #require(created.string("id"))
            let page = try await api.send(.get, "activities?kind=project.created")
            let item = try #require(page.json?["items"]?.array?.first)
            #expect(page.items("kind") == ["project.created"])
            #expect(item["subject_id"]?.string == project)
            #expect(item["subject_type"]?.string == "project")
            #expect(item["actor"]?["kind"]?.string == "user")
            #expect(item["actor"]?["id"]?.string == admin)
            #expect(item["request_id"]?.string == "req-7")
            #expect(item["occurred_at"]?.string == APIHarness.start.rfc3339)
            #expect(item["data"]?["name"]?.string == "P")
        }
    }

    @Test("Activities by filter, and pages that show each once")
    func activityFilters() async throws {
        try await APIHarness.run { api in
            let admin = try #require(try await api.send(.get, "users/me").string("id"))
            api.clock.advance(by: .seconds(60))
            let later = api.clock.now.rfc3339
            _ = try await api.send(.post, "users", anna)
            func f(_ query: String, _ expected: [String]) async throws {
                #expect(try await api.send(.get, "activities?" + query).items("kind") == expected, "\(query)")
            }
            try await f("since=\(later)", ["user.created"])
            try await f("until=\(later)&kind=agent.registered", ["agent.registered"])
            try await f(
                "kind=user.created&kind=agent.registered&actor=\(admin)&limit=2",
                ["user.created", "agent.registered"]
            )
            try await f("subject_type=agent", ["agent.registered"])
            try await f("subject_id=\(api.agentID)", ["agent.registered"])
            try await f("actor=nobody", [])
            var positions: [Int64] = []
            var cursor: String?
            repeat {
                let page = try await api.send(.get, "activities?limit=3" + (cursor.map { "&cursor=\($0)" } ?? ""))
                positions += page.json?["items"]?.array?.compactMap { $0["position"]?.integer } ?? []
                cursor = page.string("next_cursor")
            } while cursor != nil
            let latest = try await api.events.latestPosition()
            #expect(positions == Array((1...latest).reversed()))
        }
    }
}
