package import Basics

extension Database {
    /// The longest time that all pending migrations together may take.
    package static var migrationTimeout: Duration { .seconds(3600) }

    /// Brings the schema up to date: runs the pending migrations in the order of the list, all in one transaction.
    ///
    /// - Parameters:
    ///   - migrations: all migrations of all modules; an identifier that stands twice is a bug of the program.
    ///   - now: the time to note beside each.
    /// - Returns: the identifiers of those that were run.
    /// - Throws: ``MigrationError``; nothing is changed then.
    @discardableResult
    package func migrate(_ migrations: [Migration], now: Timestamp) async throws(MigrationError) -> [String] {
        precondition(Set(migrations.map(\.id)).count == migrations.count, "BUG: two migrations have the same name")
        do {
            return try await write("database.migrate", timeout: Self.migrationTimeout) { connection in
                try Migrator(connection: connection, migrations: migrations).run(now: now)
            }
        } catch let error as MigrationError {
            throw error
        } catch let error as DatabaseError {
            throw .database(error)
        } catch {
            throw .database(DatabaseError(.other, "\(error)"))
        }
    }
}

/// Compares what was applied with what the program knows, and applies the rest.
struct Migrator {
    let connection: any SQLConnection
    let migrations: [Migration]

    func run(now: Timestamp) throws -> [String] {
        if connection.dialect == .postgresql {
            // Another server may be at it, for as long as that takes.
            _ = try connection.query("SELECT set_config('lock_timeout', '0', true)")
        }
        try connection.lock(.migrations)
        let applied = try appliedChecksums()
        let pending = try check(applied)
        for migration in pending {
            do {
                try connection.runScript(migration.sql(for: connection.dialect))
            } catch {
                throw MigrationError.failed(id: migration.id, error)
            }
            try connection.execute(
                "INSERT INTO schema_migrations (id, checksum, applied_at) VALUES (?1, ?2, ?3)",
                [.text(migration.id), .text(migration.checksum(for: connection.dialect)), .timestamp(now)]
            )
        }
        return pending.map(\.id)
    }

    private func appliedChecksums() throws -> [String: String] {
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                id TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
            )
            """
        )
        var checksums: [String: String] = [:]
        for row in try connection.query("SELECT id, checksum FROM schema_migrations") {
            checksums[try row.text("id")] = try row.text("checksum")
        }
        return checksums
    }

    private func check(_ applied: [String: String]) throws -> [Migration] {
        let unknown = Set(applied.keys).subtracting(migrations.map(\.id))
        guard unknown.isEmpty else { throw MigrationError.databaseIsNewer(unknown: unknown.sorted()) }
        var lastApplied: [String: Migration] = [:]
        var pending: [Migration] = []
        for migration in migrations {
            guard let checksum = applied[migration.id] else {
                pending.append(migration)
                continue
            }
            let expected = migration.checksum(for: connection.dialect)
            guard checksum == expected else {
                throw MigrationError.changed(id: migration.id, applied: checksum, program: expected)
            }
            if migration.number > lastApplied[migration.module]?.number ?? -1 {
                lastApplied[migration.module] = migration
            }
        }
        for migration in pending {
            if let later = lastApplied[migration.module], later.number > migration.number {
                throw MigrationError.outOfOrder(id: migration.id, after: later.id)
            }
        }
        return pending
    }
}
