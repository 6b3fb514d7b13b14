internal import Basics
package import Database
package import Instruments

/// How often a count is begun again because a change was committed meanwhile.
private let countAttemptsMax = 3

extension RecordStore {
    /// Counts the records for their gauge.
    ///
    /// Changes by this server move the gauge at once. Where they never stop during the count, the gauge stays as they
    /// have left it.
    /// - Throws: ``RecordError``: `database`.
    package func refresh<Status>(
        _ gauge: StatusGauge<Status>,
        as operation: R.Operation,
        _ name: OperationName
    ) async throws(Failure) {
        try await perform(operation) {
            for _ in 0..<countAttemptsMax {
                let generation = gauge.currentGeneration
                let counts = try await database.read(name) { try gauge.count($0) }
                if gauge.set(counts, since: generation) { return }
            }
        }
    }

    /// Removes the idempotency keys whose lifetime is over, in transactions of bounded size, and counts them.
    /// - Returns: how many were removed.
    /// - Throws: ``RecordError``: `database`.
    package func removeExpiredKeys(
        as operation: R.Operation,
        _ name: OperationName,
        counting expired: Counter
    ) async throws(Failure) -> Int {
        try await perform(operation) {
            var removed = 0
            while true {
                let now = clock.now
                let count = try await database.write(name) { connection in
                    try IdempotencyKeys(of: R.table.one, connection).removeExpired(at: now)
                }
                expired.increment(by: count)
                removed += count
                if count < IdempotencyKeys.expiryBatchMax { return removed }
            }
        }
    }
}
