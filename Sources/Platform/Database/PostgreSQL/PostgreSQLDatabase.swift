package import Basics
package import Instruments
internal import Synchronization

/// A PostgreSQL server as the database: a pool of connections through libpq, each with a thread of its own.
///
/// Reads are of one snapshot. Writes see what was committed before each of their statements, and run beside each other; those
/// that get in each other's way are run again. A commit is on the server's disk when it returns, unless the server itself was
/// told to be careless (`fsync = off`).
package final class PostgreSQLDatabase: Database {
    /// The server's address without passwords.
    package let address: String
    private let settings: PostgreSQLSettings
    private let redaction: PostgreSQLRedaction
    private let clock: any WallClock
    private let pool: PostgreSQLPool
    private let prober: PostgreSQLProber
    private let lookUps: PostgreSQLLookUps
    private let deadlines: OperationDeadlines
    private let metrics: DatabaseMetrics
    private let connectionMetrics: PostgreSQLMetrics
    private let isClosed = Atomic(false)
    /// When a commit was last given up, by the time that the clock has run.
    private let unknownCommitAt = Mutex<Duration?>(nil)
    /// For how long after that a transaction may still commit whose actions after the commit were never called.
    private static let doubtDuration = Duration.seconds(60)

    package var dialect: SQLDialect { .postgresql }

    /// Connects to the server, which shows whether it can be used at all.
    ///
    /// - Parameters:
    ///   - settings: where the server is, and the limits.
    ///   - clock: for the time limits.
    ///   - registry: takes the metrics `kaskman_database_*`; one database a registry.
    /// - Returns: the database, not yet migrated.
    /// - Throws: ``DatabaseError``: `connection` when the server cannot be reached or used; `readOnly` when it takes no
    ///   writes.
    package static func open(
        _ settings: PostgreSQLSettings,
        clock: any WallClock,
        registry: Registry
    ) async throws -> PostgreSQLDatabase {
        let redaction = try PostgreSQLRedaction(url: settings.url)
        let database = PostgreSQLDatabase(settings, redaction, clock: clock, registry: registry)
        if let error = await database.probe().error {
            await database.prober.close()
            throw DatabaseError(error.code, "\(redaction.description): \(error.message)")
        }
        database.pool.start()
        return database
    }

    private init(
        _ settings: PostgreSQLSettings,
        _ redaction: PostgreSQLRedaction,
        clock: any WallClock,
        registry: Registry
    ) {
        self.settings = settings
        self.redaction = redaction
        self.clock = clock
        address = redaction.description
        deadlines = OperationDeadlines(clock: clock)
        metrics = DatabaseMetrics(registry)
        connectionMetrics = PostgreSQLMetrics(registry)
        pool = PostgreSQLPool(
            settings,
            redaction,
            clock: clock,
            metrics: connectionMetrics,
            deadlines: deadlines
        )
        prober = PostgreSQLProber(settings, redaction, clock: clock, deadlines: deadlines)
        lookUps = PostgreSQLLookUps(
            settings,
            redaction,
            clock: clock,
            metrics: connectionMetrics,
            deadlines: deadlines
        )
        metrics.register(in: registry, size: { [prober] in prober.databaseSize }, waiters: { [pool] in pool.waiters })
    }

    package func read<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await perform(operation, .read, timeout: timeout, body)
    }

    @discardableResult
    package func write<T: Sendable>(
        _ operation: OperationName,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await perform(operation, .write, timeout: timeout, body)
    }

    package func lookUp(
        _ operation: OperationName,
        _ sql: String,
        _ arguments: [SQLValue]
    ) async throws -> [SQLRow] {
        let start = clock.uptime
        guard let rows = await lookUps.rows(sql, arguments) else {
            // Whatever it was, the way of all reads knows how to deal with it, and what to call it.
            return try await read(operation, timeout: nil) { try $0.query(sql, arguments) }
        }
        metrics.finished(.read, .success, after: clock.uptime - start)
        return rows
    }

    package func probe() async -> DatabaseProbe {
        let probe = await prober.probe()
        // A database that fails while nobody uses it is told of too.
        if let error = probe.error { metrics.failed(error.code) }
        return probe
    }

    package func close() async throws(DatabaseError) {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        await lookUps.close()
        await pool.close()
        await prober.close()
    }

    /// Calls `onNotification` after each transaction of any server that has notified a channel.
    ///
    /// Also once, with nil, for each connection that is made to listen, since something may have been missed before; and with nil
    /// while a commit of this server may come about that it knows nothing of. Ends when its task is cancelled.
    ///
    /// - Parameters:
    ///   - channel: a plain name, fixed in the program.
    ///   - onNotification: gets what the notifications carry, a text that several carry perhaps once; must not block.
    package func listen(
        to channel: StaticString,
        _ onNotification: @escaping @Sendable (_ payload: String?) -> Void
    ) async {
        let listener = PostgreSQLListener(settings, redaction, clock: clock, metrics: connectionMetrics)
        await listener.run(channel: "\(channel)") { payload in
            let isInDoubt = self.unknownCommitAt.withLock { at in
                at.map { self.clock.uptime - $0 < Self.doubtDuration } ?? false
            }
            onNotification(isInDoubt ? nil : payload)
        }
    }

    /// Waits for a connection, runs `body` on it within the time limit, and again where that may help.
    private func perform<T: Sendable>(
        _ operation: OperationName,
        _ access: ConnectionPoolState.Access,
        timeout: Duration?,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        let kind: DatabaseMetrics.Operation = access == .read ? .read : .write
        let ticket = AccessTicket()
        deadlines.add(ticket, limit: timeout ?? settings.operationTimeout)
        defer { deadlines.remove(ticket) }
        let start = clock.uptime
        do {
            let result = try await withTaskCancellationHandler {
                try await attempts(ticket, access, since: start, body)
            } onCancel: {
                ticket.abandon(DatabaseError(.cancelled, "the task was cancelled"))
            }
            metrics.finished(kind, .success, after: clock.uptime - start)
            return result
        } catch {
            guard let fault = error as? DatabaseError else {
                // The closure refused, as it may: the database did its work.
                metrics.finished(kind, .rolledBack, after: clock.uptime - start)
                throw error
            }
            let reason = ticket.abandonment ?? fault
            metrics.failed(reason.code)
            metrics.finished(kind, .error, after: clock.uptime - start)
            if reason.code == .unknownCommit {
                connectionMetrics.unknownCommits.increment()
                unknownCommitAt.withLock { $0 = clock.uptime }
            }
            throw reason.during(operation)
        }
    }

    private func attempts<T: Sendable>(
        _ ticket: AccessTicket,
        _ access: ConnectionPoolState.Access,
        since start: Duration,
        _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        var attempt = 1
        while true {
            let connection = try await pool.enter(ticket, access)
            if attempt == 1 { metrics.waited(clock.uptime - start) }
            let (outcome, condition) = await run(body, on: connection, ticket, access)
            pool.leave(connection, condition)
            switch outcome {
            case .committed(let value, let commitActions):
                for action in commitActions { action() }
                return value
            case .failed(let error): throw error
            case .again(let error):
                guard attempt < PostgreSQLSettings.attemptsMax, ticket.enterAgain() else { throw error }
                attempt += 1
                connectionMetrics.retries.increment()
            }
        }
    }

    private func run<T: Sendable>(
        _ body: @Sendable (any SQLConnection) throws -> T,
        on connection: PooledConnection,
        _ ticket: AccessTicket,
        _ access: ConnectionPoolState.Access
    ) async -> (PostgreSQLTransaction.Outcome<T>, ConnectionPoolState.Return) {
        await connection.worker.run {
            guard let session = connection.session else {
                return (.again(DatabaseError(.connection, "the connection is closed")), .broken)
            }
            let transaction = PostgreSQLTransaction(
                session: session,
                access: access,
                ticket: ticket,
                deadlines: deadlines,
                settings: settings
            )
            let (outcome, condition) = transaction.run(body)
            return (outcome, condition)
        }
    }
}
