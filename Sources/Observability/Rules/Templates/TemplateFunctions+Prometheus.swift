import Basics

extension TemplateFunction {
    /// Prometheus' functions that deal with series, times and the server.
    static let prometheusFunctions: [String: TemplateFunction] = [
        "query": TemplateFunction([.string]) { executor, values throws(TemplateError) in
            guard let query = executor.context.query else { throw TemplateError("queries are not possible here") }
            do {
                return .list(try query(values.string(0)).map(\.templateValue), type: Parameter.samples.rawValue)
            } catch {
                throw TemplateError("\(error)")
            }
        },
        "first": TemplateFunction([.samples]) { _, values throws(TemplateError) in
            guard case .list(let samples, _) = values.at(0), let first = samples.first else {
                throw TemplateError("first() called on vector with no elements")
            }
            return first
        },
        "label": TemplateFunction([.string, .sample]) { _, values in
            values.labels(1)[values.string(0)] ?? .string("")
        },
        "value": TemplateFunction([.sample]) { _, values in
            guard case .record(let fields, _) = values.at(0), let value = fields.last?.value else { return .none }
            return value
        },
        "strvalue": TemplateFunction([.sample]) { _, values in values.labels(0)["__value__"] ?? .string("") },
        "sortByLabel": TemplateFunction([.string, .samples]) { _, values in
            guard case .list(let samples, let type) = values.at(1) else { return .none }
            let name = values.string(0)
            func key(_ sample: TemplateValue) -> String { [[sample].labels(0)[name] ?? .none].string(0) }
            return .list(samples.sorted { NaturalOrder.precedes(key($0), key($1)) }, type: type)
        },
        "args": TemplateFunction([], rest: .any) { executor, values throws(TemplateError) in
            for value in values { try executor.requireRoomAround(value) }
            var arguments: [String: TemplateValue] = [:]
            for (index, value) in values.enumerated() { arguments["arg\(index)"] = value }
            return .map(arguments, type: "map[string]interface {}")
        },
        "tmpl": TemplateFunction([.string, .any]) { executor, values throws(TemplateError) in
            try executor.expand(named: values.string(0), values.at(1))
        },
        "now": TemplateFunction([]) { executor, _ in .float(executor.context.now.seconds) },
        "toTime": TemplateFunction([.any]) { _, values throws(TemplateError) in
            .time(try Humanized.nanoseconds(seconds: GoNumber.float(values.at(0)), what: "timestamp"))
        },
        "toDuration": TemplateFunction([.any]) { _, values throws(TemplateError) in
            .duration(try Humanized.nanoseconds(seconds: GoNumber.float(values.at(0)), what: "duration"))
        },
        "parseDuration": TemplateFunction([.string]) { _, values throws(TemplateError) in
            let text = values.string(0)
            let isNegative = text.hasPrefix("-")
            guard let size = PrometheusDuration.milliseconds(parsing: isNegative ? text.dropFirst() : text[...]) else {
                throw TemplateError(
                    text.isEmpty ? "empty duration string" : "not a valid duration string: \(GoQuote.quote(text))"
                )
            }
            return .float(Double(isNegative ? -size : size) / 1000)
        },
        "externalURL": TemplateFunction([]) { executor, _ in .string(executor.context.externalURL) },
        "pathPrefix": TemplateFunction([]) { executor, _ in .string(executor.context.pathPrefix) },
        "graphLink": TemplateFunction([.string]) { _, values in .string(URLText.graphLink(values.string(0))) },
        "tableLink": TemplateFunction([.string]) { _, values in .string(URLText.tableLink(values.string(0))) },
        "humanize": numeric(Humanized.decimal),
        "humanize1024": numeric(Humanized.binary),
        "humanizeDuration": numeric(Humanized.duration),
        "humanizePercentage": numeric(Humanized.percentage),
        "humanizeTimestamp": numeric(Humanized.timestamp),
    ]

    private static func numeric(
        _ format: @escaping @Sendable (Double) throws(TemplateError) -> String
    ) -> TemplateFunction {
        TemplateFunction([.any]) { _, values throws(TemplateError) in
            .string(try format(GoNumber.float(values.at(0))))
        }
    }
}
