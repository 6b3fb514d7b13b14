import MetricModel
import RegularExpressions

/// `info(v, {selector})`: adds the labels of info metrics (`target_info` and the like) to the series of a vector.
extension Evaluation {
    private static let targetInfo = "target_info"
    /// The labels by which a series finds its info series.
    private static let identifyingLabels = ["instance", "job"]

    func info(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        let base = try vector(call.arguments[0], on: grid)
        var selection = InfoSelection()
        if call.arguments.count > 1 {
            guard case .vectorSelector(let selector) = call.arguments[1].unparenthesized else {
                throw QueryError.invalid("expected label selectors only in the second argument of info")
            }
            selection = InfoSelection(selector.matchers)
        } else {
            selection.ignoring = [LabelMatcher(Label.metricName, equals: Self.targetInfo)]
        }
        let isIgnored = base.map { selection.isInfoSeries($0.labels) }
        let info = try infoSeries(base, isIgnored, selection, InfoTimes(call.arguments[0]), on: grid)
        return try combine(base, isIgnored, info, selection, grid)
    }

    /// The info series that share an identifying label with a base series; their values are the times of their samples.
    private func infoSeries(
        _ base: [VectorSeries],
        _ isIgnored: [Bool],
        _ selection: InfoSelection,
        _ times: InfoTimes,
        on grid: TimeGrid
    ) throws(QueryError) -> [VectorSeries] {
        var matchers = selection.nameMatchers
        if matchers.isEmpty { matchers = [LabelMatcher(Label.metricName, equals: Self.targetInfo)] }
        matchers += selection.dataMatchers
        var isAnyIdentified = false
        for label in Self.identifyingLabels {
            var values: Set<String> = []
            for (index, series) in base.enumerated() where !isIgnored[index] {
                let value = series.labels[label]
                if !value.isEmpty { values.insert(value) }
            }
            if values.isEmpty { continue }
            isAnyIdentified = true
            let pattern = values.sorted().map(Self.quotedForPattern).joined(separator: "|")
            if let matcher = try? LabelMatcher(label, .matches, pattern) { matchers.append(matcher) }
        }
        if !isAnyIdentified { return [] }
        let selector = VectorSelector(
            name: "",
            matchers: matchers,
            offset: times.offset,
            at: times.at.map(AtModifier.timestamp),
            position: SourceRange(0, 0)
        )
        return try select(selector, on: grid, yielding: .timestamps)
    }

