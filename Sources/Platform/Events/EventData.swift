internal import Foundation

/// A value of JSON, for what an event says beyond who, what and when.
package enum EventValue: Hashable, Sendable, Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([EventValue])
    case object([String: EventValue])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([EventValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: EventValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension EventValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(floatLiteral value: Double) { self = .number(value) }

    package init(arrayLiteral elements: EventValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, EventValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}

/// The JSON text of an event's data, and back.
enum EventDataCoding {
    /// - Throws: ``EventError/notEncodable`` for numbers that JSON does not have.
    static func encode(_ data: [String: EventValue]) throws(EventError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(data), as: UTF8.self)
        } catch {
            throw .notEncodable("\(error)")
        }
    }

    static func decode(_ text: String) -> [String: EventValue]? {
        try? JSONDecoder().decode([String: EventValue].self, from: Data(text.utf8))
    }
}

/// Why an event could not be appended.
package enum EventError: Error, Hashable, CustomStringConvertible {
    /// The data is longer, as JSON, than `bytesMax`.
    case dataTooLarge(bytes: Int, bytesMax: Int)
    /// The data holds a number that JSON does not have.
    case notEncodable(String)
    /// There are `subscribersMax` followers already.
    case tooManySubscribers(subscribersMax: Int)

    package var description: String {
        switch self {
        case .dataTooLarge(let bytes, let bytesMax):
            "the event's data has \(bytes) bytes, more than \(bytesMax) (dataBytesMax)"
        case .notEncodable(let reason): "the event's data is no JSON: \(reason)"
        case .tooManySubscribers(let subscribersMax):
            "there are \(subscribersMax) followers of events already (subscribersMax)"
        }
    }
}
