import Foundation

/// Tasks that do nothing, from their creation to their accepted result, beside two task queues with as many workers.
struct TaskBenchmarks {
    let repository: String
    /// Which rows are wanted.
    let isWanted: (String) -> Bool

    private static let workers = 8
    private static let tasks = 8000
    private static let peerTasks = 2000
    private static let pickUps = 250
    private static let pickUpInterval = 0.02
    private static let shellTasks = 400

    func run(_ report: inout Report) throws {
        let python = Command.output(repository + "/scripts/bench-environment", []).map {
            String($0.split(separator: "\n").last ?? "")
        }
        if python == nil { report.note("tasks: the peers' Python could not be made (scripts/bench-environment)") }
        report.note(
            "tasks: \(Self.workers) workers and as many creators, each creation a request and a transaction; our agents lease up to 50 at a "
                + "time by long poll and hand the results in together, over HTTP; pick-up: one task every 20 ms, all workers free"
        )
        if isWanted("tasks.sqlite") {
            let folder = try TemporaryFolder()
            let theirs = peer(python, "huey_peer.py", try folder.subfolder("huey") + "/MODE.db")
            try measure("sqlite", [:], folder, Peer(name: "huey", figures: theirs, times: 3), &report)
            let durable = peer(python, "huey_peer.py", try folder.subfolder("durable") + "/MODE.db", ["fsync"])
            if let rate = durable["rate"] {
                report.note(
                    "huey's default leaves its commits to the system; with fsync=True it does \(Int(rate)) tasks/s"
                )
            }
        }
        if isWanted("tasks.postgresql") {
            let folder = try TemporaryFolder()
            let server = try PostgreSQLServer()
            for name in ["ours", "peer_rate", "peer_pickup"] { try server.createDatabase(name) }
            let theirs = peer(python, "procrastinate_peer.py", server.url("peer_MODE"))
            let settings = ["KASKMAN_DATABASE_URL": server.url("ours")]
            try measure("postgresql", settings, folder, Peer(name: "procrastinate", figures: theirs, times: 5), &report)
        }
    }

    private struct Peer {
        let name: String
        let figures: [String: Double]
        /// How many times its rate ours is to be.
        let times: Double
    }

    /// What a peer's script prints for as fast as it goes and for single tasks, each in a place of its own; empty when
    /// it fails.
    private func peer(_ python: String?, _ script: String, _ place: String, _ options: [String] = []) -> [String:
        Double]
    {
        guard let python else { return [:] }
        var figures: [String: Double] = [:]
        for (mode, tasks) in [("rate", Self.peerTasks), ("pickup", Self.pickUps)] {
            if mode == "pickup", !options.isEmpty { continue }
            let path = "\(repository)/Benchmarks/Peers/tasks/\(script)"
            let own = place.replacing("MODE", with: mode)
            let arguments = [path, own, mode, "\(tasks)", "\(Self.workers)"] + options
            let environment = ["PYTHONDONTWRITEBYTECODE": "1"]
            guard let text = Command.output(python, arguments, environment) else { continue }
            let found = Command.figures(text)
            if mode == "rate" {
                figures["rate"] = found["rate"]
            } else {
                figures.merge(found.filter { $0.key.hasPrefix("pickup") }) { $1 }
            }
        }
        return figures
    }

    private func measure(
        _ database: String,
        _ settings: [String: String],
        _ folder: TemporaryFolder,
        _ peer: Peer,
        _ report: inout Report
    ) throws {
        let server = try ServerProcess(
            executable: repository + "/.build/release/kaskman-server",
            folder: try folder.subfolder("server"),
            repository: repository,
            settings: settings.merging(["KASKMAN_LOG_LEVEL": "notice"]) { $1 }
        )
        defer { server.stop() }
        try server.waitUntilHealthy()
        let token = try server.signIn()
        func load(_ tasks: Int, _ interval: Double? = nil) throws -> TaskLoad.Result {
            try TaskLoad.run(port: server.port, token: token, agents: Self.workers, tasks: tasks, interval: interval)
        }
        _ = try load(Self.tasks / 8)
        let busy = try load(Self.tasks)
        report.add(
            Measurement(
                id: "tasks.\(database)_rate",
                ours: busy.tasksPerSecond,
                unit: "tasks/s",
                better: .higher,
                peer: Measurement.Peer(name: peer.name, figure: peer.figures["rate"]),
                goal: .timesPeer(peer.times)
            )
        )
        let single = try load(Self.pickUps, Self.pickUpInterval)
        for (name, quantile, goal) in [("p50", 0.5, Measurement.Goal.atMost(10)), ("p99", 0.99, nil)] {
            report.add(
                Measurement(
                    id: "tasks.\(database)_pickup_\(name)",
                    ours: single.quantile(quantile),
                    unit: "ms",
                    peer: Measurement.Peer(name: peer.name, figure: peer.figures["pickup_\(name)_ms"]),
                    goal: goal
                )
            )
        }
        let rate = try WorkerLoad(
            repository: repository,
            folder: try folder.subfolder("worker"),
            server: server,
            token: token
        )
        .rate(tasks: Self.shellTasks, concurrency: Self.workers)
        report.add(Measurement(id: "tasks.\(database)_shell_rate", ours: rate, unit: "tasks/s", better: .higher))
    }
}
