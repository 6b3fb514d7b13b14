package import Basics

/// One row of a result, with its own copy of the values.
///
/// Access is by column name; a missing column, a null where none is allowed and a value of another kind throw
/// ``DatabaseError`` with the code `decoding`, because rows come from a file that someone else may have written.
package struct SQLRow: Sendable {
    /// The column names of a result; shared by its rows.
    final class Columns: Sendable {
        let names: [String]

        init(_ names: [String]) { self.names = names }

        /// Where a column stands.
        ///
        /// A search, since a table of positions costs more to make than most results have look-ups.
        func position(of name: String) -> Int? { names.firstIndex(of: name) }
    }

    let columns: Columns

    /// The values, in the order of the columns.
    package let values: [SQLValue]

    init(columns: Columns, values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// Makes a row by hand, for other implementations of ``SQLConnection`` and for tests.
    package init(_ pairs: [(name: String, value: SQLValue)]) {
        columns = Columns(pairs.map(\.name))
        values = pairs.map(\.value)
    }

    /// The names of the columns, in order.
    package var columnNames: [String] { columns.names }

    /// The value of a column, of whatever kind.
    /// - Throws: ``DatabaseError`` when there is no such column.
    package func value(_ column: String) throws(DatabaseError) -> SQLValue {
        guard let position = columns.position(of: column), position < values.count else {
            throw DatabaseError(.decoding, "the result has no column '\(column)'")
        }
        return values[position]
    }

    /// The text of a column.
    package func text(_ column: String) throws(DatabaseError) -> String {
        guard let value = try optionalText(column) else { throw unexpectedNull(column) }
        return value
    }

    /// The text of a column, nil for null.
    package func optionalText(_ column: String) throws(DatabaseError) -> String? {
        switch try value(column) {
        case .null: return nil
        case .text(let text): return text
        case let other: throw mismatch(column, "text", other)
        }
    }

    /// The integer of a column.
    package func integer(_ column: String) throws(DatabaseError) -> Int64 {
        guard let value = try optionalInteger(column) else { throw unexpectedNull(column) }
        return value
    }

    /// The integer of a column, nil for null.
    package func optionalInteger(_ column: String) throws(DatabaseError) -> Int64? {
        switch try value(column) {
        case .null: return nil
        case .integer(let integer): return integer
        case let other: throw mismatch(column, "integer", other)
        }
    }

    /// The integer of a column as `Int`.
    package func int(_ column: String) throws(DatabaseError) -> Int {
        guard let value = Int(exactly: try integer(column)) else {
            throw DatabaseError(.decoding, "the integer in column '\(column)' is out of range")
        }
        return value
    }

    /// The number of a column; integers count as numbers, since SQLite may store a whole number as one.
    package func real(_ column: String) throws(DatabaseError) -> Double {
        guard let value = try optionalReal(column) else { throw unexpectedNull(column) }
        return value
    }

    /// The number of a column, nil for null.
    package func optionalReal(_ column: String) throws(DatabaseError) -> Double? {
        switch try value(column) {
        case .null: return nil
        case .real(let real): return real
        case .integer(let integer): return Double(integer)
        case let other: throw mismatch(column, "real", other)
        }
    }

    /// The bytes of a column.
    package func blob(_ column: String) throws(DatabaseError) -> [UInt8] {
        switch try value(column) {
        case .blob(let bytes): return bytes
        case .null: throw unexpectedNull(column)
        case let other: throw mismatch(column, "blob", other)
        }
    }

    /// The boolean of a column: the integer 0 or 1.
    package func bool(_ column: String) throws(DatabaseError) -> Bool {
        switch try integer(column) {
        case 0: return false
        case 1: return true
        case let other: throw DatabaseError(.decoding, "column '\(column)' is no boolean: \(other)")
        }
    }

    /// The time of a column: milliseconds since the Unix epoch.
    package func timestamp(_ column: String) throws(DatabaseError) -> Timestamp {
        Timestamp(milliseconds: try integer(column))
    }

    /// The time of a column, nil for null.
    package func optionalTimestamp(_ column: String) throws(DatabaseError) -> Timestamp? {
        try optionalInteger(column).map { Timestamp(milliseconds: $0) }
    }

    /// The identifier of a column.
    package func id(_ column: String) throws(DatabaseError) -> UUIDv7 {
        guard let value = try optionalID(column) else { throw unexpectedNull(column) }
        return value
    }

    /// The identifier of a column, nil for null.
    package func optionalID(_ column: String) throws(DatabaseError) -> UUIDv7? {
        guard let text = try optionalText(column) else { return nil }
        guard let id = UUIDv7(text) else {
            throw DatabaseError(.decoding, "column '\(column)' is no identifier: '\(text)'")
        }
        return id
    }

    private func unexpectedNull(_ column: String) -> DatabaseError {
        DatabaseError(.decoding, "column '\(column)' is null")
    }

    private func mismatch(_ column: String, _ expected: String, _ found: SQLValue) -> DatabaseError {
        DatabaseError(.decoding, "column '\(column)' is \(found.kindName), not \(expected)")
    }
}
