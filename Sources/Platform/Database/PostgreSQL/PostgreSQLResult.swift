import CPostgres

/// The result of a statement, freed with this object.
struct PostgreSQLResult: ~Copyable {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    var rowCount: Int { Int(PQntuples(result)) }

    /// How many rows the statement inserted, changed or deleted; 0 when it is of another kind.
    var changedRows: Int {
        // `SELECT 3` tells how many rows it found.
        guard let status = PQcmdStatus(result), UInt8(truncatingIfNeeded: status.pointee) != UInt8(ascii: "S") else {
            return 0
        }
        return Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    /// The command that the server has carried out: `COMMIT`, or `ROLLBACK` where a commit was asked for in vain.
    var command: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    /// All rows, each with its own copy of the values.
    /// - Throws: ``DatabaseError``: `decoding`.
    func rows() throws(DatabaseError) -> [SQLRow] {
        let result = result
        let fieldCount = PQnfields(result)
        let columns = SQLRow.Columns((0..<fieldCount).map { String(cString: PQfname(result, $0)) })
        let types = (0..<fieldCount).map { PQftype(result, $0) }
        var rows: [SQLRow] = []
        rows.reserveCapacity(rowCount)
        for row in 0..<PQntuples(result) {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(fieldCount))
            for field in 0..<fieldCount { values.append(try value(row, field, types[Int(field)], columns)) }
            rows.append(SQLRow(columns: columns, values: values))
        }
        return rows
    }

    private func value(
        _ row: Int32,
        _ field: Int32,
        _ type: Oid,
        _ columns: SQLRow.Columns
    ) throws(DatabaseError) -> SQLValue {
        guard PQgetisnull(result, row, field) == 0, let start = PQgetvalue(result, row, field) else { return .null }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, field)))
        guard let value = PostgreSQLText.value(bytes, type: type) else {
            throw DatabaseError(.decoding, "column '\(columns.names[Int(field)])' cannot be read as type \(type)")
        }
        return value
    }
}

/// Values in the text form of PostgreSQL's types.
enum PostgreSQLText {
    /// Reads a value; nil when it is none of its type.
    ///
    /// `type`: the identifier of a built-in type (`pg_type.dat` of PostgreSQL); those that are not listed are texts.
    static func value(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> SQLValue? {
        switch type {
        case 16: bytes.first == UInt8(ascii: "t") ? .integer(1) : .integer(0)
        case 17: blob(bytes).map { SQLValue.blob($0) }
        case 20, 21, 23, 26: integer(bytes).map { SQLValue.integer($0) }
        case 700, 701: Double(String(decoding: bytes, as: UTF8.self)).map { SQLValue.real($0) }
        // The sum of integers is one of these.
        case 1700:
            integer(bytes).map { SQLValue.integer($0) }
                ?? Double(String(decoding: bytes, as: UTF8.self)).map { SQLValue.real($0) }
        // The empty result of a function that has none.
        case 2278: .null
        default: .text(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Decimal digits after a sign; nil for anything else, and beyond 64 bits.
    private static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        guard bytes.count > (isNegative ? 1 : 0) else { return nil }
        var value: Int64 = 0
        for byte in bytes.dropFirst(isNegative ? 1 : 0) {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            // Downwards where it is negative: the least integer has no opposite.
            let (sum, overflowsToo) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if overflows || overflowsToo { return nil }
            value = sum
        }
        return value
    }

    /// `\x` and two digits a byte, as the server writes since 9.0.
    private static func blob(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count >= 2, bytes.count % 2 == 0, bytes[0] == UInt8(ascii: "\\"), bytes[1] == UInt8(ascii: "x")
        else { return nil }
        var blob: [UInt8] = []
        blob.reserveCapacity(bytes.count / 2 - 1)
        for index in stride(from: 2, to: bytes.count, by: 2) {
            guard let high = nibble(bytes[index]), let low = nibble(bytes[index + 1]) else { return nil }
            blob.append(high << 4 | low)
        }
        return blob
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
