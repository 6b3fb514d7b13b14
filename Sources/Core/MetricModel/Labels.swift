/// A label set: what identifies a series.
///
/// Sorted by name, without empty values, without a name twice. The labels lie packed in one buffer, so comparing and
/// hashing are single passes over bytes, and a label set costs one allocation. Names and values are compared as bytes:
/// `é` written in two ways stays two values, as in Prometheus.
///
/// Layout: name, value, name, value, …, each preceded by its length: one byte below 255, or 255 and three bytes
/// little-endian (a length of 2^24-1 or more: those three bytes all 255 and then eight more).
public struct Labels: Hashable, Sendable {
    /// The packed bytes; also what `limit_ratio` hashes.
    public let packed: [UInt8]

    init(packed: [UInt8]) {
        self.packed = packed
    }

    /// No labels.
    public static let empty = Labels(packed: [])

    /// Makes a label set in any order; of a name that comes twice the last value counts, and an empty value removes the
    /// label.
    public init(_ labels: some Sequence<Label>) {
        var builder = LabelsBuilder()
        for label in labels { builder.set(label.name, label.value) }
        self = builder.labels
    }

    /// Whether there are no labels.
    public var isEmpty: Bool { packed.isEmpty }

    /// The number of labels.
    ///
    /// Complexity: linear.
    public var count: Int {
        var count = 0
        forEachRange { _, _ in
            count += 1
            return true
        }
        return count
    }

    /// The value of a label; empty when it is missing, which is the same.
    public subscript(name: String) -> String {
        var name = name
        let range = name.withUTF8 { wanted in valueRange(of: unsafe Array(wanted)) }
        guard let range else { return "" }
        return String(decoding: packed[range], as: UTF8.self)
    }

    /// The metric name; empty when there is none.
    public var metricName: String { self[Label.metricName] }

    /// Whether the label is there.
    public func contains(_ name: String) -> Bool { valueRange(of: Array(name.utf8)) != nil }

    /// The position in ``packed`` of a label's value; nil when it is missing.
    public func valueRange(of name: [UInt8]) -> Range<Int>? {
        var found: Range<Int>?
        forEachRange { nameRange, valueRange in
            if packed[nameRange].elementsEqual(name) {
                found = valueRange
                return false
            }
            return true
        }
        return found
    }

    /// Calls `body` with the positions in ``packed`` of each label's name and value, in order, until it returns false.
    public func forEachRange(_ body: (_ name: Range<Int>, _ value: Range<Int>) -> Bool) {
        var position = 0
        while position < packed.count {
            let name = LabelBytes.range(in: packed, at: position)
            let value = LabelBytes.range(in: packed, at: name.upperBound)
            guard body(name, value) else { return }
            position = value.upperBound
        }
    }

    /// The labels with these names only, when `isKept`; all others, when not.
    ///
    /// `names` are bytes; the order does not matter. The metric name is a label like any other here.
    public func selecting(_ names: [[UInt8]], isKept: Bool) -> Labels {
        var selected: [UInt8] = []
        selected.reserveCapacity(packed.count)
        var start = 0
        forEachRange { name, value in
            if names.contains(where: { packed[name].elementsEqual($0) }) == isKept {
                selected.append(contentsOf: packed[start..<value.upperBound])
            }
            start = value.upperBound
            return true
        }
        return selected.count == packed.count ? self : Labels(packed: selected)
    }

    /// The label set with one label changed, added, or (with an empty value) removed.
    public func setting(_ name: String, to value: String) -> Labels {
        var builder = LabelsBuilder(self)
        builder.set(name, value)
        return builder.labels
    }

    /// The label set without one label.
    public func removing(_ name: String) -> Labels {
        selecting([Array(name.utf8)], isKept: false)
    }
}

extension Labels: Sequence {
    /// Yields the labels sorted by name.
    ///
    /// Each label costs two new strings: not for hot loops.
    public struct Iterator: IteratorProtocol {
        let packed: [UInt8]
        var position = 0

        /// The next label in the order of names; nil after the last.
        public mutating func next() -> Label? {
            guard position < packed.count else { return nil }
            let name = LabelBytes.range(in: packed, at: position)
            let value = LabelBytes.range(in: packed, at: name.upperBound)
            position = value.upperBound
            return Label(String(decoding: packed[name], as: UTF8.self), String(decoding: packed[value], as: UTF8.self))
        }
    }

    /// Begins with the first label by name.
    public func makeIterator() -> Iterator { Iterator(packed: packed) }
}

extension Labels: Comparable {
    /// Pairwise by name, then value, as bytes; a prefix sorts first.
    public static func < (left: Labels, right: Labels) -> Bool {
        var leftPosition = 0
        var rightPosition = 0
        while leftPosition < left.packed.count && rightPosition < right.packed.count {
            let leftRange = LabelBytes.range(in: left.packed, at: leftPosition)
            let rightRange = LabelBytes.range(in: right.packed, at: rightPosition)
            let leftText = left.packed[leftRange]
            let rightText = right.packed[rightRange]
            if !leftText.elementsEqual(rightText) { return leftText.lexicographicallyPrecedes(rightText) }
            leftPosition = leftRange.upperBound
            rightPosition = rightRange.upperBound
        }
        return leftPosition == left.packed.count && rightPosition < right.packed.count
    }
}

extension Labels: CustomStringConvertible {
    /// As in PromQL: `name{label="value"}`; names that are no identifiers are quoted.
    public var description: String {
        let name = metricName
        let isPlainName = MetricNames.isLegacyMetricName(name)
        var parts: [String] = []
        if !name.isEmpty && !isPlainName { parts.append(QuotedText.quote(name)) }
        for label in self where label.name != Label.metricName {
            let key = MetricNames.isLegacyLabelName(label.name) ? label.name : QuotedText.quote(label.name)
            parts.append("\(key)=\(QuotedText.quote(label.value))")
        }
        if parts.isEmpty && isPlainName { return name }
        return (isPlainName ? name : "") + "{" + parts.joined(separator: ", ") + "}"
    }
}

extension Labels: ExpressibleByDictionaryLiteral {
    /// Makes the label set of name and value pairs, in any order; those with empty values are left out.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Label($0.0, $0.1) })
    }
}
