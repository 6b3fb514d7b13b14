import CPostgres

/// The arguments of a statement as libpq takes them: texts that end in a zero, and bytes as they are.
struct PostgreSQLArguments {
    private let arguments: [SQLValue]

    /// - Throws: ``PostgreSQLFault``: `syntax` for a text with a zero in it, which PostgreSQL cannot hold, and for more
    ///   arguments than the protocol has numbers for.
    init(_ arguments: [SQLValue]) throws(PostgreSQLFault) {
        guard arguments.count <= Int(UInt16.max) else {
            throw PostgreSQLFault(DatabaseError(.syntax, "the statement has more than \(UInt16.max) arguments"))
        }
        for case .text(let text) in arguments where text.utf8.contains(0) {
            throw PostgreSQLFault(DatabaseError(.syntax, "a text holds the character U+0000"))
        }
        self.arguments = arguments
    }

    /// Calls `body` with the arrays of libpq's functions, which are good until it returns.
    func withPointers<T>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> T
    ) -> T {
        if arguments.isEmpty { return body(0, nil, nil, nil) }
        // All in one piece of memory, since an argument each would be an allocation each.
        var bytes: [UInt8] = []
        var offsets: [Int?] = []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        for argument in arguments {
            let start = bytes.count
            switch argument {
            case .null: break
            case .integer(let integer): bytes.append(contentsOf: integer.description.utf8)
            case .real(let real): bytes.append(contentsOf: real.description.utf8)
            case .text(let text): bytes.append(contentsOf: text.utf8)
            case .blob(let blob): bytes.append(contentsOf: blob)
            }
            var isBinary = false
            if case .blob = argument { isBinary = true }
            offsets.append(argument == .null ? nil : start)
            lengths.append(Int32(clamping: bytes.count - start))
            formats.append(isBinary ? 1 : 0)
            bytes.append(0)
        }
        return bytes.withUnsafeBytes { bytes in
            let pointers: [UnsafePointer<CChar>?] = offsets.map { offset in
                offset.flatMap { bytes.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            return body(Int32(arguments.count), pointers, lengths, formats)
        }
    }
}
