package import Basics
package import Database
internal import Foundation
package import Instruments
internal import Synchronization

/// The databases that every repository is tested on, with the same expectations.
package enum TestBackend: String, CaseIterable, Sendable, CustomStringConvertible {
    case sqlite, postgresql

    package var description: String { rawValue }

    /// What the suites of the whole API run on: SQLite with limits in the process, or what `KASKMAN_TEST_DATABASE` names;
    /// on PostgreSQL their limits are in Redis.
    package static let chosen: TestBackend = {
        guard let name = ProcessInfo.processInfo.environment["KASKMAN_TEST_DATABASE"] else { return .sqlite }
        guard let backend = TestBackend(rawValue: name) else {
            preconditionFailure("KASKMAN_TEST_DATABASE is \(name): it names none of \(allCases)")
        }
        return backend
    }()

    package var dialect: SQLDialect { self == .sqlite ? .sqlite : .postgresql }
}

/// A database of its own for one test on a backend, migrated, closed and removed when the closure ends.
///
/// The parameters are those of ``withTemporaryDatabase(_:clock:registry:configure:_:)``.
@discardableResult
package func withTemporaryDatabase<T>(
    on backend: TestBackend,
    _ migrations: [Migration] = [],
    clock: any WallClock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000)),
    registry: Registry = Registry(),
    _ body: (any Database) async throws -> T
) async throws -> T {
    switch backend {
    case .sqlite: try await withTemporaryDatabase(migrations, clock: clock, registry: registry) { try await body($0) }
    case .postgresql: try await withPostgreSQL(migrations, clock: clock, registry: registry) { try await body($0) }
    }
}

/// A database of its own on the process's PostgreSQL server for one test.
///
/// Whatever schema tests share is migrated once, in a template that each of them gets a copy of.
@discardableResult
package func withPostgreSQL<T>(
    _ migrations: [Migration] = [],
    clock: any WallClock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000)),
    registry: Registry = Registry(),
    configure: (inout PostgreSQLSettings) -> Void = { _ in },
    _ body: (PostgreSQLDatabase) async throws -> T
) async throws -> T {
    try await withPostgreSQLURL(migrations) { url in
        var settings = PostgreSQLSettings(url: url)
        settings.connectionsMin = 0
        settings.connectionsMax = 6
        settings.writersMax = 4
        configure(&settings)
        let database = try await PostgreSQLDatabase.open(settings, clock: clock, registry: registry)
        do {
            let result = try await body(database)
            try await database.close()
            return result
        } catch {
            try? await database.close()
            throw error
        }
    }
}

/// The URL of a database of its own on the process's PostgreSQL server, for one test that opens it itself.
@discardableResult
package func withPostgreSQLURL<T>(_ migrations: [Migration] = [], _ body: (_ url: String) async throws -> T)
    async throws
    -> T
{
    let server = try await PostgreSQLServer.shared()
    await PostgreSQLTurns.shared.enter()
    defer { PostgreSQLTurns.shared.leave() }
    let template = try await PostgreSQLTemplates.shared.template(of: migrations, on: server)
    let name = "test_\(UUID().uuidString.prefix(13).replacingOccurrences(of: "-", with: "").lowercased())"
    try await server.psql("CREATE DATABASE \(name) TEMPLATE \(template)")
    do {
        let result = try await body(server.url(name))
        try await server.psql("DROP DATABASE \(name) WITH (FORCE)")
        return result
    } catch {
        _ = try? await server.psql("DROP DATABASE \(name) WITH (FORCE)")
        throw error
    }
}

/// Migrated databases to copy, one for each list of migrations.
private actor PostgreSQLTemplates {
    static let shared = PostgreSQLTemplates()

    private var made: [String: Task<String, any Error>] = [:]

    func template(of migrations: [Migration], on server: PostgreSQLServer) async throws -> String {
        if migrations.isEmpty { return "template0" }
        let key = migrations.map { "\($0.id) \($0.checksum(for: .postgresql))" }.joined(separator: ",")
        if let known = made[key] { return try await known.value }
        let name = "template_\(made.count + 2)"
        let task = Task {
            try await server.psql("CREATE DATABASE \(name) TEMPLATE template0")
            var settings = PostgreSQLSettings(url: server.url(name))
            settings.connectionsMin = 0
            let database = try await PostgreSQLDatabase.open(settings, clock: SystemClock(), registry: Registry())
            try await database.migrate(migrations, now: Timestamp(milliseconds: 1_700_000_000_000))
            try await database.close()
            return name
        }
        made[key] = task
        return try await task.value
    }
}

/// Lets a few tests at a time onto the server: its connections are counted, and each test opens some.
private final class PostgreSQLTurns: Sendable {
    static let shared = PostgreSQLTurns(turns: 8)

    private let state: Mutex<(free: Int, waiting: [CheckedContinuation<Void, Never>])>

    init(turns: Int) { state = Mutex((turns, [])) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil as CheckedContinuation<Void, Never>?
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
