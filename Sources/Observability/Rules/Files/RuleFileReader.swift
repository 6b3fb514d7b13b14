import Basics
import MetricModel
import PromQL

/// Walks one rule file's tree and collects the errors.
struct RuleFileReader {
    let loader: RuleFileLoader
    let path: String
    private(set) var errors: [RuleFileError] = []

    init(loader: RuleFileLoader, path: String) {
        self.loader = loader
        self.path = path
    }

    private mutating func fail(_ message: String, at position: YAMLPosition) {
        errors.append(RuleFileError(file: path, position: position, message: message))
    }

    private mutating func finish(_ reader: inout YAMLMappingReader) {
        if !loader.ignoresUnknownFields { reader.finish() }
        for problem in reader.problems { fail(problem.message, at: problem.position) }
    }

    mutating func groups(_ root: YAMLValue) -> [RuleGroupDefinition] {
        var reader = YAMLMappingReader(root, typeName: "rulefmt.RuleGroups")
        let items = reader.items("groups")
        finish(&reader)
        var names: Set<String> = []
        var groups: [RuleGroupDefinition] = []
        for item in items {
            guard let group = self.group(item) else { continue }
            if !names.insert(group.name).inserted {
                fail("groupname: \(GoQuote.quote(group.name)) is repeated in the same file", at: item.position)
            }
            groups.append(group)
        }
        return groups
    }

    private mutating func group(_ value: YAMLValue) -> RuleGroupDefinition? {
        var reader = YAMLMappingReader(value, typeName: "rulefmt.RuleGroup")
        let name = reader.text("name") ?? ""
        let interval = duration("interval", &reader)
        // Zero is the default, as upstream.
        if let interval, interval != .zero, interval < RuleGroupDefinition.intervalMin {
            let shortest = RuleGroupDefinition.intervalMin.wholeMilliseconds
            reader.fail("interval must not be below \(shortest)ms", at: reader.positionOf("interval"))
        }
        let queryOffset = duration("query_offset", &reader)
        let limit = reader.integer("limit") ?? 0
        let labels = reader.textMapping("labels")
        let items = reader.items("rules")
        finish(&reader)
        if name.isEmpty { fail("Groupname must not be empty", at: value.position) }
        for label in labels where !isLabelName(label.name) {
            fail("group \(GoQuote.quote(name)): invalid label name: \(label.name)", at: label.position)
        }
        var rules: [RuleDefinition] = []
        for (index, item) in items.enumerated() {
            if let rule = rule(item, index: index + 1, group: name, groupLabels: labels) { rules.append(rule) }
        }
        return RuleGroupDefinition(
            name: name,
            file: path,
            interval: interval == .zero ? nil : interval,
            queryOffset: queryOffset,
            limit: limit,
            rules: rules
        )
    }

    private mutating func duration(_ key: String, _ reader: inout YAMLMappingReader) -> Duration? {
        guard let text = reader.text(key) else { return nil }
        if let milliseconds = PrometheusDuration.milliseconds(parsing: text) { return .milliseconds(milliseconds) }
        let message = text.isEmpty ? "empty duration string" : "not a valid duration string: \(GoQuote.quote(text))"
        reader.fail(message, at: reader.positionOf(key))
        return nil
    }

    // MARK: Rules

