import MetricModel

/// Which series have which labels: for each label name and value the slots of the series.
///
/// A value type: readers take a copy under the store's lock (which costs a few reference counts) and evaluate their
/// matchers on it without the lock; the next new series then copies what it changes.
struct LabelIndex: Sendable {
    /// Label name to label value to slots.
    ///
    /// Bytes, not strings: text that is equivalent in Unicode is not the same
    /// label.
    private var postings: [[UInt8]: [[UInt8]: [UInt32]]] = [:]
    /// All slots in use.
    private(set) var all: [UInt32] = []
    /// The labels of the series in each slot; empty where there is none.
    private(set) var labels: [Labels] = []
    /// The number of different pairs of name and value.
    private(set) var pairCount = 0

    /// Adds a series in a slot that is free.
    mutating func insert(_ series: Labels, at slot: UInt32) {
        while labels.count <= Int(slot) { labels.append(.empty) }
        labels[Int(slot)] = series
        Postings.insert(slot, into: &all)
        series.forEachRange { nameRange, valueRange in
            let name = Array(series.packed[nameRange])
            let value = Array(series.packed[valueRange])
            if postings[name]?[value] == nil { pairCount += 1 }
            Postings.insert(slot, into: &postings[name, default: [:]][value, default: []])
            return true
        }
    }

    /// Removes series; `slots` ascends.
    ///
    /// Complexity: linear in the lists that hold them.
    mutating func remove(_ slots: [UInt32]) {
        guard !slots.isEmpty else { return }
        var touched: [[UInt8]: Set<[UInt8]>] = [:]
        for slot in slots {
            let series = labels[Int(slot)]
            series.forEachRange { name, value in
                touched[Array(series.packed[name]), default: []].insert(Array(series.packed[value]))
                return true
            }
            labels[Int(slot)] = .empty
        }
        all = Postings.subtracting(all, slots)
        for (name, values) in touched {
            for value in values {
                let rest = Postings.subtracting(postings[name]?[value] ?? [], slots)
                if rest.isEmpty { pairCount -= 1 }
                postings[name]?[value] = rest.isEmpty ? nil : rest
            }
            if postings[name]?.isEmpty == true { postings[name] = nil }
        }
    }

    /// The series that fit all matchers, ascending by slot.
    func slots(matching matchers: [LabelMatcher]) -> [UInt32] {
        var candidates: [UInt32]?
        // What costs a look-up narrows the candidates before what has to try every value of a label.
        let ordered = matchers.map { (matcher: $0, matchesEmpty: $0.matchesEmpty) }
        for (matcher, matchesEmpty) in ordered where !matchesEmpty {
            guard let values = matcher.possibleValues else { continue }
            narrow(&candidates, to: lookUp(values, of: matcher))
            if candidates?.isEmpty == true { return [] }
        }
        for (matcher, matchesEmpty) in ordered where !matchesEmpty && matcher.possibleValues == nil {
            let values = postings[Array(matcher.name.utf8)] ?? [:]
            if let known = candidates, known.count < values.count {
                candidates = known.filter { matcher.matches(labels[Int($0)]) }
            } else {
                narrow(&candidates, to: scan(values, with: matcher))
            }
            if candidates?.isEmpty == true { return [] }
        }
        var rest = candidates ?? all
        for (matcher, matchesEmpty) in ordered where matchesEmpty {
            rest = excluding(rest, with: matcher)
            if rest.isEmpty { return [] }
        }
        return rest
    }

    private func narrow(_ candidates: inout [UInt32]?, to slots: [UInt32]) {
        candidates = candidates.map { Postings.intersection($0, slots) } ?? slots
    }

    private func lookUp(_ values: [String], of matcher: LabelMatcher) -> [UInt32] {
        guard let known = postings[Array(matcher.name.utf8)] else { return [] }
        let distinct = values.count == 1 ? [Array(values[0].utf8)] : Array(Set(values.map { Array($0.utf8) }))
        return Postings.union(distinct.compactMap { known[$0] })
    }

    private func scan(_ values: [[UInt8]: [UInt32]], with matcher: LabelMatcher) -> [UInt32] {
        let prefix = Array(matcher.possiblePrefix.utf8)
        var lists: [[UInt32]] = []
        for (value, slots) in values where prefix.isEmpty || value.starts(with: prefix) {
            if matcher.matches(value[...]) { lists.append(slots) }
        }
        return Postings.union(lists)
    }

    /// What is left of `candidates` without the series whose value does not fit; those without the label do.
    private func excluding(_ candidates: [UInt32], with matcher: LabelMatcher) -> [UInt32] {
        guard let values = postings[Array(matcher.name.utf8)] else { return candidates }
        if matcher.operation == .notEqual {
            return Postings.subtracting(candidates, values[Array(matcher.value.utf8)] ?? [])
        }
        if candidates.count < values.count {
            return candidates.filter { matcher.matches(labels[Int($0)]) }
        }
        var lists: [[UInt32]] = []
        for (value, slots) in values where !matcher.matches(value[...]) { lists.append(slots) }
        return Postings.subtracting(candidates, Postings.union(lists))
    }
}
