import Basics
import Database
import Foundation
import Instruments
import KeyValue

/// `AdapterLoad postgresql|redis PLACE CALLERS SECONDS`: what the adapters do for some callers, a line a figure: its
/// name and how many a second. The place is a URL with pgbench's tables, or the path of Redis' socket.
@main
struct AdapterLoad {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 4, let kind = arguments.first, let callers = Int(arguments[arguments.startIndex + 2]),
            let seconds = Int(arguments[arguments.startIndex + 3]), callers > 0, seconds > 0
        else {
            FileHandle.standardError.write(Data("usage: AdapterLoad postgresql|redis PLACE CALLERS SECONDS\n".utf8))
            exit(2)
        }
        let place = arguments[arguments.startIndex + 1]
        let load = Load(callers: callers, duration: .seconds(seconds))
        switch kind {
        case "postgresql": try await postgreSQL(place, load)
        case "redis": try await redis(place, load)
        default: exit(2)
        }
    }

    private static func postgreSQL(_ url: String, _ load: Load) async throws {
        let database = try await PostgreSQLDatabase.open(
            PostgreSQLSettings(url: url),
            clock: SystemClock(),
            registry: Registry()
        )
        try await load.measure("select_1") { _ in _ = try await database.lookUp("load.one", "SELECT 1 AS one", []) }
        try await load.measure("indexed") { random in
            let account = Int64.random(in: 1...100_000, using: &random)
            let rows = try await database.lookUp(
                "load.account",
                "SELECT abalance FROM pgbench_accounts WHERE aid = ?1",
                [.integer(account)]
            )
            guard rows.count == 1 else { throw LoadFailure(text: "account \(account) is not there") }
        }
        try await load.measure("transactions") { random in
            let account = Int64.random(in: 1...100_000, using: &random)
            _ = try await database.read("load.account") { connection in
                try connection.query("SELECT abalance FROM pgbench_accounts WHERE aid = ?1", [.integer(account)])
            }
        }
        try await database.close()
    }

    private static func redis(_ socket: String, _ load: Load) async throws {
        var settings = RedisClient.Settings(endpoint: RedisEndpoint(.socket(path: socket)))
        settings.commandTimeout = .seconds(10)
        let client = try RedisClient(settings, clock: SystemClock(), metrics: RedisMetrics(Registry()), seed: 1)
        let connection = Task { await client.run() }
        while !client.isReady { await Task.yield() }
        _ = try await client.send(RedisCommand("SET", "key:bench", "xxx"))
        let get = RedisCommand("GET", "key:bench")
        try await load.measure("get") { _ in
            guard case .bulk = try await client.send(get) else { throw LoadFailure(text: "the value is not there") }
        }
        connection.cancel()
        await connection.value
    }
}

/// Callers that each ask again as soon as they have their answer.
struct Load {
    let callers: Int
    let duration: Duration

    /// Runs an operation over and over for the time, after a fifth of it for warming up; prints how many a second.
    func measure(
        _ name: String,
        _ operation: @escaping @Sendable (inout SeededGenerator) async throws -> Void
    ) async throws {
        _ = try await count(duration / 5, operation)
        let begin = ContinuousClock.now
        let count = try await count(duration, operation)
        let elapsed = (ContinuousClock.now - begin).components
        print(name, Double(count) / (Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18))
    }

    private func count(
        _ duration: Duration,
        _ operation: @escaping @Sendable (inout SeededGenerator) async throws -> Void
    ) async throws -> Int {
        let end = ContinuousClock.now + duration
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(caller))
                    var count = 0
                    while ContinuousClock.now < end {
                        try await operation(&random)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    }
}

struct LoadFailure: Error {
    let text: String
}
