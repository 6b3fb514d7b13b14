import Basics
import Database
import DatabaseTesting
import Foundation
import Instruments
import Synchronization
import Testing

/// What several writers do to a server, and what became of it.
private final class Load: Sendable {
    let acknowledged = Mutex<Set<Int>>([])
    let unknown = Mutex<Set<Int>>([])
    let isOver = Atomic(false)
    let lastID = Atomic(0)
}

/// Faults made for real: a server that crashes and comes back, a session that is frozen or ended.
@Suite struct PostgreSQLFaultTests {
    @Test func noAcknowledgedWriteIsLostWhenTheServerCrashes() async throws {
        let server = try await offThePool { try PostgreSQLServer() }
        let registry = Registry()
        var settings = PostgreSQLSettings(url: server.url("postgres"))
        settings.connectionsMax = 4
        let database = try await PostgreSQLDatabase.open(settings, clock: SystemClock(), registry: registry)
        try await database.migrate(DatabaseConformance.schema, now: Timestamp(milliseconds: 0))
        let (listening, heard) = AsyncStream.makeStream(of: Void.self)
        let listener = Task { await database.listen(to: "test_channel") { _ in heard.yield() } }
        var ears = listening.makeAsyncIterator()
        _ = await ears.next()

        let load = Load()
        let progress = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    while !load.isOver.load(ordering: .relaxed) {
                        let id = load.lastID.wrappingAdd(1, ordering: .relaxed).newValue
                        do {
                            try await database.write("test.insert") { connection in
                                try connection.execute(
                                    "INSERT INTO teams VALUES (?1, ?2)",
                                    [.int(id), .text("t\(id)")]
                                )
                            }
                            load.acknowledged.withLock { _ = $0.insert(id) }
                            progress.continuation.yield()
                        } catch let error as DatabaseError where error.code == .unknownCommit {
                            load.unknown.withLock { _ = $0.insert(id) }
                        } catch {
                            progress.continuation.finish()
                            throw error
                        }
                    }
                }
            }
            var steps = progress.stream.makeAsyncIterator()
            for round in 0..<3 {
                for _ in 0..<100 { _ = await steps.next() }
                if round == 1 { try await server.stop() } else { try await server.crash() }
                try await server.start()
            }
            for _ in 0..<100 { _ = await steps.next() }
            load.isOver.store(true, ordering: .relaxed)
            // Whatever else than an unknown commit they met would come out here.
            try await group.waitForAll()
        }
        let rows = try await database.read("test.rows") { connection in
            try connection.query("SELECT id FROM teams").map { try $0.int("id") }
        }
        let found = Set(rows)
        #expect(load.acknowledged.withLock { $0.subtracting(found) } == [], "what was acknowledged is there")
        let unexpected = found.subtracting(load.acknowledged.withLock { $0 }).subtracting(load.unknown.withLock { $0 })
        #expect(unexpected == [], "and nothing else but what nobody could know of")
        #expect(await database.probe().isHealthy)
        #expect(registry.value(of: "kaskman_database_connections_lost_total") ?? 0 > 0)
        let lost = registry.value(of: "kaskman_database_unknown_commits_total")
        #expect(lost == Double(load.unknown.withLock { $0.count }))
        _ = await ears.next()
        #expect(registry.value(of: "kaskman_database_listener_connects_total") ?? 0 >= 2, "it listens again")
        listener.cancel()
        await listener.value
        try await database.close()
        try await offThePool { server.end() }
    }

    @Test func aServerThatIsAwayIsATypedErrorInBoundedTime() async throws {
        let server = try await offThePool { try PostgreSQLServer() }
        let registry = Registry()
        var settings = PostgreSQLSettings(url: server.url("postgres"))
        settings.waitMax = .milliseconds(300)
        let database = try await PostgreSQLDatabase.open(settings, clock: SystemClock(), registry: registry)
        try await server.stop()
        let error = await #expect(throws: DatabaseError.self) {
            _ = try await database.read("test.away") { try $0.query("SELECT 1") }
        }
        // Which of the two limits is met first depends on the machine: that of connecting, or that of waiting for it.
        #expect([.connection, .overloaded, .timeout].contains(error?.code), "\(String(describing: error))")
        #expect(error?.isRetryable == true)
        #expect(await database.probe().error?.code == .connection)
        #expect(registry.value(of: "kaskman_database_connection_failures_total") ?? 0 > 0)
        try await server.start()
        var isBack = false
        for _ in 0..<100 where !isBack {
            isBack = (try? await database.read("test.back") { try $0.query("SELECT 1").count }) == 1
        }
        #expect(isBack)
        #expect(await database.probe().isHealthy)
        try await database.close()
        try await offThePool { server.end() }
    }

    @Test func aFrozenSessionEndsAtTheTimeLimitAndHoldsUpNobody() async throws {
        let registry = Registry()
        try await withPostgreSQL(
            clock: SystemClock(),
            registry: registry,
            configure: { $0.cancelTimeout = .milliseconds(200) }
        ) { database in
            let frozen = Mutex<pid_t?>(nil)
            defer { if let pid = frozen.withLock({ $0 }) { kill(pid, SIGCONT) } }
            // Long enough to get a session first, whatever else the machine does.
            let error = await #expect(throws: DatabaseError.self) {
                try await database.read("test.frozen", timeout: .seconds(3)) { connection in
                    let pid = try connection.queryFirst("SELECT pg_backend_pid() AS pid")?.int("pid") ?? 0
                    frozen.withLock { $0 = pid_t(pid) }
                    kill(pid_t(pid), SIGSTOP)
                    _ = try connection.query("SELECT 1")
                }
            }
            #expect(error?.code == .timeout)
            #expect(frozen.withLock { $0 } != nil)
            for _ in 0..<5 {
                let count = try await database.read("test.others") { try $0.query("SELECT 1").count }
                #expect(count == 1)
            }
            #expect(registry.value(of: "kaskman_database_connections_lost_total") == 1)
        }
    }

    @Test func aCommitThatIsNotAnsweredIsUnknown() async throws {
        let registry = Registry()
        try await withPostgreSQL(
            DatabaseConformance.schema,
            clock: SystemClock(),
            registry: registry,
            configure: { $0.commitTimeout = .milliseconds(200) }
        ) { database in
            let frozen = Mutex<pid_t?>(nil)
            defer { if let pid = frozen.withLock({ $0 }) { kill(pid, SIGCONT) } }
            let runs = Atomic(0)
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write("test.frozen") { connection in
                    runs.wrappingAdd(1, ordering: .relaxed)
                    try connection.execute("INSERT INTO teams VALUES (1, 'maybe')")
                    let pid = try connection.queryFirst("SELECT pg_backend_pid() AS pid")?.int("pid") ?? 0
                    frozen.withLock { $0 = pid_t(pid) }
                    kill(pid_t(pid), SIGSTOP)
                }
            }
            #expect(error?.code == .unknownCommit && error?.isRetryable == false)
            #expect(runs.load(ordering: .relaxed) == 1, "what may have happened is not done again")
            #expect(registry.value(of: "kaskman_database_unknown_commits_total") == 1)
        }
    }

    @Test func aSessionThatWasEndedIsReplacedWithoutAWord() async throws {
        let registry = Registry()
        try await withPostgreSQL(
            registry: registry,
            configure: {
                $0.connectionsMax = 2; $0.writersMax = 1
            }
        ) { database in
            for _ in 0..<3 {
                let pid = try await database.read("test.pid") { connection in
                    try connection.queryFirst("SELECT pg_backend_pid() AS pid")?.int("pid") ?? 0
                }
                try await PostgreSQLServer.shared().psql("SELECT pg_terminate_backend(\(pid), 5000)")
                let count = try await database.read("test.again") { try $0.query("SELECT 1").count }
                #expect(count == 1)
            }
            #expect(registry.value(of: "kaskman_database_retries_total") == 3)
            #expect(registry.value(of: "kaskman_database_errors_total", ["error_code": "connection"]) == 0)
        }
    }

    @Test func aProbeThatIsStuckLeavesThePoolAlone() async throws {
        let registry = Registry()
        try await withPostgreSQL(
            clock: SystemClock(),
            registry: registry,
            configure: { $0.probeTimeout = .milliseconds(200) }
        ) { database in
            let probing = try await database.read("test.probing") { connection in
                try connection.query(
                    """
                    SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND query LIKE '%pg_database_size%' AND pid <> pg_backend_pid()
                    """
                ).map { pid_t(try $0.int("pid")) }
            }
            #expect(probing.count == 1)
            for pid in probing { kill(pid, SIGSTOP) }
            defer { for pid in probing { kill(pid, SIGCONT) } }
            #expect(await database.probe().error?.code == .timeout)
            let count = try await database.read("test.others") { try $0.query("SELECT 1").count }
            #expect(count == 1)
            #expect(await database.probe().isHealthy, "on a new connection")
            #expect(registry.value(of: "kaskman_database_connections_lost_total") == 0)
        }
    }
}
