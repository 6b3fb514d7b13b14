package import Basics
import JSON
package import Logging
import Synchronization

/// Writes log lines as logfmt or JSON, one a line, with the time, the level and the metadata as fields.
package struct StructuredLogHandler: LogHandler {
    /// How a line is written.
    package enum Format: String, Sendable {
        case logfmt, json
    }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: Format
    private let clock: any WallClock
    private let output: @Sendable ([UInt8]) -> Void

    package init(
        label: String,
        format: Format,
        level: Logger.Level,
        clock: any WallClock,
        output: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.label = label
        self.format = format
        logLevel = level
        self.clock = clock
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LogLine(format: format)
        line.add("time", .string(clock.now.rfc3339))
        line.add("level", .string(event.level.rawValue))
        line.add("msg", .string(event.message.description))
        var fields = metadata
        if let more = event.metadata { fields.merge(more) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) { line.add(key, value) }
        output(line.finished)
    }
}

/// The bytes of one log line.
struct LogLine {
    private let format: StructuredLogHandler.Format
    private var bytes: [UInt8] = []

    init(format: StructuredLogHandler.Format) {
        self.format = format
        bytes.reserveCapacity(256)
        if format == .json { bytes.append(UInt8(ascii: "{")) }
    }

    mutating func add(_ key: String, _ value: Logger.MetadataValue) {
        switch format {
        case .json:
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            appendMember(key, value)
        case .logfmt:
            let text = Self.text(of: value)
            if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
            bytes.append(contentsOf: key.utf8.map { $0 <= 0x20 || $0 == 0x3d || $0 == 0x22 ? UInt8(ascii: "_") : $0 })
            bytes.append(UInt8(ascii: "="))
            let needsQuotes =
                text.isEmpty
                || text.utf8.contains { $0 <= 0x20 || $0 == 0x3d || $0 == 0x22 || $0 == 0x5c || $0 == 0x7f }
            if needsQuotes { appendQuoted(text) } else { bytes.append(contentsOf: text.utf8) }
        }
    }

    /// Lists and mappings as in JSON, whose order does not change from line to line.
    private static func text(of value: Logger.MetadataValue) -> String {
        switch value {
        case .string, .stringConvertible: return value.description
        case .array, .dictionary:
            var line = LogLine(format: .json)
            line.bytes = []
            line.appendJSON(value)
            return String(decoding: line.bytes, as: UTF8.self)
        }
    }

    private mutating func appendMember(_ key: String, _ value: Logger.MetadataValue) {
        appendQuoted(key)
        bytes.append(UInt8(ascii: ":"))
        appendJSON(value)
    }

    /// Numbers and booleans as JSON has them; what JSON has not, such as infinity, as text.
    private mutating func appendJSON(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): appendQuoted(text)
        case .stringConvertible(let value as Bool): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .stringConvertible(let value as any BinaryInteger): bytes.append(contentsOf: value.description.utf8)
        case .stringConvertible(let value as Double) where value.isFinite:
            bytes.append(contentsOf: value.description.utf8)
        case .stringConvertible(let value): appendQuoted(value.description)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                appendJSON(value)
            }
            bytes.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                appendMember(member.key, member.value)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// The line with its end.
    var finished: [UInt8] {
        bytes + (format == .json ? [UInt8(ascii: "}"), UInt8(ascii: "\n")] : [UInt8(ascii: "\n")])
    }

    /// Quotes, with control characters escaped: they would let a request forge lines or drive a terminal.
    private mutating func appendQuoted(_ text: String) { JSONString.append(text, to: &bytes, escaping: .terminal) }
}
