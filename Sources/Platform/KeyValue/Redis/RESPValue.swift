/// A reply of Redis, as the protocol RESP2 has them.
package enum RESPValue: Hashable, Sendable {
    /// A text of a command's own, such as `OK`.
    case status(String)
    case integer(Int64)
    case bulk([UInt8])
    /// A value that is not there.
    case null
    case array([RESPValue])
    /// What Redis says it cannot do: a word in capitals and a sentence.
    case error(String)

    /// The bytes of a bulk reply or a status; nil for all others.
    package var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .status(let text): Array(text.utf8)
        case .integer, .null, .array, .error: nil
        }
    }

    /// The number of an integer reply; nil for all others.
    package var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }

    /// The elements of an array; nil for all others.
    package var elements: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