    private static func quotedForPattern(_ text: String) -> String {
        var quoted = ""
        for scalar in text.unicodeScalars {
            if "\\.+*?()|[]{}^$".unicodeScalars.contains(scalar) { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted
    }

    private func combine(
        _ base: [VectorSeries],
        _ isIgnored: [Bool],
        _ info: [VectorSeries],
        _ selection: InfoSelection,
        _ grid: TimeGrid
    ) throws(QueryError) -> [VectorSeries] {
        let identity = LabelSelection(Self.identifyingLabels, isKept: true)
        // Info series by identity, then by name.
        var partners: [Labels: [String: [Int]]] = [:]
        for (index, series) in info.enumerated() {
            partners[identity(series.labels), default: [:]][series.labels.metricName, default: []].append(index)
        }
        let needsMatch = selection.dataMatchers.contains { !$0.matchesEmpty }
        var result: [VectorSeries] = []
        for (index, series) in base.enumerated() {
            try poll()
            let candidates = isIgnored[index] ? nil : partners[identity(series.labels)]
            guard let candidates else {
                if isIgnored[index] || !needsMatch { result.append(series) }
                continue
            }
            let names = candidates.keys.sorted()
            var columnByChoice: [[Int]: Int] = [:]
            for step in 0..<grid.count where StepColumn.isPresent(series.column.values[step]) {
                var choice: [Int] = []
                for name in names {
                    if let chosen = try newest(candidates[name] ?? [], info, step) { choice.append(chosen) }
                }
                if choice.isEmpty && needsMatch { continue }
                if columnByChoice[choice] == nil {
                    try hold(series: 1, steps: grid.count)
                    columnByChoice[choice] = result.count
                    var enriched = series
                    enriched.labels = try enrich(series.labels, with: choice.map { info[$0].labels }, selection)
                    enriched.column = StepColumn(count: grid.count)
                    result.append(enriched)
                }
                if let column = columnByChoice[choice] {
                    result[column].column.values[step] = series.column.values[step]
                }
            }
        }
        return try merging(result)
    }

    /// The info series with the newest sample at a step.
    private func newest(_ candidates: [Int], _ info: [VectorSeries], _ step: Int) throws(QueryError) -> Int? {
        var best: Int?
        for candidate in candidates {
            let time = info[candidate].column.values[step]
            guard StepColumn.isPresent(time) else { continue }
            guard let known = best else {
                best = candidate
                continue
            }
            let other = info[known].column.values[step]
            if time == other {
                throw QueryError.evaluation(
                    "found duplicate series for info metric: existing \(info[known].labels.bracedText) @ "
                        + "\(Int64(other * 1000)), new \(info[candidate].labels.bracedText) @ \(Int64(time * 1000))"
                )
            }
            if time > other { best = candidate }
        }
        return best
    }

    private func enrich(
        _ base: Labels,
        with infos: [Labels],
        _ selection: InfoSelection
    ) throws(QueryError) -> Labels {
        var added: [String: String] = [:]
        for labels in infos {
            for label in labels where label.name != Label.metricName && selection.includes(label.name) {
                if let known = added[label.name], known != label.value {
                    throw QueryError.evaluation("conflicting label: \(label.name)")
                }
                if !base.contains(label.name) { added[label.name] = label.value }
            }
        }
        var builder = LabelsBuilder(base)
        for (name, value) in added { builder.set(name, value) }
        return builder.labels
    }
}

/// What the second argument of `info` says.
private struct InfoSelection {
    /// Which info metrics.
    var nameMatchers: [LabelMatcher] = []
    /// Which of their labels, and with which values.
    var dataMatchers: [LabelMatcher] = []
    /// The metrics that are themselves info metrics and stay as they are.
    var ignoring: [LabelMatcher] = []
    private var names: Set<String> = []

    init() {}

    init(_ matchers: [LabelMatcher]) {
        nameMatchers = matchers.filter { $0.name == Label.metricName }
        dataMatchers = matchers.filter { $0.name != Label.metricName }
        names = Set(dataMatchers.map(\.name))
        // Conditions that only exclude names leave all info metrics.
        if !nameMatchers.isEmpty && nameMatchers.allSatisfy(\.operation.isNegative),
            let all = try? LabelMatcher(Label.metricName, .matches, ".+_info")
        {
            nameMatchers.append(all)
        }
        ignoring = nameMatchers
    }

    func isInfoSeries(_ labels: Labels) -> Bool {
        !ignoring.isEmpty && ignoring.allSatisfy { $0.matches(labels) }
    }

    func includes(_ name: String) -> Bool { names.isEmpty || names.contains(name) }
}

/// The time shift that the first selector of an expression asks for: info series are looked up at the same times.
private struct InfoTimes {
    var offset: Int64 = 0
    var at: Int64?
    private var isFound = false

    init(_ expression: Expression) { visit(expression) }

    private mutating func visit(_ expression: Expression) {
        if isFound { return }
        switch expression {
        case .vectorSelector(let selector): take(selector)
        case .matrixSelector(let matrix): take(matrix.selector)
        case .subquery(let subquery):
            visit(subquery.expression)
            if isFound && at == nil {
                offset = offset.addingClamped(subquery.offset)
                if case .timestamp(let time) = subquery.at { at = time }
            }
        case .call(let call): for argument in call.arguments { visit(argument) }
        case .aggregation(let aggregation): visit(aggregation.expression)
        case .binary(let operation):
            let chain = operation.chain
            visit(chain[0].left)
            for link in chain { visit(link.right) }
        case .unary(let operation): visit(operation.operand)
        case .parenthesized(let inner, _): visit(inner)
        case .number, .string: break
        }
    }

    private mutating func take(_ selector: VectorSelector) {
        isFound = true
        offset = selector.offset
        if case .timestamp(let time) = selector.at { at = time }
    }
}
