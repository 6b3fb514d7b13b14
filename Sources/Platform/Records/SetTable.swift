internal import Basics
internal import Database

/// A table of pairs: records and the words, tags or capabilities that they have.
package struct SetTable: Sendable {
    /// How many rows one statement adds or removes at most.
    private static let rowsPerStatement = 50

    private let table: String
    private let record: String
    private let item: String

    /// Names the table and its two columns.
    package init(_ table: String, record: String, item: String) {
        self.table = table
        self.record = record
        self.item = item
    }

    /// Makes a record's items those of `new`, knowing that they were `old`.
    func change(
        _ id: UUIDv7,
        from old: Set<String>,
        to new: Set<String>,
        _ connection: any SQLConnection
    ) throws(DatabaseError) {
        for batch in Self.batches(old.subtracting(new)) {
            let places = (2...batch.count + 1).map { "?\($0)" }.joined(separator: ", ")
            let sql = "DELETE FROM \(table) WHERE \(record) = ?1 AND \(item) IN (\(places))"
            try connection.post(sql, [.id(id)] + batch.map { .text($0) })
        }
        for batch in Self.batches(new.subtracting(old)) {
            let places = (2...batch.count + 1).map { "(?1, ?\($0))" }.joined(separator: ", ")
            let sql = "INSERT INTO \(table) (\(record), \(item)) VALUES \(places)"
            try connection.post(sql, [.id(id)] + batch.map { .text($0) })
        }
    }

    /// Removes all items of a record.
    func clear(_ id: UUIDv7, _ connection: any SQLConnection) throws(DatabaseError) {
        try connection.execute("DELETE FROM \(table) WHERE \(record) = ?1", [.id(id)])
    }

    /// The items in full batches, and the rest one by one: two different statements, not one for each number of items.
    private static func batches(_ items: Set<String>) -> [ArraySlice<String>] {
        let sorted = items.sorted()
        let whole = sorted.count - sorted.count % rowsPerStatement
        let full = stride(from: 0, to: whole, by: rowsPerStatement).map { sorted[$0..<$0 + rowsPerStatement] }
        return full + (whole..<sorted.count).map { sorted[$0...$0] }
    }
}
