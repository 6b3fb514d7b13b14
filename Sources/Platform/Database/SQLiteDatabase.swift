package import Basics
internal import Dispatch
internal import GRDB
internal import GRDBSQLite
package import Instruments
internal import Synchronization

/// The embedded database: SQLite in WAL mode through GRDB, one writer, readers in a pool.
///
/// A commit is on the disk when it returns (`synchronous=FULL`); foreign keys are enforced. Writes that wait for
/// another one are committed together (``SQLiteWriter``). Every access runs on a ``BlockingWorker`` or the writer, so
/// the cooperative pool is never blocked: GRDB's asynchronous reads would take a queue more each way.
package final class SQLiteDatabase: Database {
    private let settings: SQLiteSettings
    private let clock: any WallClock
    private let pool: DatabasePool
    private let prober: SQLiteProber
    private let statements: StatementTexts
    private let readGate: AccessGate
    private let writeGate: WriteGate
    /// One for each slot of the gate.
    private let readers: [BlockingWorker]
    private let writer: SQLiteWriter
    private let deadlines: OperationDeadlines
    private let metrics: DatabaseMetrics
    private let isClosed = Atomic(false)

    package var dialect: SQLDialect { .sqlite }

    /// Opens the database, and makes its file when there is none.
    ///
    /// - Parameters:
    ///   - settings: where the file is, and the limits.
    ///   - clock: for the time limits.
    ///   - registry: takes the metrics `kaskman_database_*`; one database a registry.
    /// - Returns: the open database, not yet migrated.
    /// - Throws: ``DatabaseError``: `connection` when the file cannot be opened, `corrupted` when it is no database,
    ///   `busy` when another process holds it.
    package static func open(
        _ settings: SQLiteSettings,
        clock: any WallClock,
        registry: Registry
    ) async throws -> SQLiteDatabase {
        try await withCheckedThrowingContinuation { continuation in
            // Opening reads and writes the file: not on the cooperative pool.
            DispatchQueue(label: "database.open").async {
                continuation.resume(with: Result { try SQLiteDatabase(settings, clock: clock, registry: registry) })
            }
        }
    }

    private init(_ settings: SQLiteSettings, clock: any WallClock, registry: Registry) throws {
        precondition(settings.readersMax > 0, "BUG: readersMax must be positive")
        self.settings = settings
        self.clock = clock
        statements = StatementTexts(textsMax: settings.preparedStatementsMax)
        readGate = AccessGate(slots: settings.readersMax, waitersMax: settings.waitersMax)
        writeGate = WriteGate(groupMax: settings.writesPerCommitMax, waitersMax: settings.waitersMax)
        readers = (0..<settings.readersMax).map { BlockingWorker(label: "database.reader.\($0)") }
        deadlines = OperationDeadlines(clock: clock)
        do {
            pool = try DatabasePool(path: settings.path, configuration: Self.configuration(settings))
            // GRDB sets NORMAL when it turns WAL mode on, after its own hook for settings: so it is set again here.
            try pool.writeWithoutTransaction { connection in
                try connection.execute(sql: "PRAGMA synchronous = FULL")
                // What savepoints may take back goes to a file otherwise, though it is forgotten with the transaction.
                try connection.execute(sql: "PRAGMA temp_store = MEMORY")
                try connection.execute(sql: "PRAGMA cache_size = -\(Self.writerCacheKiB)")
                // SQLite opens a file that it may not write for reading, without a word.
                if sqlite3_db_readonly(connection.sqliteConnection, "main") == 1 {
                    throw DatabaseError(.readOnly, "the file can only be read; give this process the right to write it")
                }
            }
            writer = SQLiteWriter(pool, writeGate)
            prober = try SQLiteProber(settings, clock: clock)
        } catch {
            let fault = error as? DatabaseError ?? DatabaseError(grdb: error) ?? DatabaseError(.connection, "\(error)")
            throw DatabaseError(fault.code, "\(settings.path): \(fault.message)").during("database.open")
        }
        metrics = DatabaseMetrics(registry)
        // Zeros, but there, so that the same rules and panels serve both databases.
        _ = PostgreSQLMetrics(registry)
        metrics.register(in: registry, path: settings.path) { [readGate, writeGate] in
            readGate.waiters + writeGate.waiters
        }
    }

    private static func configuration(_ settings: SQLiteSettings) -> Configuration {
        var configuration = Configuration()
        configuration.label = "database"
        configuration.busyMode = .timeout(settings.busyTimeout.inSeconds)
        configuration.maximumReaderCount = settings.readersMax
        configuration.foreignKeysEnabled = true
        // Of the writer alone, whose transaction lasts for several accesses.
        configuration.allowsUnsafeTransactions = true
        let walBytesMax = settings.walBytesMax
        configuration.prepareDatabase { connection in
            try connection.execute(sql: "PRAGMA journal_size_limit = \(walBytesMax)")
            try connection.execute(sql: "PRAGMA wal_autocheckpoint = \(Self.pagesBetweenCheckpoints)")
        }
        return configuration
    }

    package func read<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await perform(operation, .read, timeout: timeout) { ticket, start in
            let slot = try await readGate.enter(ticket)
            defer { readGate.leave(slot) }
            metrics.waited(clock.uptime - start)
            return try await readers[slot].run { try pool.read { try run(body, on: $0, ticket).value } }
        }
    }

    @discardableResult
    package func write<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await perform(operation, .write, timeout: timeout) { ticket, start in
            try await writeGate.enter(ticket)
            metrics.waited(clock.uptime - start)
            return try await writer.run { try run(body, on: $0, ticket) }
        }
    }

    package func probe() async -> DatabaseProbe {
        let probe = await prober.probe()
        // A database that fails while nobody uses it is told of too.
        if let error = probe.error { metrics.failed(error.code) }
        return probe
    }

    package func close() async throws(DatabaseError) {
        readGate.close()
        // Whoever is in the middle of a group is let finish: its transaction stays open between two writes.
        await writeGate.close()
        // What is closed cannot be told anything any more: SQLite would take the freed connection.
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        let error: (any Error)? = await withCheckedContinuation { continuation in
            DispatchQueue(label: "database.close").async { [pool, prober] in
                do {
                    try prober.close()
                    // Whoever copies the file alone, after a clean stop, has everything. Where that fails nothing is lost.
                    _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
                    try pool.close()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        if let error { throw DatabaseError(grdb: error) ?? DatabaseError(.other, "\(error)") }
    }

    /// Runs `access` within the time limit and turns foreign errors into ours.
    private func perform<T: Sendable>(
        _ operation: OperationName,
        _ kind: DatabaseMetrics.Operation,
        timeout: Duration?,
        _ access: (_ ticket: AccessTicket, _ start: Duration) async throws -> T
    ) async throws -> T {
        let ticket = AccessTicket()
        deadlines.add(ticket, limit: timeout ?? settings.operationTimeout)
        defer { deadlines.remove(ticket) }
        let start = clock.uptime
        do {
            let result = try await withTaskCancellationHandler {
                try await access(ticket, start)
            } onCancel: {
                ticket.abandon(DatabaseError(.cancelled, "the task was cancelled"))
            }
            metrics.finished(kind, .success, after: clock.uptime - start)
            return result
        } catch {
            guard let fault = error as? DatabaseError ?? DatabaseError(grdb: error) else {
                // The closure refused, as it may: the database did its work.
                metrics.finished(kind, .rolledBack, after: clock.uptime - start)
                throw error
            }
            let reason = ticket.abandonment ?? fault
            metrics.failed(reason.code)
            metrics.finished(kind, .error, after: clock.uptime - start)
            throw reason.during(operation)
        }
    }

    private func run<T: Sendable>(
        _ body: (any SQLConnection) throws -> T,
        on connection: GRDB.Database,
        _ ticket: AccessTicket
    ) throws -> SQLiteOutcome<T> {
        let transaction = SQLiteConnection(
            connection,
            statements: statements,
            ticket: ticket,
            resultRowsMax: settings.resultRowsMax
        )
        let result = Result { try interruptible(connection, ticket) { try body(transaction) } }
        // A commit is not interrupted: from here on the operation happens, or it is rolled back.
        try ticket.finish()
        let value = try result.get()
        if let failure = transaction.failure { throw failure }
        return SQLiteOutcome(value: value, commitActions: transaction.commitActions)
    }

    /// Runs `body`; a statement in it stops with an error soon after the ticket is abandoned.
    ///
    /// A progress handler, since `sqlite3_interrupt` is lost when it comes between two statements.
    private func interruptible<T>(
        _ connection: GRDB.Database,
        _ ticket: AccessTicket,
        _ body: () throws -> T
    ) rethrows -> T {
        let handle = connection.sqliteConnection
        // SAFETY: the ticket outlives the handler, which is removed before this function returns.
        let context = Unmanaged.passUnretained(ticket).toOpaque()
        sqlite3_progress_handler(
            handle,
            Self.stepsBetweenChecks,
            { context in
                guard let context else { return 0 }
                return Unmanaged<AccessTicket>.fromOpaque(context).takeUnretainedValue().abandonment == nil ? 0 : 1
            },
            context
        )
        defer { sqlite3_progress_handler(handle, 0, nil, nil) }
        return try withExtendedLifetime(ticket) { try body() }
    }

    /// What the writer keeps of the file in memory at most, in KiB: it changes many indices.
    private static let writerCacheKiB = 8 << 10

    /// How long the log grows before its pages go to the file: 16 MiB, so that those which many writes change go there once.
    private static let pagesBetweenCheckpoints = 4096

    /// What stands in the file's header to tell whose it is: "KASK".
    static let applicationID = 0x4B41_534B

    /// How many steps of SQLite's virtual machine lie between two looks at the ticket: some tens of microseconds.
    private static let stepsBetweenChecks: Int32 = 2000
}
