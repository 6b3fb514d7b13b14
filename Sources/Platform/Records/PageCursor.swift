package import Basics
package import Database

/// Where a page of a list ended: the sort key and identifier of its last row.
///
/// The next page begins behind that row, wherever it stands by then: rows that are added or removed meanwhile neither
/// repeat nor hide others. The text form is opaque to clients.
package struct PageCursor: Hashable, Sendable {
    /// A sort key as the database orders it.
    package enum Key: Hashable, Sendable {
        case integer(Int64)
        case text(String)

        var isText: Bool {
            if case .text = self { true } else { false }
        }

        /// The key as the parameter of a statement.
        package var sqlValue: SQLValue {
            switch self {
            case .integer(let integer): .integer(integer)
            case .text(let text): .text(text)
            }
        }
    }

    package let key: Key
    package let id: UUIDv7

    package init(key: Key, id: UUIDv7) {
        self.key = key
        self.id = id
    }

    /// Reads the last row of a page: its first column is the identifier, its last the sort key.
    init(_ row: SQLRow) throws(DatabaseError) {
        guard case .text(let text)? = row.values.first, let id = UUIDv7(text) else {
            throw DatabaseError(.decoding, "a list's first column is no identifier")
        }
        switch row.values.last {
        case .integer(let integer): self.init(key: .integer(integer), id: id)
        case .text(let text): self.init(key: .text(text), id: id)
        default: throw DatabaseError(.decoding, "the sort key of \(id) is neither integer nor text")
        }
    }

    /// How long the text of a cursor may be.
    package static let textLengthMax = 4096
    private static let version: UInt8 = 1
    private static let idLength = 36

    /// The text form, bound to the list's sort and filters.
    ///
    /// The bytes are: version, hash of `scope` (8), kind of key, identifier (36), key, hash of all that (8), in
    /// base64url.
    package func encoded(scope: String) -> String {
        var bytes: [UInt8] = [Self.version]
        bytes.appendBigEndian(FNV.hash(scope.utf8))
        switch key {
        case .integer(let integer):
            bytes.append(0)
            bytes.append(contentsOf: id.description.utf8)
            bytes.appendBigEndian(UInt64(bitPattern: integer))
        case .text(let text):
            bytes.append(1)
            bytes.append(contentsOf: id.description.utf8)
            bytes.append(contentsOf: text.utf8)
        }
        bytes.appendBigEndian(FNV.hash(bytes))
        return Base64URL.encode(bytes)
    }

    /// Reads the text form.
    /// - Throws: ``PageCursorError``.
    package init(_ text: String, scope: String) throws(PageCursorError) {
        guard text.utf8.count <= Self.textLengthMax, let bytes = Base64URL.decode(text), let version = bytes.first,
            version == Self.version, bytes.count >= 10 + Self.idLength + 8
        else { throw .malformed }
        let end = bytes.count - 8
        guard FNV.hash(bytes[..<end]) == UInt64(bigEndian: bytes[end...]) else { throw .malformed }
        guard UInt64(bigEndian: bytes[1..<9]) == FNV.hash(scope.utf8) else { throw .foreign }
        let keyStart = 10 + Self.idLength
        guard let id = UUIDv7(String(decoding: bytes[10..<keyStart], as: UTF8.self)) else { throw .malformed }
        let keyBytes = bytes[keyStart..<end]
        switch bytes[9] {
        case 0 where keyBytes.count == 8:
            key = .integer(Int64(bitPattern: UInt64(bigEndian: keyBytes)))
        case 1:
            guard let text = String(validating: keyBytes, as: UTF8.self) else { throw .malformed }
            key = .text(text)
        default:
            throw .malformed
        }
        self.id = id
    }
}

/// Why a cursor cannot be used.
package enum PageCursorError: Error, Hashable, Sendable {
    /// It is no cursor, was damaged, or was made by an incompatible version.
    case malformed
    /// It belongs to a list with another sort or other filters.
    case foreign
}

/// The hash FNV-1a of 64 bits: tells damage and mix-ups from the real thing; no protection against intent.
package enum FNV {
    /// The hash of some bytes.
    package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

extension [UInt8] {
    fileprivate mutating func appendBigEndian(_ value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }
}

extension UInt64 {
    fileprivate init(bigEndian bytes: ArraySlice<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
