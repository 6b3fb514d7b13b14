import Foundation

/// What the server uses while agents wait for work that does not come, beside tasks that nobody can do.
struct IdleBenchmarks {
    let repository: String

    private static let agents = 100
    private static let keys = 1000
    /// The longest that the server lets an agent wait; all of it is measured but the beginning.
    private static let waitSeconds = 30
    private static let measuredSeconds = 25.0

    func run(_ report: inout Report) throws {
        try measure("sqlite", [:], &report)
        let server = try PostgreSQLServer()
        try server.createDatabase("ours")
        try measure("postgresql", ["KASKMAN_DATABASE_URL": server.url("ours")], &report)
    }

    private func measure(_ database: String, _ settings: [String: String], _ report: inout Report) throws {
        let folder = try TemporaryFolder()
        let server = try ServerProcess(
            executable: repository + "/.build/release/kaskman-server",
            folder: folder.path,
            repository: repository,
            settings: settings.merging(["KASKMAN_LOG_LEVEL": "notice"]) { $1 }
        )
        defer { server.stop() }
        try server.waitUntilHealthy()
        let token = try server.signIn()
        try makeTasks(server.port, token)
        let waiting = try (0..<Self.agents).map { try wait(server.port, token, $0) }
        // What the beginning has stirred up settles.
        Thread.sleep(forTimeInterval: 3)
        let (begin, used) = (ContinuousClock.now, server.processorSeconds)
        Thread.sleep(forTimeInterval: Self.measuredSeconds)
        let share = (server.processorSeconds - used) / (ContinuousClock.now - begin).inSeconds * 100
        report.add(
            Measurement(id: "idle.\(database)_cpu_waiting_agents", ours: share, unit: "% core", goal: .atMost(1))
        )
        withExtendedLifetime(waiting) {}
    }

    /// Tasks with a concurrency key each, for a capability that no agent has.
    private func makeTasks(_ port: Int, _ token: String) throws {
        let project = try TaskLoad.project(port: port, token: token, name: "keys")
        let connection = try HTTPConnection(port: port)
        for number in 0..<Self.keys {
            let json = """
                {"project_id":"\(project)","kind":"far","capabilities":["elsewhere"],\
                "concurrency_keys":[{"key":"key \(number)","limit":1}]}
                """
            let answer = try connection.send("POST", "/api/v1/tasks", token: token, json: json)
            guard answer.status == 201 else {
                throw BenchmarkFailure("a task was answered \(answer.status): \(answer.body)")
            }
        }
    }

    /// An agent that waits as long as it may.
    private func wait(_ port: Int, _ token: String, _ number: Int) throws -> PipelinedConnection {
        let agent = try TaskLoad.agent(port: port, token: token, name: "waiting-\(number)")
        let connection = try PipelinedConnection(port: port)
        let json = #"{"count":1,"wait_seconds":\#(Self.waitSeconds)}"#
        try connection.send(
            PipelinedConnection.request("POST", "/api/v1/agents/\(agent.id)/leases", token: agent.token, json: json)
        )
        return connection
    }
}
