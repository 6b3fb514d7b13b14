import APIModel
import Basics
import HTTPTypes
import Identity
import JSON
import Testing

@Suite("Bad input")
struct BadInputTests {
    private static let nowhere = "018bcfe5-6800-7000-8000-000000000000"

    @Test("Every fault of a project's body is named with its place")
    func projectBodies() async throws {
        try await APIHarness.run { api in
            func f(_ body: String, _ expected: String) async throws {
                let reply = try await api.send(.post, "projects", body)
                #expect(reply.summary == expected, "\(body.prefix(80))")
            }
            func p(_ member: String) -> String { #"{"name":"P","type":"research",\#(member)}"# }
            try await f("", "400 malformed_json ")
            try await f("{", "400 malformed_json ")
            try await f(#"{"name":"P","name":"Q","type":"research"}"#, "400 malformed_json /name")
            try await f(p(#""tags":["a",]"#), "400 malformed_json /tags/1")
            try await f("\u{feff}{}", "400 malformed_json ")
            let depth = String(repeating: "/0", count: 64)
            try await f(String(repeating: "[", count: 100_000), "400 malformed_json " + depth)
            try await f("[]", "422 validation_failed ")
            try await f("{}", "422 validation_failed /name /type")
            try await f(#"{"name":1,"type":"research"}"#, "422 validation_failed /name")
            try await f(#"{"name":" ","type":"research"}"#, "422 validation_failed /name")
            try await f(#"{"name":"a\u0000b","type":"research"}"#, "422 validation_failed /name")
            try await f(#"{"name":"P","type":"poetry"}"#, "422 validation_failed /type")
            try await f(p(#""status":"completed""#), "422 validation_failed /status")
            try await f(p(#""priority":0"#), "422 validation_failed /priority")
            try await f(p(#""priority":"5""#), "422 validation_failed /priority")
            try await f(p(#""priority":1.5"#), "422 validation_failed /priority")
            try await f(p(#""priority":1e99"#), "422 validation_failed /priority")
            try await f(p(#""tags":["a","a"]"#), "422 validation_failed /tags/1")
            try await f(p(#""tags":["A b"]"#), "422 validation_failed /tags/0")
            try await f(p(#""tags":{}"#), "422 validation_failed /tags")
            try await f(p(#""estimated_hours":-1"#), "422 validation_failed /estimated_hours")
            try await f(p(#""due_at":"tomorrow""#), "422 validation_failed /due_at")
            try await f(p(#""due_at":"2026-12-31T23:59:60Z""#), "422 validation_failed /due_at")
            try await f(p(#""due_at":"1969-12-31T23:59:59Z""#), "422 validation_failed /due_at")
            try await f(p(#""resources":[]"#), "422 validation_failed /resources")
            try await f(p(#""colour":"red""#), "422 validation_failed /colour")
            try await f(p(#""a~b/c":1"#), "422 validation_failed /a~0b~1c")
            let deep = String(repeating: #"{"a":"#, count: 20) + "1" + String(repeating: "}", count: 20)
            try await f(p(#""metadata":\#(deep)"#), "422 validation_failed /metadata")
            let large = String(repeating: "x", count: 20 << 10)
            try await f(p(#""metadata":{"a":"\#(large)"}"#), "422 validation_failed /metadata")
            let huge = String(repeating: "x", count: 2 << 20)
            try await f(p(#""description":"\#(huge)""#), "413 payload_too_large")
            #expect(try await api.send(.get, "projects").items("id").isEmpty)
        }
    }

    @Test("A syntax error has its place: line, column and byte")
    func syntax() async throws {
        try await APIHarness.run { api in
            let reply = try await api.send(.post, "projects", "{\n  \"name\": \"Žluť\", \"type\": research\n}")
            #expect(reply.string("detail") == "unexpected character at byte 30 (line 2, column 27)")
            let error = reply.json?["errors"]?.array?.first
            #expect(error?["pointer"]?.string == "/type")
            #expect(error?["detail"]?.string == "unexpected character")
            #expect(error?["line"]?.integer == 2)
            #expect(error?["column"]?.integer == 27)
            #expect(error?["offset"]?.integer == 30)
        }
    }

    @Test("What the schema says of passwords is what Identity says")
    func passwords() {
        #expect(JSONFormat.newPasswordBytesMax == PasswordPolicy.bytesMax)
    }

    @Test("Bodies of other media types and answers that nobody accepts")
    func mediaTypes() async throws {
        try await APIHarness.run { api in
            let body = #"{"name":"P","type":"research"}"#
            func f(_ fields: HTTPFields, _ expected: String) async throws {
                #expect(try await api.send(.post, "projects", body, fields).summary == expected, "\(fields)")
            }
            try await f([.contentType: "text/plain"], "415 unsupported_media_type")
            try await f([.contentType: "application/merge-patch+json"], "415 unsupported_media_type")
            try await f([.accept: "text/html"], "406 not_acceptable")
            try await f([.contentType: "application/json; charset=utf-8", .accept: "*/*"], "201")
        }
    }

    @Test("Parameters that are wrong, unknown or repeated, and cursors that are none")
    func parameters() async throws {
        try await APIHarness.run { api in
            func f(_ target: String, _ expected: String) async throws {
                #expect(try await api.send(.get, target).summary == expected, "\(target)")
            }
            for list in ["projects", "agents", "users", "activities"] {
                try await f("\(list)?limit=0", "400 invalid_parameter limit")
                try await f("\(list)?limit=100000", "400 invalid_parameter limit")
                try await f("\(list)?limit=ten", "400 invalid_parameter limit")
                try await f("\(list)?limit=1&limit=2", "400 invalid_parameter limit")
                try await f("\(list)?page=2", "400 invalid_parameter page")
                for cursor in [
                    "x", "", "%22", "YWJj", "-1", "99999999999999999999", "a", "a-1", "a0", "azzzzzzzzzzzzzzz",
                ] {
                    try await f("\(list)?cursor=\(cursor)", "400 invalid_parameter cursor")
                }
                try await f("\(list)?cursor=\(String(repeating: "A", count: 4097))", "400 invalid_parameter cursor")
                try await f("\(list)?cursor=%ff", "400 malformed_request")
                try await f("\(list)?cursor=%00", "400 malformed_request")
            }
            try await f("projects?status=open", "400 invalid_parameter status")
            try await f("projects?sort=colour", "400 invalid_parameter sort")
            try await f("projects?priority_min=9&priority_max=2", "400 invalid_parameter priority_min")
            try await f("projects?priority_min=11", "400 invalid_parameter priority_min")
            try await f("projects?q=\(String(repeating: "a", count: 201))", "400 invalid_parameter q")
            try await f("projects?q=a+b+c+d+e+f+g+h+i+j+k", "400 invalid_parameter q")
            try await f(
                "projects?tag=\((0..<11).map(String.init).joined(separator: "&tag="))",
                "400 invalid_parameter tag"
            )
            try await f("projects?owner=%00", "400 malformed_request")
            try await f("agents?status=asleep", "400 invalid_parameter status")
            try await f("activities?kind=lunch", "400 invalid_parameter kind")
            try await f("activities?since=yesterday", "400 invalid_parameter since")
            try await f("activities?until=2026-12-31T23:59:60Z", "400 invalid_parameter until")
            try await f("activities?limit=0&since=now", "400 invalid_parameter since limit")
        }
    }

    @Test("What has no identifier or is not there is not found")
    func identifiers() async throws {
        try await APIHarness.run { (api) async throws in
            let targets = ["x", "0", Self.nowhere, "018bcfe5-6800-4000-8000-000000000000", "%20", "..%2f..", "null"]
            for kind in ["projects", "agents", "users"] {
                for id in targets {
                    #expect(try await api.send(.get, "\(kind)/\(id)").summary == "404 not_found", "\(kind)/\(id)")
                }
            }
            #expect(try await api.send(.post, "agents/x/heartbeat").summary == "404 not_found")
            #expect(try await api.send(.get, "nothing").summary == "404 not_found")
            #expect(try await api.send(.delete, "users/\(Self.nowhere)").summary == "405 method_not_allowed")
            #expect(try await api.send(.delete, "users/\(Self.nowhere)")["Allow"] == "GET, HEAD, OPTIONS, PATCH")
        }
    }

    @Test("Wrong bodies of the other resources")
    func otherBodies() async throws {
        try await APIHarness.run { api in
            func f(_ method: HTTPRequest.Method, _ path: String, _ body: String, _ expected: String) async throws {
                #expect(
                    try await api.send(method, path, body).summary == expected,
                    "\(method) \(path) \(body.prefix(80))"
                )
            }
            let agent = "agents/\(api.agentID)"
            try await f(.post, "auth/login", "{}", "422 validation_failed /username /password")
            try await f(.post, "auth/login", #"{"username":"a","password":1}"#, "422 validation_failed /password")
            try await f(
                .post,
                "auth/login",
                #"{"username":"a","password":"b","otp":"1"}"#,
                "422 validation_failed /otp"
            )
            try await f(.post, "auth/login", String(repeating: " ", count: 20 << 10), "413 payload_too_large")
            try await f(.post, "auth/refresh", #"{"refresh_token":""}"#, "422 validation_failed /refresh_token")
            try await f(.post, "auth/refresh", #"{"refresh_token":"kmr_x"}"#, "401 unauthenticated")
            try await f(.post, "auth/refresh", "nonsense", "400 malformed_json ")
            try await f(.post, "agents", "{}", "422 validation_failed /name /type")
            try await f(.post, "agents", #"{"name":"a b","type":"coder"}"#, "422 validation_failed /name")
            try await f(.post, "agents", #"{"name":"a","type":"cook"}"#, "422 validation_failed /type")
            try await f(
                .post,
                "agents",
                #"{"name":"a","type":"coder","labels":{"B/":"x"}}"#,
                "422 validation_failed /labels/B~1"
            )
            try await f(
                .post,
                "agents",
                #"{"name":"a","type":"coder","labels":{"b":1}}"#,
                "422 validation_failed /labels/b"
            )
            try await f(
                .post,
                "agents",
                #"{"name":"a","type":"coder","concurrency":0}"#,
                "422 validation_failed /concurrency"
            )
            try await f(.post, agent + "/heartbeat", #"{"load":-1}"#, "422 validation_failed /load")
            try await f(.post, agent + "/heartbeat", #"{"message":"a\nb"}"#, "422 validation_failed /message")
            try await f(.post, "users", "{}", "422 validation_failed /username /roles /password")
            let user = { (name: String, roles: String, password: String) in
                #"{"username":"\#(name)","roles":\#(roles),"password":"\#(password)"}"#
            }
            try await f(.post, "users", user("a b", #"["viewer"]"#, "long enough 1"), "422 validation_failed /username")
            try await f(.post, "users", user("ab", "[]", "long enough 1"), "422 validation_failed /roles")
            try await f(.post, "users", user("ab", #"["agent"]"#, "long enough 1"), "422 validation_failed /roles/0")
            try await f(.post, "users", user("ab", #"["viewer"]"#, "short"), "422 validation_failed /password")
            try await f(
                .post,
                "users",
                user("ab", #"["viewer"]"#, String(repeating: "x", count: 80)),
                "422 validation_failed /password"
            )
            try await f(
                .post,
                "users",
                #"{"username":"a b","display_name":1,"roles":["cook"],"password":"a\u0000","age":7}"#,
                "422 validation_failed /username /display_name /roles/0 /password /age"
            )
            try await f(
                .post,
                "users",
                user("long-enough", #"["viewer"]"#, "LONG-ENOUGH"),
                "422 validation_failed /password"
            )
            let password = #"{"current_password":"","new_password":"short"}"#
            try await f(
                .put,
                "users/me/password",
                password,
                "422 validation_failed /current_password /new_password"
            )
            try await f(.post, "users", user("ADMIN", #"["viewer"]"#, "long enough 1"), "409 conflict /username")
        }
    }
}
