import MetricModel

/// An arithmetic operator or a comparison between two vectors.
///
/// Match groups are found once per series; values are combined column by column. Where the language asks for it
/// (several series of a group at one step) the steps are looked at one by one.
struct VectorJoin {
    private let operation: BinaryOperation
    private let matching: VectorMatching
    private let evaluation: Evaluation
    private let steps: Int
    /// Whether the right side of the query may have many series per group; the sides are swapped then.
    private let isSwapped: Bool
    private var signatures: MatchSignatures
    private var result: [VectorSeries] = []

    init(_ operation: BinaryOperation, _ matching: VectorMatching, in evaluation: Evaluation, steps: Int) {
        self.operation = operation
        self.matching = matching
        self.evaluation = evaluation
        self.steps = steps
        isSwapped = matching.cardinality == .oneToMany
        signatures = MatchSignatures(matching)
    }

    mutating func run(_ left: [VectorSeries], _ right: [VectorSeries]) throws(QueryError) -> [VectorSeries] {
        guard let function = BinaryFunctions.element(operation.operation, returnsBool: operation.returnsBool) else {
            throw QueryError.invalid("operator \"\(operation.operation.rawValue)\" not allowed between vectors")
        }
        let many = isSwapped ? right : left
        let one = isSwapped ? left : right
        // As upstream: with group_right the fill values change sides with the vectors.
        let fillMany = matching.fillLeft
        let fillOne = matching.fillRight
        var manyByGroup: [[Int]] = []
        var oneByGroup: [[Int]] = []
        for (index, series) in many.enumerated() { append(index, series, to: &manyByGroup) }
        for (index, series) in one.enumerated() { append(index, series, to: &oneByGroup) }
        let isAnyMany = fillMany == nil && fillOne == nil ? presence(many) : nil
        for group in 0..<signatures.count {
            if group & 255 == 0 { try evaluation.poll() }
            let manyMembers = group < manyByGroup.count ? manyByGroup[group] : []
            let oneMembers = group < oneByGroup.count ? oneByGroup[group] : []
            if oneMembers.count > 1 { try checkUnique(oneMembers.map { one[$0] }, group, where: isAnyMany) }
            try join(
                manyMembers.map { many[$0] },
                oneMembers.map { one[$0] },
                group,
                function,
                fillMany: fillMany,
                fillOne: fillOne
            )
        }
        return result
    }

    private mutating func append(_ index: Int, _ series: VectorSeries, to groups: inout [[Int]]) {
        let group = signatures.index(of: series.labels)
        while groups.count <= group { groups.append([]) }
        groups[group].append(index)
    }

    private func presence(_ series: [VectorSeries]) -> [Bool] {
        var presence = [Bool](repeating: false, count: steps)
        for one in series {
            for step in 0..<steps where StepColumn.isPresent(one.column.values[step]) { presence[step] = true }
        }
        return presence
    }

    /// The "one" side may have one series per group and step.
    private func checkUnique(
        _ members: [VectorSeries],
        _ group: Int,
        where isRelevant: [Bool]?
    ) throws(QueryError) {
        for step in 0..<steps {
            if let isRelevant, !isRelevant[step] { continue }
            var found: VectorSeries?
            for member in members where StepColumn.isPresent(member.column.values[step]) {
                guard let other = found else {
                    found = member
                    continue
                }
                let texts = [other.labels, member.labels].sorted().map(\.bracedText)
                let side = isSwapped ? "left" : "right"
                throw QueryError.evaluation(
                    "found duplicate series for the match group \(signatures.labels[group].bracedText) on the \(side) "
                        + "hand-side of the operation: [\(texts.joined(separator: ", "))];many-to-many matching not "
                        + "allowed: matching labels must be unique on one side"
                )
            }
        }
    }