    private mutating func rule(_ value: YAMLValue, index: Int, group: String, groupLabels: [YAMLTextEntry])
        -> RuleDefinition?
    {
        var reader = YAMLMappingReader(value, typeName: "rulefmt.Rule")
        let record = reader.text("record") ?? ""
        let alert = reader.text("alert") ?? ""
        let text = reader.text("expr") ?? ""
        let hold = duration("for", &reader)
        let keepFiring = duration("keep_firing_for", &reader)
        let labels = reader.textMapping("labels")
        let annotations = reader.textMapping("annotations")
        let place = RulePlace(group: group, index: index, name: record.isEmpty ? alert : record)
        let count = errors.count
        finish(&reader)
        func at(_ key: String) -> YAMLPosition { reader.positionOf(key) }

        if !record.isEmpty, !alert.isEmpty {
            fail(place, "only one of 'record' and 'alert' must be set", at: at("record"))
        }
        if record.isEmpty, alert.isEmpty {
            fail(place, "one of 'record' or 'alert' must be set", at: value.position)
        }
        let expression = expression(text, place, at: at("expr"))
        if !record.isEmpty {
            if !annotations.isEmpty {
                fail(place, "invalid field 'annotations' in recording rule", at: at("annotations"))
            }
            if (hold ?? .zero) != .zero { fail(place, "invalid field 'for' in recording rule", at: at("for")) }
            if (keepFiring ?? .zero) != .zero {
                fail(place, "invalid field 'keep_firing_for' in recording rule", at: at("keep_firing_for"))
            }
            checkRecordName(record, place, at: at("record"))
        }
        for label in labels where !isLabelName(label.name) {
            fail(place, "invalid label name: \(label.name)", at: label.position)
        }
        for annotation in annotations where !isAnnotationName(annotation.name) {
            fail(place, "invalid annotation name: \(annotation.name)", at: annotation.position)
        }
        if !alert.isEmpty { checkTemplates(labels, annotations, groupLabels, alert: alert, place) }
        guard let expression, errors.count == count else { return nil }
        return RuleDefinition(
            kind: record.isEmpty ? .alert(alert) : .record(record),
            expression: expression,
            expressionText: text,
            holdDuration: hold ?? .zero,
            keepFiringFor: keepFiring ?? .zero,
            labels: Self.merged(groupLabels, labels),
            annotations: Self.merged([], annotations),
            position: value.position
        )
    }

    private static func merged(_ outer: [YAMLTextEntry], _ own: [YAMLTextEntry]) -> [Label] {
        var values: [String: String] = [:]
        for entry in outer + own { values[entry.name] = entry.text }
        return values.map { Label($0.key, $0.value) }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private mutating func fail(_ place: RulePlace, _ message: String, at position: YAMLPosition) {
        fail("\(place.description): \(message)", at: position)
    }

    private mutating func expression(_ text: String, _ place: RulePlace, at position: YAMLPosition) -> Expression? {
        if text.isEmpty {
            fail(place, "field 'expr' must be set in rule", at: position)
            return nil
        }
        do {
            return try loader.readExpression(text)
        } catch {
            fail(place, "could not parse expression: \(error)", at: position)
            return nil
        }
    }

    private mutating func checkRecordName(_ name: String, _ place: RulePlace, at position: YAMLPosition) {
        if name.contains("{") || name.contains("}") {
            fail(
                place,
                "braces present in the recording rule name; should it be in expr?: \(name)",
                at: position
            )
        } else if loader.names == .legacy, !MetricNames.isLegacyMetricName(name) {
            fail(place, "invalid recording rule name: \(name)", at: position)
        }
    }

    private func isLabelName(_ name: String) -> Bool {
        if name == Label.metricName { return false }
        return isAnnotationName(name)
    }

    private func isAnnotationName(_ name: String) -> Bool {
        loader.names == .legacy ? MetricNames.isLegacyLabelName(name) : !name.isEmpty
    }

    private mutating func checkTemplates(
        _ labels: [YAMLTextEntry],
        _ annotations: [YAMLTextEntry],
        _ groupLabels: [YAMLTextEntry],
        alert: String,
        _ place: RulePlace
    ) {
        let groups = [("label", groupLabels + labels), ("annotation", annotations)]
        for (what, entries) in groups {
            for entry in entries {
                do {
                    _ = try AlertTemplate.parse(entry.text, alert: alert, limits: loader.templateLimits)
                } catch {
                    fail(place, "\(what) \(GoQuote.quote(entry.name)): \(error.description)", at: entry.valuePosition)
                }
            }
        }
    }
}

/// A rule in messages.
private struct RulePlace: CustomStringConvertible {
    let group: String
    let index: Int
    let name: String

    var description: String { "group \(GoQuote.quote(group)), rule \(index), \(GoQuote.quote(name))" }
}
