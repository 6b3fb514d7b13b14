import Foundation

/// The adapters of PostgreSQL and Redis, beside the programs that their servers come with.
///
/// The adapters are no public product, so a program of the main package runs them (Tests/AdapterLoad).
struct AdapterBenchmarks {
    let repository: String
    /// Which rows are wanted.
    let isWanted: (String) -> Bool

    private static let seconds = 5
    private static let clients = [1, 8, 32]

    func run(_ report: inout Report) throws {
        if isWanted("postgresql") { try postgreSQL(&report) }
        if isWanted("redis") { try redis(&report) }
    }

    /// What the adapters do in some seconds, by name.
    private func load(_ kind: String, _ place: String, callers: Int) throws -> [String: Double] {
        let program = repository + "/.build/release/AdapterLoad"
        guard let text = Command.output(program, [kind, place, "\(callers)", "\(Self.seconds)"]) else {
            throw BenchmarkFailure("\(program) \(kind) failed")
        }
        return Command.figures(text)
    }

    private func postgreSQL(_ report: inout Report) throws {
        let folder = try TemporaryFolder()
        let server = try PostgreSQLServer()
        try server.createDatabase("bench")
        try server.fill("bench")
        let script = folder.path + "/select.sql"
        try "SELECT 1;\n".write(toFile: script, atomically: true, encoding: .utf8)
        report.note(
            "postgresql: our reads are those of as many callers, prepared; pgbench in its default, the simple protocol"
        )
        for clients in Self.clients {
            let ours = try load("postgresql", server.url("bench"), callers: clients)
            let goal = Measurement.Goal.timesPeer(clients == 1 ? 0.75 : 0.6)
            for (name, arguments) in [("select_1", ["-f", script]), ("indexed", ["-S"])] {
                let theirs = server.pgbench("bench", clients: clients, seconds: Self.seconds, arguments)
                report.add(
                    Measurement(
                        id: "postgresql.\(name)_\(clients)",
                        ours: ours[name] ?? 0,
                        unit: "reads/s",
                        better: .higher,
                        peer: Measurement.Peer(name: name == "indexed" ? "pgbench -S" : "pgbench", figure: theirs),
                        goal: goal
                    )
                )
            }
            let prepared = server.pgbench("bench", clients: clients, seconds: Self.seconds, ["-S", "-M", "prepared"])
            report.add(
                Measurement(
                    id: "postgresql.indexed_\(clients)_prepared",
                    ours: ours["indexed"] ?? 0,
                    unit: "reads/s",
                    better: .higher,
                    peer: Measurement.Peer(name: "pgbench -S -M prepared", figure: prepared)
                )
            )
            if let transactions = ours["transactions"] {
                report.add(
                    Measurement(
                        id: "postgresql.read_transactions_\(clients)",
                        ours: transactions,
                        unit: "reads/s",
                        better: .higher
                    )
                )
            }
        }
    }

    private func redis(_ report: inout Report) throws {
        let folder = try TemporaryFolder()
        let server = try RedisServer(folder: folder.path)
        report.note("redis: our callers share one connection; redis-benchmark has 50")
        let rows: [(callers: Int, pipeline: Int, goal: Measurement.Goal?)] = [
            (1, 1, nil), (64, 1, .timesPeer(3)), (64, 16, nil),
        ]
        for (callers, pipeline, goal) in rows {
            let ours = try load("redis", server.socket, callers: callers)
            let theirs = server.benchmark(pipeline: pipeline, requests: pipeline == 1 ? 400_000 : 3_000_000)
            report.add(
                Measurement(
                    id: "redis.get_\(callers)_beside_P\(pipeline)",
                    ours: ours["get"] ?? 0,
                    unit: "commands/s",
                    better: .higher,
                    peer: Measurement.Peer(name: "redis-benchmark -P \(pipeline)", figure: theirs),
                    goal: goal
                )
            )
        }
    }
}
