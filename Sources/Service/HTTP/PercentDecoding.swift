import APIModel

/// Percent-encoding of paths and queries (RFC 3986, 2.1).
enum PercentDecoding {
    /// The decoded text; nil for a broken escape, invalid UTF-8 or a NUL.
    ///
    /// With `plusIsSpace` a plus is a blank, as in `application/x-www-form-urlencoded`.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        if !text.utf8.contains(where: { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }) {
            return String(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
                let decoded = high << 4 | low
                guard decoded != 0 else { return nil }
                bytes.append(decoded)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}

/// The names and values of a query or of a form, in order, decoded.
package struct QueryItems: Sendable {
    package struct Item: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    /// More than these are refused.
    package static let itemsMax = 1_000

    package let items: [Item]

    /// Reads what stands after the `?`, or a form's body.
    /// - Throws: ``ProblemError`` with `malformed_request`.
    package init(parsing text: Substring) throws(ProblemError) {
        var items: [Item] = []
        for part in text.utf8.split(separator: UInt8(ascii: "&")) {
            guard items.count < Self.itemsMax else {
                throw ProblemError(.malformedRequest, "more than \(Self.itemsMax) parameters")
            }
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let name = part[..<(equals ?? part.endIndex)]
            let value = equals.map { part[part.index(after: $0)...] } ?? part[part.endIndex...]
            guard let name = PercentDecoding.decode(Substring(name), plusIsSpace: true),
                let value = PercentDecoding.decode(Substring(value), plusIsSpace: true)
            else { throw ProblemError(.malformedRequest, "the query has a broken percent-encoding") }
            items.append(Item(name: name, value: value))
        }
        self.items = items
    }
}