    private mutating func join(
        _ many: [VectorSeries],
        _ one: [VectorSeries],
        _ group: Int,
        _ function: (Double, Double) -> Double,
        fillMany: Double?,
        fillOne: Double?
    ) throws(QueryError) {
        let isPlain = many.count == 1 && one.count == 1 && fillMany == nil && fillOne == nil
        var tracker = MatchTracker(matching.cardinality, steps: isPlain ? 0 : steps)
        for series in many {
            try evaluation.poll()
            // Series that come and go share a group without ever meeting: they make no pair.
            for partner in one where isPlain || isMeeting(series, partner) {
                try evaluation.hold(series: 1, steps: steps)
                var pair = pairing(series, partner)
                let slot = isPlain ? 0 : tracker.slot(for: pair.labels)
                for step in 0..<steps {
                    let value = series.column.values[step]
                    let other = partner.column.values[step]
                    guard StepColumn.isPresent(value), StepColumn.isPresent(other) else { continue }
                    if !isPlain { try tracker.match(slot, step) }
                    pair.column.values[step] = isSwapped ? function(other, value) : function(value, other)
                }
                result.append(pair)
            }
            guard let fill = fillOne else { continue }
            let stand = VectorSeries(labels: signatures.labels[group], column: StepColumn(count: 0))
            var pair = pairing(series, stand)
            let slot = tracker.slot(for: pair.labels)
            for step in 0..<steps {
                let value = series.column.values[step]
                guard StepColumn.isPresent(value),
                    !one.contains(where: { StepColumn.isPresent($0.column.values[step]) })
                else { continue }
                try tracker.match(slot, step)
                pair.column.values[step] = isSwapped ? function(fill, value) : function(value, fill)
            }
            result.append(pair)
        }
        guard let fill = fillMany else { return }
        let stand = VectorSeries(labels: signatures.labels[group], column: StepColumn(count: 0))
        for partner in one {
            var pair = pairing(stand, partner)
            for step in 0..<steps {
                let other = partner.column.values[step]
                guard StepColumn.isPresent(other), !tracker.isMatched(step) else { continue }
                pair.column.values[step] = isSwapped ? function(other, fill) : function(fill, other)
            }
            result.append(pair)
        }
    }

    private func isMeeting(_ left: VectorSeries, _ right: VectorSeries) -> Bool {
        for step in 0..<steps
        where StepColumn.isPresent(left.column.values[step]) && StepColumn.isPresent(right.column.values[step]) {
            return true
        }
        return false
    }

    /// The result series of a pair, still without values.
    private func pairing(_ many: VectorSeries, _ one: VectorSeries) -> VectorSeries {
        var labels = many.labels
        if !operation.operation.isComparison { labels = labels.droppingMetadata }
        if matching.cardinality == .oneToOne {
            labels = labels.selecting(matching.labels.map { Array($0.utf8) }, isKept: matching.isOn)
        }
        for name in matching.included { labels = labels.setting(name, to: one.labels[name]) }
        var series = VectorSeries(labels: labels, column: StepColumn(count: steps), dropsName: many.dropsName)
        if operation.returnsBool {
            if evaluation.options.delayedNameRemoval {
                series.dropsName = true
            } else {
                series.labels = labels.droppingMetadata
            }
        }
        return series
    }
}

/// Which steps of a match group have found a partner, and with which labels.
private struct MatchTracker {
    private let cardinality: VectorMatching.Cardinality
    private var matched: [Bool]
    private var slots: [Labels: Int] = [:]
    private var matchedBySlot: [[Bool]] = []

    init(_ cardinality: VectorMatching.Cardinality, steps: Int) {
        self.cardinality = cardinality
        matched = [Bool](repeating: false, count: steps)
    }

    func isMatched(_ step: Int) -> Bool { matched[step] }

    /// The number that stands for the labels of a result in ``match(_:_:)``.
    mutating func slot(for labels: Labels) -> Int {
        if cardinality == .oneToOne { return 0 }
        if let slot = slots[labels] { return slot }
        let slot = matchedBySlot.count
        slots[labels] = slot
        matchedBySlot.append([Bool](repeating: false, count: matched.count))
        return slot
    }

    mutating func match(_ slot: Int, _ step: Int) throws(QueryError) {
        if cardinality == .oneToOne {
            if matched[step] {
                throw QueryError.evaluation(
                    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
                )
            }
            matched[step] = true
            return
        }
        matched[step] = true
        if matchedBySlot[slot][step] {
            throw QueryError.evaluation(
                "multiple matches for labels: grouping labels must ensure unique matches"
            )
        }
        matchedBySlot[slot][step] = true
    }
}
