/// One run of a closure as a transaction on a connection, from its first statement to the commit.
///
/// Concurrency: runs on the connection's thread.
struct PostgreSQLTransaction {
    /// How a run ended.
    enum Outcome<T: Sendable>: Sendable {
        case committed(T, commitActions: [@Sendable () -> Void])
        /// Rolled back for certain, by no fault of the closure: it may be run again.
        case again(DatabaseError)
        case failed(any Error)
    }

    let session: PostgreSQLSession
    let access: ConnectionPoolState.Access
    let ticket: AccessTicket
    let deadlines: OperationDeadlines
    let settings: PostgreSQLSettings

    /// Runs `body`; returns how it ended, and in what condition the connection is.
    func run<T: Sendable>(
        _ body: (any SQLConnection) throws -> T
    ) -> (outcome: Outcome<T>, condition: ConnectionPoolState.Return) {
        let interrupter = session.interrupter
        let operation = interrupter.begin()
        let cut = AccessTicket()
        cut.whenAbandoned { interrupter.cut(operation) }
        ticket.whenAbandoned { [deadlines, settings] in
            interrupter.cancel(operation)
            deadlines.add(cut, limit: settings.cancelTimeout)
        }
        defer { deadlines.remove(cut) }
        let transaction = PostgreSQLConnection(
            session,
            begin: access == .read ? PostgreSQLSession.beginRead : PostgreSQLSession.beginWrite,
            ticket: ticket,
            resultRowsMax: settings.resultRowsMax
        )
        let outcome = complete(Result { try body(transaction) }, transaction, cut)
        let (wasCancelled, isSettled) = interrupter.end()
        var condition = ConnectionPoolState.Return.usable
        if transaction.failure?.isLost == true || outcome.isLost {
            condition = .lost
        } else if !isSettled || !restore(transaction, outcome.isEnded, wasCancelled) {
            condition = .broken
        }
        return (outcome.outcome, condition)
    }

    private struct Completion<T: Sendable> {
        let outcome: Outcome<T>
        /// Whether the server was told the end of the transaction.
        var isEnded = false
        var isLost = false
    }

    /// Commits what the closure has done, or finds out why not.
    private func complete<T: Sendable>(
        _ result: Result<T, any Error>,
        _ transaction: PostgreSQLConnection,
        _ cut: AccessTicket
    ) -> Completion<T> {
        if let failure = transaction.failure {
            // No commit was sent, so nothing is done.
            if failure.isConflict || failure.isLost { return Completion(outcome: .again(failure.error)) }
            if case .failure(let error) = result { return Completion(outcome: .failed(error)) }
            return Completion(outcome: .failed(failure.error))
        }
        // A commit is not interrupted: from here on the operation happens, or it is rolled back.
        do { try ticket.finish() } catch { return Completion(outcome: .failed(error)) }
        switch result {
        case .failure(let error): return Completion(outcome: .failed(error))
        case .success(let value):
            let committed = Outcome.committed(value, commitActions: transaction.commitActions)
            guard transaction.hasBegun else { return Completion(outcome: committed, isEnded: true) }
            switch access {
            case .read:
                // Whatever becomes of it, the closure has read what it wanted.
                do { try session.endRead() } catch {
                    return Completion(outcome: committed, isEnded: true, isLost: true)
                }
                return Completion(outcome: committed, isEnded: true)
            case .write: return commit(committed, cut)
            }
        }
    }

    private func commit<T: Sendable>(_ committed: Outcome<T>, _ cut: AccessTicket) -> Completion<T> {
        deadlines.add(cut, limit: settings.commitTimeout)
        do throws(PostgreSQLFault) {
            let command = try session.run("COMMIT").command
            guard command == "COMMIT" else {
                let error = DatabaseError(.other, "the server answered the commit with \(command)")
                return Completion(outcome: .failed(error), isEnded: true)
            }
            return Completion(outcome: committed, isEnded: true)
        } catch {
            if error.isLost {
                let message =
                    "the connection was lost during the commit, which may have happened: \(error.error.message)"
                return Completion(outcome: .failed(DatabaseError(.unknownCommit, message)), isLost: true)
            }
            // After a failure of what was posted the commit was not even tried.
            let isEnded = session.isIdle
            if error.isConflict { return Completion(outcome: .again(error.error), isEnded: isEnded) }
            return Completion(outcome: .failed(error.error), isEnded: isEnded)
        }
    }

    /// Leaves the connection as it was before the operation; false when that fails: its state is not known then.
    private func restore(_ transaction: PostgreSQLConnection, _ isEnded: Bool, _ wasCancelled: Bool) -> Bool {
        do {
            if transaction.hasBegun, !isEnded {
                // Or the end would be skipped with what follows a failure.
                do throws(PostgreSQLFault) { try session.finishPosted() } catch { if error.isLost { throw error } }
                _ = try session.run("ROLLBACK")
            }
            if wasCancelled {
                // The request to cancel may strike one statement later.
                do { _ = try session.run("SELECT 1") } catch { _ = try session.run("SELECT 1") }
            }
        } catch {
            return false
        }
        // What a read has ended is only sent.
        return access == .read && isEnded || session.isIdle
    }
}
