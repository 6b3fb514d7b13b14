import APIModel
import HTTPTypes
import JSON
import Testing

/// The requests whose bodies are mutated, each valid as it stands.
struct FuzzTargets {
    struct Target {
        let method: HTTPRequest.Method
        let path: String
        var who = Who.administrator
        var fields: HTTPFields = [:]
        let body: String
    }

    private static let accounts = 40
    private var projects: [String] = []
    private var agents: [String] = []
    private var users: [String] = []
    private var refreshTokens: [String] = []

    /// Makes what the requests are about.
    init(_ api: APIHarness) async throws {
        for number in 0..<20 {
            let project = try await api.send(.post, "projects", #"{"name":"P\#(number)","type":"research"}"#)
            projects.append(try #require(project.string("id")))
            let agent = try await api.send(.post, "agents", #"{"name":"fuzz\#(number)","type":"coder"}"#)
            agents.append(try #require(agent.json?["agent"]?["id"]?.string ?? agent.string("id")))
        }
        for number in 0..<Self.accounts {
            let body = #"{"username":"login\#(number)","roles":["viewer"],"password":"\#(APIHarness.password)"}"#
            #expect(try await api.send(.post, "users", body).status == 201)
            let changed = try await api.send(.post, "users", body.replacing("login", with: "changed"))
            users.append(try #require(changed.string("id")))
        }
    }

    mutating func next(_ round: Int, _ random: inout JSONMutator) -> Target {
        let project = """
            {"name":"Fuzz \(round)","type":"\(random.pick(["research", "development", "analysis", "maintenance"]))",\
            "description":"# A *text*","priority":\(1 + round % 10),"objectives":["first","second"],\
            "success_criteria":["it works"],"tags":["a","b-c"],"assignees":["viewer"],"owner":"viewer",\
            "resources":{"gpu":2,"team":{"lead":"x"}},"estimated_hours":12.5,"due_at":"2027-01-02T03:04:05Z",\
            "metadata":{"k":[1,true,null,"v"],"n":{"deep":{"er":1}}}}
            """
        let agent = """
            {"name":"agent-\(round)","type":"coder","description":"d","capabilities":["build","test"],\
            "labels":{"zone":"eu","rack":"r1"},"concurrency":2,"heartbeat_timeout_seconds":30}
            """
        let login = #"{"username":"login\#(round % Self.accounts)","password":"\#(APIHarness.password)"}"#
        switch Int.random(in: 0..<22, using: &random.random) {
        case 0..<4: return Target(method: .post, path: "projects", body: project)
        case 4, 5: return Target(method: .put, path: "projects/\(random.pick(projects))", body: project)
        case 6..<9:
            let patch = random.pick([
                #"{"priority":7}"#, #"{"tags":["x","y"],"owner":null}"#, #"{"metadata":{"a":1,"b":null}}"#,
                #"{"description":"new","estimated_hours":1.25,"due_at":null}"#, #"{"resources":{},"assignees":[]}"#,
                project,
            ])
            let type = random.chance(2) ? "application/merge-patch+json" : "application/json"
            let path = "projects/\(random.pick(projects))"
            return Target(method: .patch, path: path, fields: [.contentType: type], body: patch)
        case 9, 10: return Target(method: .post, path: "agents", body: agent)
        case 11, 12: return Target(method: .put, path: "agents/\(random.pick(agents))", body: agent)
        case 13:
            let body = #"{"load":0.5,"message":"busy"}"#
            return Target(method: .post, path: "agents/\(random.pick(agents))/heartbeat", body: body)
        case 14:
            let body = """
                {"username":"user-\(round)","display_name":"A User","roles":["viewer","researcher"],\
                "password":"a long enough password"}
                """
            return Target(method: .post, path: "users", body: body)
        case 15:
            let body = #"{"display_name":"New Name","roles":["operator"],"active":true}"#
            return Target(method: .patch, path: "users/\(random.pick(users))", body: body)
        case 16:
            let body = #"{"current_password":"\#(APIHarness.password)","new_password":"another long password"}"#
            return Target(method: .put, path: "users/me/password", who: .viewer, body: body)
        case 17 where !refreshTokens.isEmpty:
            let body = #"{"refresh_token":"\#(refreshTokens.removeLast())"}"#
            return Target(
                method: .post,
                path: random.chance(2) ? "auth/refresh" : "auth/logout",
                who: .nobody,
                body: body
            )
        case 20, 21:
            let body = """
                {"project_id":"\(random.pick(projects))","kind":"shell","name":"T \(round)","input":{"program":"echo"},\
                "capabilities":["gpu"],"priority":7,"unique_key":"k\(round)","run_at":"2027-01-02T03:04:05Z",\
                "retry":{"attempts_max":5,"factor":1.5,"jitter":0.5,"non_retryable":["oom"]},\
                "timeouts":{"heartbeat_seconds":60,"total_seconds":3600},"dependencies":[]}
                """
            return Target(method: .post, path: "tasks", body: body)
        default: return Target(method: .post, path: "auth/login", who: .nobody, body: login)
        }
    }

    /// Keeps what an answer gives for later requests.
    mutating func learn(_ reply: Reply, from target: Target) throws {
        guard reply.status < 300 else { return }
        if let token = reply.string("refresh_token"), refreshTokens.count < 100 { refreshTokens.append(token) }
    }

    /// Every byte but letters and digits in percent encoding.
    static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            if Unicode.Scalar(byte).properties.isASCIIHexDigit
                || (byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter)
            {
                text.append(Character(Unicode.Scalar(byte)))
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }
}
