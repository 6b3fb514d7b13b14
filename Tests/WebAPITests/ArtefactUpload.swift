import Basics
import Crypto
import HTTPTypes
import JSON
import Testing

/// A running task of the harness's agent, with the requests that upload files for it.
struct ArtefactUpload {
    let api: APIHarness
    let project: String
    let task: String
    let token: Int64

    /// Makes a project and a task in it, and leases the task.
    init(_ api: APIHarness, _ project: String = #"{"name":"P","type":"research"}"#) async throws {
        let made = try await api.send(.post, "projects", project)
        try await self.init(api, in: try #require(made.string("id")))
    }

    /// Makes a task in a project, and leases it.
    init(_ api: APIHarness, in project: String, _ members: String = "") async throws {
        let body = #"{"project_id":"\#(project)","kind":"shell","priority":10\#(members)}"#
        let made = try await api.send(.post, "tasks", body)
        let id = try #require(made.string("id"))
        let number = try await Self.lease(id, api)
        (self.api, self.project, task, token) = (api, project, id, number)
    }

    /// Leases a task; another project's may have its turn before it, and is done with at once.
    private static func lease(_ id: String, _ api: APIHarness) async throws -> Int64 {
        while true {
            let leases = try await api.send(.post, "agents/\(api.agentID)/leases", as: .agent, "{}")
            let lease = try #require(leases.json?["leases"]?.array?.first, "the task \(id) is not to be had")
            let number = try #require(lease["token"]?.integer)
            let given = try #require(lease["task"]?["id"]?.string)
            if given == id { return number }
            let done = try await api.send(.post, "tasks/\(given)/complete", as: .agent, #"{"token":\#(number)}"#)
            #expect(done.status == 200)
        }
    }

    /// Hands in a result, so that the agent has room again.
    func end() async throws {
        #expect(try await api.send(.post, "tasks/\(task)/complete", as: .agent, #"{"token":\#(token)}"#).status == 200)
    }

    static func hash(_ content: String) -> String { SHA256.hash(data: Array(content.utf8)).hexadecimal }

    /// Announces a file.
    func announce(
        _ content: String,
        name: String = "out/a.txt",
        bytes: Int? = nil,
        sha256: String? = nil,
        token: Int64? = nil,
        as who: Who = .agent
    ) async throws -> Reply {
        let body = """
            {"token":\(token ?? self.token),"name":"\(name)","bytes":\(bytes ?? content.utf8.count),\
            "sha256":"\(sha256 ?? Self.hash(content))","media_type":"text/plain"}
            """
        return try await api.send(.post, "tasks/\(task)/artefacts", as: who, body)
    }

    /// Sends bytes of a file.
    func append(
        _ part: String,
        at offset: Int,
        to id: String,
        token: Int64? = nil,
        as who: Who = .agent
    ) async throws -> Reply {
        var fields: HTTPFields = [.contentType: "application/octet-stream"]
        let name = try #require(HTTPField.Name("Upload-Offset"))
        fields[name] = String(offset)
        let path = "tasks/\(task)/artefacts/\(id)?token=\(token ?? self.token)"
        return try await api.send(.patch, path, as: who, part, fields)
    }

    /// Announces a file and sends it whole; returns its identifier.
    func send(_ content: String, name: String = "out/a.txt") async throws -> String {
        let announced = try await announce(content, name: name)
        let id = try #require(announced.string("id"))
        #expect(try await append(content, at: 0, to: id).json?["complete"]?.boolean == true)
        return id
    }
}
