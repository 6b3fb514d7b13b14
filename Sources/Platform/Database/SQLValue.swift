package import Basics

/// A value that is bound to a parameter of a statement or found in a column.
///
/// The five kinds that SQLite and PostgreSQL share: booleans are the integers 0 and 1, times are integers of
/// milliseconds since the Unix epoch, identifiers and JSON are text.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// An integer.
    package static func int(_ value: Int) -> SQLValue { .integer(Int64(value)) }

    /// A boolean, stored as 0 or 1.
    package static func bool(_ value: Bool) -> SQLValue { .integer(value ? 1 : 0) }

    /// A time, stored as milliseconds since the Unix epoch.
    package static func timestamp(_ value: Timestamp) -> SQLValue { .integer(value.milliseconds) }

    /// An identifier, stored as its 36 characters.
    package static func id(_ value: UUIDv7) -> SQLValue { .text(value.description) }

    /// A text, or null when there is none.
    package static func optional(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }

    /// An integer, or null when there is none.
    package static func optional(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }

    /// A number, or null when there is none.
    package static func optional(_ value: Double?) -> SQLValue { value.map { .real($0) } ?? .null }

    /// A time, or null when there is none.
    package static func optional(_ value: Timestamp?) -> SQLValue { value.map { .timestamp($0) } ?? .null }

    /// An identifier, or null when there is none.
    package static func optional(_ value: UUIDv7?) -> SQLValue { value.map { .id($0) } ?? .null }

    /// The kind's name, for messages.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case .text: "text"
        case .blob: "blob"
        }
    }
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(floatLiteral value: Double) { self = .real(value) }

    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(nilLiteral: ()) { self = .null }
}
