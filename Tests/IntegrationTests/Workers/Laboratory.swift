import Foundation
import Testing

/// A real server with a project, for tests of agents.
struct Laboratory: Sendable {
    /// An agent as it was registered.
    struct Agent: Sendable {
        let id: String
        let token: String
    }

    /// What the tests look at in a task.
    struct TaskState: Sendable {
        let status: String
        let attempt: Int
        let errorClass: String
        let errorMessage: String
        let output: String
        let outcomes: [String]

        var isEnded: Bool { ["succeeded", "dead", "cancelled", "skipped"].contains(status) }
    }

    let port: Int
    let folder: TemporaryFolder
    let project: String

    static let settings = ["limits.address_requests_per_minute": "0", "limits.user_requests_per_minute": "1000000"]
    static let admin = Server.basic("admin", Server.password)

    /// Runs a server for the time of `body`, with a fresh project in it.
    static func run<Result>(_ body: (Laboratory) async throws -> Result) async throws -> Result {
        let folder = try TemporaryFolder()
        return try await Server.run(in: folder, settings) { server in
            try await body(try await with(server.port, folder))
        }
    }

    /// Makes the project on a server that listens.
    static func with(_ port: Int, _ folder: TemporaryFolder) async throws -> Laboratory {
        let made = try await send(port, "projects", ["name": "Lab", "type": "research"])
        return Laboratory(port: port, folder: folder, project: try #require(made["id"] as? String))
    }

    var url: String { "http://127.0.0.1:\(port)" }

    // MARK: The API

    private static func send(_ port: Int, _ path: String, _ body: [String: Any]) async throws -> [String: Any] {
        let answer = try await WireClient.send(
            .post,
            "/api/v1/\(path)",
            port: port,
            headers: [admin, ("Content-Type", "application/json")],
            body: Array(try JSONSerialization.data(withJSONObject: body))
        )
        guard (200...299).contains(answer.status) else { throw Unexpected(text: "\(answer.status) \(answer.text)") }
        return try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any] ?? [:]
    }

    func post(_ path: String, _ body: [String: Any] = [:]) async throws -> [String: Any] {
        try await Self.send(port, path, body)
    }

    func agent(_ name: String, _ capabilities: [String] = ["shell"], concurrency: Int = 1) async throws -> Agent {
        let body: [String: Any] = [
            "name": name, "type": "coder", "capabilities": capabilities, "concurrency": concurrency,
        ]
        let made = try await post("agents", body)
        return Agent(id: try #require(made["id"] as? String), token: try #require(made["token"] as? String))
    }

    /// Makes a task; its input is JSON.
    func task(_ input: String, kind: String = "shell", _ members: [String: Any] = [:]) async throws -> String {
        var body = members
        body["project_id"] = project
        body["kind"] = kind
        body["capabilities"] = [kind]
        body["input"] = try JSONSerialization.jsonObject(with: Data(input.utf8))
        return try #require(try await post("tasks", body)["id"] as? String)
    }

    /// The members of a task that is tried so often, at once, and whose lease lasts as short as may be.
    static func attempts(_ count: Int) -> [String: Any] {
        ["retry": ["attempts_max": count, "first_delay_seconds": 0], "timeouts": ["heartbeat_seconds": 5]]
    }

    func state(_ id: String) async throws -> TaskState {
        let answer = try await WireClient.send(.get, "/api/v1/tasks/\(id)", port: port, headers: [Self.admin])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
        let error = json["error"] as? [String: Any]
        var output = ""
        if let object = json["output"] as? [String: Any] {
            let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
            output = String(decoding: data, as: UTF8.self)
        }
        return TaskState(
            status: json["status"] as? String ?? "",
            attempt: json["attempt"] as? Int ?? 0,
            errorClass: error?["class"] as? String ?? "",
            errorMessage: error?["message"] as? String ?? "",
            output: output,
            outcomes: (json["attempts"] as? [[String: Any]] ?? []).map { $0["outcome"] as? String ?? "" }
        )
    }

    /// Waits for the end of a task.
    func ended(_ id: String, within limit: Duration = .seconds(60)) async throws -> TaskState {
        try await eventually("the task ends", within: limit, every: .milliseconds(50)) {
            let state = try await state(id)
            return state.isEnded ? state : nil
        }
    }

    func waitUntil(_ id: String, is status: String, within limit: Duration = .seconds(30)) async throws {
        try await eventually("the task is \(status)", within: limit, every: .milliseconds(50)) {
            try await state(id).status == status
        }
    }

    /// Whether the server takes logs, metrics and artefacts of tasks.
    func takesReports() async throws -> Bool {
        let answer = try await get("openapi.json")
        return answer.text.contains(#""/api/v1/tasks/{id}/logs""#)
    }

    func get(_ path: String) async throws -> WireAnswer {
        try await WireClient.send(.get, "/api/v1/\(path)", port: port, headers: [Self.admin])
    }

    // MARK: Workers

    static let executable = URL(fileURLWithPath: Server.executable).deletingLastPathComponent().path + "/kaskman-worker"

    /// Starts a worker; its work folder is of the name.
    func start(
        _ agent: Agent,
        _ name: String = "worker",
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        try ChildProcess(
            Self.executable,
            ["--work-dir", folder.path + "/" + name, "--log-level", "debug"] + arguments,
            environment: ["KASKMAN_URL": url, "KASKMAN_TOKEN": agent.token].merging(environment) { $1 },
            directory: folder.path,
            logPath: folder.path + "/\(name)-\(UUID().uuidString).log"
        )
    }

    /// Runs a worker for the time of `body`; then it is drained, or killed.
    func worker<Result>(
        _ agent: Agent,
        _ name: String = "worker",
        _ arguments: [String] = [],
        _ body: (ChildProcess) async throws -> Result
    ) async throws -> Result {
        let child = try start(agent, name, arguments)
        do {
            let result = try await body(child)
            await child.stop()
            return result
        } catch {
            await child.stop()
            Attachment.record(child.log, named: "\(name).log")
            throw error
        }
    }

    /// A file in the laboratory's folder to which programs write.
    func path(_ name: String) -> String { folder.path + "/" + name }

    /// The numbers that programs wrote, a line each.
    func numbers(_ name: String) -> [Int32] {
        let text = (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { Int32($0) }
    }

    /// Waits until programs have written so many numbers.
    func numbers(_ name: String, count: Int) async throws -> [Int32] {
        try await eventually("\(count) numbers in \(name)", every: .milliseconds(20)) {
            let numbers = numbers(name)
            return numbers.count >= count ? numbers : nil
        }
    }
}

/// Processes by their numbers.
enum Processes {
    /// Whether a process lives; one that has ended and was not reaped does not.
    static func isAlive(_ id: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        return !stat[end...].hasPrefix(") Z") && !stat[end...].hasPrefix(") X")
    }

    static func haveEnded(_ ids: [Int32], within limit: Duration = .seconds(20)) async throws {
        try await eventually("\(ids) have ended", within: limit, every: .milliseconds(50)) {
            !ids.contains { isAlive($0) }
        }
    }
}
