import MetricModel
import RegularExpressions

extension Evaluation {
    /// Calls `label_replace(v, destination, replacement, source, regex)`.
    func labelReplace(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        guard call.arguments.count == 5 else { throw QueryError.invalid("label_replace takes 5 arguments") }
        let destination = try string(call.arguments[1], on: grid)
        let template = try string(call.arguments[2], on: grid)
        let source = try string(call.arguments[3], on: grid)
        let pattern = try string(call.arguments[4], on: grid)
        let expression: RegularExpression
        do {
            expression = try RegularExpression(pattern, options: [.anchored, .dotMatchesNewline])
        } catch {
            throw QueryError.evaluation("invalid regular expression in label_replace(): \(pattern)")
        }
        try checkLabelName(call.arguments[1], destination, "destination", call.function)
        let variables = template.utf8.count { $0 == UInt8(ascii: "$") }
        var series = try vector(call.arguments[0], on: grid)
        for index in series.indices {
            let value = series[index].labels[source]
            guard let match = expression.firstMatch(in: value) else { continue }
            // A template may repeat a long value often: what it could become is bounded before it is made.
            let bound = value.utf8.count.multipliedReportingOverflow(by: max(variables, 1))
            try checkLength(bound, of: destination, factor: Self.expansionFactorMax)
            let replaced = expression.expand(template: template, match: match, in: value)
            try checkLength((replaced.utf8.count, false), of: destination)
            try holdLabel(destination, replaced)
            setLabel(destination, replaced, &series[index])
        }
        return try merging(series)
    }

    /// Calls `label_join(v, destination, separator, source…)`.
    func labelJoin(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        guard call.arguments.count >= 3 else { throw QueryError.invalid("label_join takes at least 3 arguments") }
        let destination = try string(call.arguments[1], on: grid)
        let separator = try string(call.arguments[2], on: grid)
        var sources: [String] = []
        for argument in call.arguments.dropFirst(3) {
            let source = try string(argument, on: grid)
            try checkLabelName(argument, source, "source", call.function)
            sources.append(source)
        }
        try checkLabelName(call.arguments[1], destination, "destination", call.function)
        var series = try vector(call.arguments[0], on: grid)
        for index in series.indices {
            var values: [String] = []
            var length = 0
            for source in sources {
                values.append(series[index].labels[source])
                length += values[values.count - 1].utf8.count + separator.utf8.count
                try checkLength((max(0, length - separator.utf8.count), false), of: destination)
            }
            let joined = values.joined(separator: separator)
            try holdLabel(destination, joined)
            setLabel(destination, joined, &series[index])
        }
        return try merging(series)
    }

    /// How many times the longest label value a replacement may be while it is made.
    private static let expansionFactorMax = 64

    private func setLabel(_ name: String, _ value: String, _ series: inout VectorSeries) {
        series.labels = series.labels.setting(name, to: value)
        // A name that was written anew is meant to stay.
        if name == Label.metricName { series.dropsName = false }
    }

    private func checkLength(
        _ length: (partialValue: Int, overflow: Bool),
        of label: String,
        factor: Int = 1
    ) throws(QueryError) {
        let (limit, limitOverflow) = options.labelValueBytesMax.multipliedReportingOverflow(by: factor)
        if length.overflow || (!limitOverflow && length.partialValue > limit) {
            throw QueryError.labelValueTooLong(label: label, limit: options.labelValueBytesMax)
        }
    }

    private func checkLabelName(
        _ argument: Expression,
        _ name: String,
        _ role: String,
        _ function: FunctionName
    ) throws(QueryError) {
        var isValid = !name.isEmpty
        if case .string(let literal) = argument.unparenthesized, literal.invalidUTF8 != nil { isValid = false }
        if !isValid { throw QueryError.evaluation("invalid \(role) label name in \(function.rawValue)(): \(name)") }
    }
}
