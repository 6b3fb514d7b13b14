import Basics
import DatabaseTesting
import Foundation
import RedisTesting

/// What the platform keeps its data in during a run, and what may happen to it.
struct ChaosStores: Sendable {
    enum Fault: String, CaseIterable, Sendable {
        case redisKilled, redisFrozen, postgresCrashed, postgresRestarted
    }

    /// The settings of a server that uses them.
    let settings: [String: String]
    let postgres: PostgreSQLServer?
    let redis: RedisServer?

    var faults: [Fault] { postgres == nil ? [] : Fault.allCases }

    /// SQLite in the server's folder, and limits in its process.
    static func inProcess(_ body: (ChaosStores) async throws -> Void) async throws {
        try await body(ChaosStores(settings: [:], postgres: nil, redis: nil))
    }

    /// A PostgreSQL and a Redis of the run's own.
    static func servers(_ body: (ChaosStores) async throws -> Void) async throws {
        let postgres = try await offThePool { try PostgreSQLServer() }
        do {
            try await postgres.psql("CREATE DATABASE kask")
            try await withRedisServer { redis in
                let settings = ["database.url": postgres.url("kask"), "redis.url": redis.url]
                try await body(ChaosStores(settings: settings, postgres: postgres, redis: redis))
            }
        } catch {
            try? await offThePool { postgres.end() }
            throw error
        }
        try await offThePool { postgres.end() }
    }

    /// Makes a fault and mends it.
    func make(_ fault: Fault) async throws {
        switch fault {
        case .redisKilled:
            redis?.kill()
            await last(for: .seconds(1))
            try redis?.start()
        case .redisFrozen:
            redis?.freeze()
            await last(for: .seconds(3))
            redis?.thaw()
        case .postgresCrashed:
            try await postgres?.crash()
            try await postgres?.start()
        case .postgresRestarted:
            try await postgres?.stop()
            try await postgres?.start()
        }
    }

    /// Runs a query as a foreigner would: the rows that `psql` or Python's `sqlite3` find, `|` between the columns.
    ///
    /// - Parameter data: The server's data folder.
    func query(_ sql: String, data: String) async throws -> [[Substring]] {
        let text: String
        if let postgres {
            text = try await postgres.psql(sql, in: "kask")
        } else {
            let script = """
                import sqlite3, sys
                for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
                    print('|'.join('' if value is None else str(value) for value in row))
                """
            let arguments = ["python3", "-c", script, data + "/kaskman.sqlite", sql]
            let (exit, output) = try await ChildProcess.run("/usr/bin/env", arguments, directory: data)
            guard exit == .success else { throw Unexpected(text: output) }
            text = output
        }
        return text.split(separator: "\n").map { $0.split(separator: "|", omittingEmptySubsequences: false) }
    }

    /// The number of the attempt in the data of an event.
    var eventAttempt: String {
        postgres == nil
            ? "json_extract(data, '$.changes.attempt.after')" : "data::json #>> '{changes,attempt,after}'"
    }
}
