package import Basics
package import Database
package import JSON

/// Reads the values of a row one after the other, in the order of the statement's columns: quicker than by name.
package struct RowReader {
    private let values: [SQLValue]
    private var position = 0

    package init(_ row: SQLRow) { values = row.values }

    /// The next text.
    /// - Throws: ``DatabaseError`` with the code `decoding`, as all of these.
    package mutating func text() throws(DatabaseError) -> String {
        guard case .text(let text) = try next() else { throw mismatch("a text") }
        return text
    }

    /// The next text, nil for null.
    package mutating func optionalText() throws(DatabaseError) -> String? {
        switch try next() {
        case .null: return nil
        case .text(let text): return text
        default: throw mismatch("a text or null")
        }
    }

    /// The next integer.
    package mutating func integer() throws(DatabaseError) -> Int64 {
        guard case .integer(let integer) = try next() else { throw mismatch("an integer") }
        return integer
    }

    /// The next integer, nil for null.
    package mutating func optionalInteger() throws(DatabaseError) -> Int64? {
        switch try next() {
        case .null: return nil
        case .integer(let integer): return integer
        default: throw mismatch("an integer or null")
        }
    }

    /// The next integer of at most 32 bits.
    package mutating func small() throws(DatabaseError) -> Int {
        guard let small = Int32(exactly: try integer()) else { throw mismatch("an integer of 32 bits") }
        return Int(small)
    }

    /// The next number, nil for null.
    package mutating func optionalReal() throws(DatabaseError) -> Double? {
        switch try next() {
        case .null: return nil
        case .real(let real): return real
        case .integer(let integer): return Double(integer)
        default: throw mismatch("a number or null")
        }
    }

    /// The next boolean, stored as 0 or 1.
    package mutating func bool() throws(DatabaseError) -> Bool {
        switch try integer() {
        case 0: return false
        case 1: return true
        default: throw mismatch("a boolean")
        }
    }

    /// The next time.
    package mutating func timestamp() throws(DatabaseError) -> Timestamp {
        Timestamp(milliseconds: try integer())
    }

    /// The next time, nil for null.
    package mutating func optionalTimestamp() throws(DatabaseError) -> Timestamp? {
        try optionalInteger().map { Timestamp(milliseconds: $0) }
    }

    /// The next identifier.
    package mutating func id() throws(DatabaseError) -> UUIDv7 {
        guard let id = UUIDv7(try text()) else { throw mismatch("an identifier") }
        return id
    }

    /// The next text, as one of the raw values of `Value`.
    package mutating func enumeration<Value: RawRepresentable<String>>(
        _ type: Value.Type
    ) throws(DatabaseError) -> Value {
        guard let value = Value(rawValue: try text()) else { throw mismatch("a \(type)") }
        return value
    }

    /// The next text, as a JSON array of strings.
    package mutating func strings() throws(DatabaseError) -> [String] {
        guard let strings = JSONText.strings(try text()) else { throw mismatch("a JSON array of strings") }
        return strings
    }

    /// The next text, as a JSON object.
    package mutating func object() throws(DatabaseError) -> JSONValue {
        let text = try text()
        if text == "{}" { return .emptyObject }
        guard let value = try? JSONValue(parsing: text, limits: .stored), value.isObject else {
            throw mismatch("a JSON object")
        }
        return value
    }

    private mutating func next() throws(DatabaseError) -> SQLValue {
        guard position < values.count else {
            throw DatabaseError(.decoding, "the result has only \(values.count) columns")
        }
        position += 1
        return values[position - 1]
    }

    private func mismatch(_ expected: String) -> DatabaseError {
        DatabaseError(.decoding, "column \(position) of the result is not \(expected)")
    }
}
