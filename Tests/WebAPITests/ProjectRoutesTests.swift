import APIModel
import Basics
import Foundation
import HTTPTypes
import JSON
import Testing

@Suite("Projects")
struct ProjectRoutesTests {
    private let whole = """
        {"name":"Träume","description":"# Why","type":"research","status":"active","priority":7,"objectives":["sleep"],
        "success_criteria":["rested"],"tags":["a","b-2"],"owner":"Researcher","assignees":["harness"],"resources":{"gpus":2},
        "estimated_hours":12.5,"due_at":"2026-12-01T10:00:00+02:00","metadata":{"deep":[{"a":null}],"n":1e400}}
        """

    private func fields(_ name: String, _ value: String) -> HTTPFields {
        var fields = HTTPFields()
        if let name = HTTPField.Name(name) { fields[name] = value }
        return fields
    }

    /// Makes a project and gives its path.
    private func make(_ api: APIHarness, _ body: String = #"{"name":"P","type":"research"}"#) async throws -> String {
        let reply = try await api.send(.post, "projects", body)
        #expect(reply.status == 201)
        return try #require(reply["Location"])
    }

    @Test("A project comes back as it was sent, from its own address and from the list alike")
    func whole() async throws {
        try await APIHarness.run { api in
            let created = try await api.send(.post, "projects", whole)
            #expect(created.status == 201)
            #expect(created["ETag"] == #""1""#)
            let path = try #require(created["Location"])
            let project = try #require(created.json)
            #expect(path == "/api/v1/projects/\(project["id"]?.string ?? "?")")
            let sent = try JSONValue(parsing: whole)
            for member in sent.object?.members ?? [] where !["due_at", "owner", "assignees"].contains(member.name) {
                #expect(project[member.name] == member.value, "\(member.name)")
            }
            #expect(
                project["assignees"]?.strings == [api.agentID.description],
                "who was named stands there by identifier"
            )
            let owner = try #require(project["owner"]?.string)
            let people = try await api.send(.get, "people?id=\(owner)&id=\(api.agentID)", as: .viewer)
            #expect(people.items("name") == ["harness", "researcher"])
            #expect(people.items("kind") == ["agent", "user"])
            #expect(project["due_at"]?.string == "2026-12-01T08:00:00.000Z")
            #expect(project["started_at"]?.string == APIHarness.start.rfc3339)
            #expect(project["completed_at"]?.isNull == true)
            let got = try await api.send(.get, path)
            #expect(got.text == created.text)
            let list = try await api.send(.get, "projects")
            #expect(list.text == #"{"items":[\#(created.text)],"next_cursor":null}"#)
        }
    }

    @Test("What is left out gets its default, and the project is its maker's")
    func defaults() async throws {
        try await APIHarness.run { api in
            let me = try #require(try await api.send(.get, "users/me").string("id"))
            let reply = try await api.send(.post, "projects", #"{"name":"P","type":"analysis"}"#)
            let expected = """
                {"description":"","status":"pending","priority":5,"objectives":[],"success_criteria":[],"tags":[],"owner":"\(me)",
                "assignees":[],"resources":{},"estimated_hours":null,"due_at":null,"started_at":null,"metadata":{},"version":1,
                "created_by":"\(me)"}
                """
            for member in try JSONValue(parsing: expected).object?.members ?? [] {
                #expect(reply.json?[member.name] == member.value, "\(member.name)")
            }
        }
    }

    @Test("People are found by how their names begin, by who may name them; not who is shut out")
    func beginnings() async throws {
        try await APIHarness.run { api in
            let anna = #"{"username":"annA","display_name":"Rea %","roles":["viewer"],"password":"long enough 1"}"#
            let path = try #require(try await api.send(.post, "users", anna)["Location"])
            func f(_ query: String, _ expected: [String]) async throws {
                #expect(try await api.send(.get, "people?" + query).items("name") == expected, "\(query)")
            }
            try await f("q=RE", ["annA", "researcher"])
            try await f("q=re&limit=1", ["annA"])
            try await f("q=rea%20%25", ["annA"])
            try await f("q=ANNA", ["annA"])
            try await f("q=nna", [])
            try await f("q=%25", [])
            try await f("q=Har", ["harness"])
            #expect(try await api.send(.patch, path, #"{"active":false}"#).status == 200)
            try await f("q=re", ["researcher"])
            func refused(_ query: String, as who: Who = .researcher, _ expected: String) async throws {
                #expect(try await api.send(.get, "people" + query, as: who).summary == expected, "\(query)")
            }
            try await refused("", "400 invalid_parameter id")
            try await refused("?q=a&id=\(api.agentID)", "400 invalid_parameter q")
            try await refused("?q=", "400 invalid_parameter q")
            try await refused("?q=a&limit=21", "400 invalid_parameter limit")
            try await refused("?q=a", as: .viewer, "403 forbidden")
            try await refused("?q=a", as: .agent, "403 forbidden")
        }
    }

    @Test("Only who is there can own a project or work on it; who is gone since does not stop changes")
    func people() async throws {
        try await APIHarness.run { api in
            func f(_ members: String, _ summary: String) async throws {
                let reply = try await api.send(.post, "projects", #"{"name":"P","type":"research",\#(members)}"#)
                #expect(reply.summary == summary, "\(members): \(reply.text)")
            }
            try await f(#""owner":"nobody""#, "422 validation_failed /owner")
            try await f(#""owner":"harness""#, "422 validation_failed /owner")
            try await f(#""owner":"\#(api.agentID)""#, "422 validation_failed /owner")
            try await f(
                #""owner":"","assignees":["viewer","nobody","harness"]"#,
                "422 validation_failed /owner"
            )
            try await f(
                #""assignees":["viewer","nobody","harness","x"]"#,
                "422 validation_failed /assignees/1 /assignees/3"
            )

            let path = try await make(api, #"{"name":"P","type":"research","owner":"viewer","assignees":["viewer"]}"#)
            let viewer = try #require(try await api.send(.get, path).string("owner"))
            #expect(try await api.send(.get, "projects?owner=VIEWER").items("owner") == [viewer])
            let tag = try #require(try await api.send(.get, "users/\(viewer)")["ETag"])
            let gone = try await api.send(.patch, "users/\(viewer)", #"{"active":false}"#, fields("If-Match", tag))
            #expect(gone.status == 200, "\(gone.text)")
            #expect(try await api.send(.patch, path, #"{"priority":9}"#).status == 200)
            #expect(try await api.send(.patch, path, #"{"assignees":["\#(viewer)"]}"#).status == 200)
            #expect(try await api.send(.patch, path, #"{"owner":"viewer"}"#).summary == "422 validation_failed /owner")
        }
    }

    @Test("The same request with the same key creates once; another one is refused")
    func idempotency() async throws {
        try await APIHarness.run { api in
            let key = fields("Idempotency-Key", "\"k-1\"")
            let first = try await api.send(.post, "projects", whole, key)
            let again = try await api.send(.post, "projects", whole, key)
            #expect(first.status == 201 && again.status == 201)
            #expect(again.text == first.text)
            #expect(first["Idempotency-Replayed"] == nil)
            #expect(again["Idempotency-Replayed"] == "true")
            let other = try await api.send(.post, "projects", #"{"name":"Q","type":"research"}"#, key)
            #expect(other.summary == "409 idempotency_conflict")
            #expect(try await api.send(.post, "projects", as: .researcher, whole, key).status == 201)
            #expect(try await api.send(.get, "projects").items("name").count == 2)
            for bad in ["", "a b", String(repeating: "k", count: 256)] {
                let refused = try await api.send(.post, "projects", whole, fields("Idempotency-Key", bad))
                #expect(refused.status == 400, "\(bad)")
            }
        }
    }

    @Test("A change for another version than the current one is refused")
    func versions() async throws {
        try await APIHarness.run { api in
            let path = try await make(api)
            let put = #"{"name":"Q","type":"research"}"#
            let patch = #"{"priority":9}"#
            func f(_ tag: String, _ expected: String) async throws {
                let changes: [(HTTPRequest.Method, String?)] = [(.put, put), (.patch, patch), (.delete, nil)]
                for (method, body) in changes {
                    let reply = try await api.send(method, path, body, [.ifMatch: tag])
                    #expect(reply.summary == expected, "\(method) \(tag)")
                }
            }
            try await f(#""7""#, "412 precondition_failed")
            try await f(#"W/"1""#, "412 precondition_failed")
            try await f(#""x""#, "412 precondition_failed")
            try await f(#""7", "8""#, "412 precondition_failed")
            try await f("1", "400 malformed_request")
            #expect(try await api.send(.patch, path, patch, [.ifMatch: #""1""#])["ETag"] == #""2""#)
            let stale = try await api.send(.put, path, put, [.ifMatch: #""1""#])
            #expect(stale.status == 412)
            #expect(stale["ETag"] == #""2""#)
            #expect(try await api.send(.put, path, put, [.ifMatch: #""1", "2""#])["ETag"] == #""3""#)
            #expect(try await api.send(.put, path, put, [.ifMatch: "*"]).status == 200)
            #expect(try await api.send(.delete, path, nil, [.ifMatch: #""3""#]).status == 204)
        }
    }

    @Test("A reader who has the current version gets no body")
    func notModified() async throws {
        try await APIHarness.run { api in
            let path = try await make(api)
            let reply = try await api.send(.get, path, as: .viewer, nil, [.ifNoneMatch: #""1""#])
            #expect(reply.status == 304)
            #expect(reply.text.isEmpty)
            #expect(reply["ETag"] == #""1""#)
            #expect(try await api.send(.get, path, as: .viewer, nil, [.ifNoneMatch: #""2""#]).status == 200)
        }
    }

    @Test("A replacement resets what it leaves out, but not the status", arguments: ["active", "pending"])
    func replacement(status: String) async throws {
        try await APIHarness.run { api in
            let path = try await make(
                api,
                #"{"name":"P","type":"research","tags":["a"],"priority":9,"status":"\#(status)"}"#
            )
            let reply = try await api.send(.put, path, #"{"name":"Q","type":"analysis"}"#)
            #expect(reply.status == 200)
            #expect(reply.string("name") == "Q")
            #expect(reply.string("status") == status)
            #expect(reply.json?["tags"]?.array == [])
            #expect(reply.json?["priority"]?.integer == 5)
            #expect(reply.json?["owner"]?.isNull == true)
            #expect(reply.json?["version"]?.integer == 2)
        }
    }

    @Test("A merge patch changes what it names, clears what is null and merges objects", arguments: [true, false])
    func patch(isMergePatch: Bool) async throws {
        try await APIHarness.run { api in
            let path = try await make(api, whole)
            var fields = HTTPFields()
            if isMergePatch { fields[.contentType] = "application/merge-patch+json" }
            let body = #"{"owner":null,"due_at":null,"tags":["c"],"metadata":{"n":null,"m":1},"priority":null}"#
            let reply = try await api.send(.patch, path, body, fields)
            #expect(reply.status == 200)
            #expect(reply.string("name") == "Träume")
            #expect(reply.json?["owner"]?.isNull == true)
            #expect(reply.json?["due_at"]?.isNull == true)
            #expect(reply.json?["tags"]?.array == [.string("c")])
            #expect(reply.json?["priority"]?.integer == 5)
            #expect(try reply.json?["metadata"] == JSONValue(parsing: #"{"deep":[{"a":null}],"m":1}"#))
            #expect(try await api.send(.patch, path, #"{"name":null}"#).summary == "422 validation_failed /name")
        }
    }

    @Test("The status follows its rules, and a step that they do not have says which ones they have")
    func transitions() async throws {
        try await APIHarness.run { api in
            let path = try await make(api)
            func f(_ status: String, _ expected: String) async throws {
                let reply = try await api.send(.patch, path, #"{"status":"\#(status)"}"#)
                #expect(reply.summary == expected, "\(status)")
            }
            try await f("paused", "409 invalid_transition /status")
            try await f("completed", "409 invalid_transition /status")
            for status in ["active", "paused", "active", "completed", "active", "cancelled", "active"] {
                try await f(status, "200")
            }
            try await f("pending", "409 invalid_transition /status")
            let put = try await api.send(.put, path, #"{"name":"P","type":"research","status":"pending"}"#)
            #expect(put.summary == "409 invalid_transition /status")
            let detail = try await api.send(.patch, path, #"{"status":"pending"}"#).json?["errors"]?.array?.first?[
                "detail"
            ]
            #expect(detail?.string == "may become cancelled or completed or paused")
        }
    }

    @Test("A deleted project is found no more, but what happened to it is")
    func deletion() async throws {
        try await APIHarness.run { api in
            let path = try await make(api)
            #expect(try await api.send(.delete, path).status == 204)
            #expect(try await api.send(.get, path).summary == "404 not_found")
            #expect(try await api.send(.delete, path).summary == "404 not_found")
            #expect(try await api.send(.put, path, #"{"name":"P","type":"research"}"#).summary == "404 not_found")
            #expect(try await api.send(.get, "projects").items("id").isEmpty)
            let id = path.split(separator: "/").last ?? ""
            let activities = try await api.send(.get, "activities?subject_type=project&subject_id=\(id)")
            #expect(activities.items("kind") == ["project.deleted", "project.created"])
        }
    }

    @Test("Filters and orders")
    func filters() async throws {
        try await APIHarness.run { api in
            let projects = [
                (name: "Alpha", type: "research", status: "pending", priority: 1, tags: #"["x"]"#),
                (name: "Beta", type: "analysis", status: "active", priority: 5, tags: #"["x","y"]"#),
                (name: "Gamma ray", type: "research", status: "active", priority: 9, tags: "[]"),
            ]
            for project in projects {
                let body = """
                    {"name":"\(project.name)","type":"\(project.type)","status":"\(project.status)",
                    "priority":\(project.priority),"tags":\(project.tags)}
                    """
                #expect(try await api.send(.post, "projects", body).status == 201)
                api.clock.advance(by: .seconds(1))
            }
            func f(_ query: String, _ expected: [String]) async throws {
                let reply = try await api.send(.get, "projects?" + query, as: .viewer)
                #expect(reply.status == 200, "\(query)")
                #expect(reply.items("name") == expected, "\(query)")
            }
            try await f("sort=name", ["Alpha", "Beta", "Gamma ray"])
            try await f("", ["Gamma ray", "Beta", "Alpha"])
            try await f("sort=-priority&limit=1", ["Gamma ray"])
            try await f("status=active&sort=name", ["Beta", "Gamma ray"])
            try await f("status=active&status=pending&sort=name", ["Alpha", "Beta", "Gamma ray"])
            try await f("type=research&sort=name", ["Alpha", "Gamma ray"])
            try await f("tag=x&tag=y", ["Beta"])
            try await f("priority_min=5&sort=name", ["Beta", "Gamma ray"])
            try await f("priority_min=2&priority_max=8", ["Beta"])
            try await f("q=gam", ["Gamma ray"])
            try await f("q=nothing", [])
            try await f("owner=nobody", [])
        }
    }

    @Test("Pages show each project once, in order, and a cursor fits its list only")
    func pages() async throws {
        try await APIHarness.run { api in
            let names = (0..<25).map { "P" + String(100 + $0) }
            for name in names { _ = try await make(api, #"{"name":"\#(name)","type":"research"}"#) }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let after = cursor.map { "&cursor=\($0)" } ?? ""
                let page = try await api.send(.get, "projects?sort=name&limit=10" + after)
                seen += page.items("name")
                cursor = page.string("next_cursor")
            } while cursor != nil
            #expect(seen == names)
            let page = try await api.send(.get, "projects?sort=name&limit=10")
            let next = try #require(page.string("next_cursor"))
            let other = try await api.send(.get, "projects?sort=-name&limit=10&cursor=\(next)")
            #expect(other.summary == "400 invalid_parameter cursor")
        }
    }
}
