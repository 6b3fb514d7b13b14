internal import GRDB

/// What a transaction gave, and what is to be done once it is committed.
struct SQLiteOutcome<T: Sendable>: Sendable {
    let value: T
    let commitActions: [@Sendable () -> Void]
}

/// The one writer of SQLite: does the writes of a group in one transaction, so that the disk is waited for once.
///
/// Each but the first stands behind a savepoint: one that fails takes back nothing but its own. Nobody is told that a
/// write is done before the commit is on the disk. Where the transaction is lost nevertheless, since SQLite rolls all
/// of it back for some errors or the commit fails, those that had worked are run again, each in a transaction of its
/// own: whoever is at fault fails alone.
///
/// Between two writes of a group the transaction stays open, so all that is written goes through this.
actor SQLiteWriter {
    private nonisolated let executor = QueueExecutor(label: "database.writer")
    private let pool: DatabasePool
    private let gate: WriteGate
    /// Those whose work is done in the transaction that is open, and that wait for its commit; with what is to be done
    /// then.
    private var done: [(continuation: CheckedContinuation<Bool, Never>, actions: [@Sendable () -> Void])] = []
    /// Whether each of the rest of the group is committed by itself.
    private var isApart = false

    init(_ pool: DatabasePool, _ gate: WriteGate) {
        self.pool = pool
        self.gate = gate
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Runs one write of the group that the gate has let in, and returns when it is on the disk.
    ///
    /// `work` may be run again.
    func run<T: Sendable>(_ work: @Sendable (GRDB.Database) throws -> SQLiteOutcome<T>) async throws -> T {
        defer { gate.leave() }
        while true {
            let isLast = gate.begin()
            let result = attempt(work)
            guard isLast || isApart else {
                let outcome = try result.get()
                let isCommitted = await withCheckedContinuation { done.append(($0, outcome.commitActions)) }
                if isCommitted { return outcome.value }
                continue
            }
            let commitError = commit()
            if commitError != nil, !done.isEmpty, (try? result.get()) != nil {
                // Whose fault it is shows when each is committed by itself.
                gate.again(1)
                finish(isCommitted: false)
                continue
            }
            finish(isCommitted: commitError == nil)
            if gate.hasBegun { isApart = false }
            let outcome = try result.get()
            if let commitError { throw commitError }
            for action in outcome.commitActions { action() }
            return outcome.value
        }
    }

    /// Does the work in the open transaction, or begins one.
    private func attempt<T: Sendable>(_ work: (GRDB.Database) throws -> SQLiteOutcome<T>) -> Result<
        SQLiteOutcome<T>, any Error
    > {
        let (result, isOpen) = pool.writeWithoutTransaction { connection in
            let result = Result { try Self.step(connection, work) }
            return (result, connection.isInsideTransaction)
        }
        // SQLite has rolled back what the others had done too.
        if !isOpen, !done.isEmpty { finish(isCommitted: false) }
        return result
    }

    private static func step<T: Sendable>(
        _ connection: GRDB.Database,
        _ work: (GRDB.Database) throws -> SQLiteOutcome<T>
    ) throws -> SQLiteOutcome<T> {
        guard connection.isInsideTransaction else {
            try SQLiteFile.refuseMoved(connection)
            try connection.beginTransaction(.immediate)
            do { return try work(connection) } catch {
                try? connection.rollback()
                throw error
            }
        }
        try connection.cachedStatement(sql: "SAVEPOINT kaskman").execute()
        do {
            let outcome = try work(connection)
            try connection.cachedStatement(sql: "RELEASE kaskman").execute()
            return outcome
        } catch {
            if connection.isInsideTransaction {
                do {
                    try connection.cachedStatement(sql: "ROLLBACK TO kaskman").execute()
                    try connection.cachedStatement(sql: "RELEASE kaskman").execute()
                } catch {
                    // Nobody knows what is in it.
                    try? connection.rollback()
                }
            }
            throw error
        }
    }

    /// Commits what is open; nothing is open afterwards.
    private func commit() -> (any Error)? {
        pool.writeWithoutTransaction { connection in
            guard connection.isInsideTransaction else { return nil }
            do {
                try connection.commit()
                return nil
            } catch {
                try? connection.rollback()
                return error
            }
        }
    }

    /// Tells those who wait what became of the transaction; where it was lost, they run again.
    private func finish(isCommitted: Bool) {
        let done = done
        self.done = []
        if !isCommitted, !done.isEmpty {
            gate.again(done.count)
            isApart = true
        }
        for (continuation, actions) in done {
            if isCommitted { for action in actions { action() } }
            continuation.resume(returning: isCommitted)
        }
    }
}
