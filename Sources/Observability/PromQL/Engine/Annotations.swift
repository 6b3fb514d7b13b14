import Basics
import MetricModel

/// Remarks on an answer, each at most once whatever its position.
public struct Annotations: Sendable, Equatable {
    /// How serious a remark is.
    public enum Kind: String, Sendable {
        case warning, info
    }

    /// One remark.
    public struct Entry: Sendable, Equatable {
        /// How serious it is.
        public let kind: Kind
        /// What is remarked, from `PromQL warning:` or `PromQL info:` on, without the position.
        public let message: String
        /// The expression it is about.
        public let position: SourceRange
        var monotonicity: MonotonicityRepair?

        /// The remark with its position in the query: `… (line:column)`, both from 1, the column in bytes.
        public func text(in query: String) -> String {
            var line = 1
            var column = 1
            for byte in query.utf8.prefix(position.start) {
                if byte == UInt8(ascii: "\n") {
                    line += 1
                    column = 1
                } else {
                    column += 1
                }
            }
            return "\(message)\(monotonicity?.details ?? "") (\(line):\(column))"
        }
    }

    /// How many remarks are kept; those that come up later are dropped.
    public static let entriesMax = 1000

    /// In the order in which they came up.
    public private(set) var entries: [Entry] = []
    private var indexByMessage: [String: Int] = [:]

    /// No remarks.
    public init() {}

    /// The texts of all warnings.
    public func warnings(in query: String) -> [String] { texts(.warning, query) }

    /// The texts of all infos.
    public func infos(in query: String) -> [String] { texts(.info, query) }

    private func texts(_ kind: Kind, _ query: String) -> [String] {
        entries.filter { $0.kind == kind }.map { $0.text(in: query) }
    }

    mutating func warn(_ text: String, _ position: SourceRange) {
        add(Entry(kind: .warning, message: "PromQL warning: " + text, position: position, monotonicity: nil))
    }

    mutating func inform(_ text: String, _ position: SourceRange) {
        add(Entry(kind: .info, message: "PromQL info: " + text, position: position, monotonicity: nil))
    }

    mutating func add(_ entry: Entry) {
        if let index = indexByMessage[entry.message] {
            if let repair = entry.monotonicity { entries[index].monotonicity?.merge(repair) }
            return
        }
        if entries.count == Self.entriesMax { return }
        indexByMessage[entry.message] = entries.count
        entries.append(entry)
    }

    /// Remarks are equal when they are the same, in the same order.
    public static func == (left: Annotations, right: Annotations) -> Bool { left.entries == right.entries }
}

/// What had to be repaired in the buckets of classic histograms, over all steps.
struct MonotonicityRepair: Sendable, Equatable {
    var firstTimestamp: Int64
    var lastTimestamp: Int64
    var lowestBound: Double
    var highestBound: Double
    var differenceMax: Double
    var count = 1

    mutating func merge(_ other: MonotonicityRepair) {
        firstTimestamp = min(firstTimestamp, other.firstTimestamp)
        lastTimestamp = max(lastTimestamp, other.lastTimestamp)
        lowestBound = min(lowestBound, other.lowestBound)
        highestBound = max(highestBound, other.highestBound)
        differenceMax = max(differenceMax, other.differenceMax)
        count += other.count
    }

    var details: String {
        ", from buckets \(FloatText.shortest(lowestBound)) to \(FloatText.shortest(highestBound)), with a max diff of "
            + "\(Self.twoDigits(differenceMax)), over \(count) samples from \(Self.time(firstTimestamp)) to "
            + Self.time(lastTimestamp)
    }

    /// As `%.2g`.
    private static func twoDigits(_ value: Double) -> String {
        guard value.isFinite, value != 0 else { return FloatText.shortest(value) }
        var scale = 1.0
        var magnitude = value.magnitude
        while magnitude >= 100 {
            magnitude /= 10
            scale *= 10
        }
        while magnitude < 10 {
            magnitude *= 10
            scale /= 10
        }
        let rounded = (value / scale).rounded() * scale
        let text = FloatText.shortest(rounded)
        // Two digits hold up to 99; from 100 on the exponent form is used.
        guard rounded.magnitude >= 100 else { return text }
        var exponent = 0
        var mantissa = rounded
        while mantissa.magnitude >= 10 {
            mantissa /= 10
            exponent += 1
        }
        mantissa = (mantissa * 10).rounded() / 10
        return FloatText.shortest(mantissa) + "e+" + (exponent < 10 ? "0" : "") + "\(exponent)"
    }

    private static func time(_ milliseconds: Int64) -> String {
        let text = Timestamp(milliseconds: milliseconds).rfc3339
        return text.hasSuffix(".000Z") ? text.dropLast(5) + "Z" : text
    }
}
