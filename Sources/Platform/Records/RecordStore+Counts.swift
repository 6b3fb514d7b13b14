package import Basics
package import Database

/// How many records a list's filters admit, by one of their columns.
package struct RecordCounts: Hashable, Sendable {
    /// By value of the column; values of no record are missing.
    package let values: [String: Int]
    /// Whether every record was counted; otherwise there are more than were to be, and the counts are those of some.
    package let isComplete: Bool
}

extension ListLimits {
    /// How many records are counted for one answer, so that no filter keeps the database for long.
    package static let recordsCountedMax = 100_000
}

extension RecordStore {
    /// Counts what a list's filters admit, whatever its page; one record more than `countedMax` tells that there are more.
    /// - Throws: ``ParameterFault``, ``DatabaseError``.
    package func counts<Query: RecordListQuery>(
        _ query: Query,
        by column: String,
        _ operation: OperationName,
        at now: Timestamp,
        countedMax: Int
    ) async throws -> RecordCounts where Query.Item == R {
        try query.validate()
        let filter = query.filter(at: now)
        var arguments = filter.arguments
        arguments.append(.int(countedMax + 1))
        let sql = """
            SELECT value, count(*) AS amount FROM (
                SELECT r.\(column) AS value FROM \(R.table.name) r WHERE \(filter.condition) LIMIT ?\(arguments.count)
            ) AS found GROUP BY value
            """
        let wanted = arguments
        let rows = try await database.read(operation) { try $0.query(sql, wanted) }
        var values: [String: Int] = [:]
        for row in rows {
            var reader = RowReader(row)
            values[try reader.text()] = Int(clamping: try reader.integer())
        }
        return RecordCounts(values: values, isComplete: values.values.reduce(0, +) <= countedMax)
    }
}
