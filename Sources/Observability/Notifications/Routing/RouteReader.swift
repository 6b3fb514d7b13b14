import Basics
import MetricModel
import Rules

/// Reads the routing tree of a configuration.
struct RouteReader {
    /// How deeply routes may nest.
    static let depthMax = 32

    private(set) var problems: [YAMLProblem] = []
    /// Where each receiver is named, to check them later.
    private(set) var receivers: [(name: String, position: YAMLPosition)] = []

    /// Reads the root route.
    mutating func root(_ value: YAMLValue) -> Route {
        var defaults = RouteOptions()
        defaults.labels = [:]
        return route(value, parent: nil, options: defaults, index: 0, depth: 0)
    }

    private mutating func route(
        _ value: YAMLValue,
        parent: Route?,
        options inherited: RouteOptions,
        index: Int,
        depth: Int
    )
        -> Route
    {
        var reader = YAMLMappingReader(value, typeName: "config.plain")
        var options = inherited
        if let receiver = reader.text("receiver"), !receiver.isEmpty {
            options.receiver = receiver
            receivers.append((receiver, reader.positionOf("receiver")))
        }
        groupBy(&reader, &options)
        options.groupWait = duration("group_wait", &reader) ?? options.groupWait
        if let interval = positive("group_interval", &reader) { options.groupInterval = interval }
        if let interval = positive("repeat_interval", &reader) { options.repeatInterval = interval }
        let continues = reader.boolean("continue") ?? false
        let matchers = self.matchers(&reader)
        labels(&reader, &options)
        if parent == nil { rootChecks(&reader, options, matchers) } else { timeChecks(&reader) }
        let items = reader.items("routes")
        reader.finish()
        problems += reader.problems
        let key = parent.map { "\($0.key)/\(matchers.text)" } ?? "{}"
        let id = parent.map { "\($0.id)/\(matchers.text)/\(index)" } ?? "{}"
        let node = Route(id: id, key: key, matchers: matchers, options: options, continues: continues, routes: [])
        var routes: [Route] = []
        if depth >= Self.depthMax, let item = items.first {
            problems.append(YAMLProblem("routes nest more than \(Self.depthMax) deep", at: item.position))
        } else {
            for (index, item) in items.enumerated() {
                routes.append(route(item, parent: node, options: options, index: index, depth: depth + 1))
            }
        }
        return Route(id: id, key: key, matchers: matchers, options: options, continues: continues, routes: routes)
    }

    private func rootChecks(_ reader: inout YAMLMappingReader, _ options: RouteOptions, _ matchers: [AlertMatcher]) {
        if options.receiver.isEmpty { reader.fail("root route must specify a default receiver", at: reader.position) }
        if !matchers.isEmpty { reader.fail("root route must not have any matchers", at: reader.position) }
        for (key, kind) in [("mute_time_intervals", "mute"), ("active_time_intervals", "active")] {
            if let entry = reader.field(key) {
                reader.fail("root route must not have any \(kind) time intervals", at: entry.position)
            }
        }
    }

    private func timeChecks(_ reader: inout YAMLMappingReader) {
        reader.refuse("mute_time_intervals", because: "time intervals are not supported")
        reader.refuse("active_time_intervals", because: "time intervals are not supported")
    }

    private func groupBy(_ reader: inout YAMLMappingReader, _ options: inout RouteOptions) {
        guard let entry = reader.field("group_by"), !entry.value.isNull else { return }
        var names: [String] = []
        var isAll = false
        for (name, position) in reader.texts("group_by") {
            if name == "..." {
                isAll = true
            } else if !MetricNames.isLegacyLabelName(name) {
                reader.fail("invalid label name \"\(name)\" in group_by list", at: position)
            } else if names.contains(name) {
                reader.fail("duplicated label \"\(name)\" in group_by", at: position)
            } else {
                names.append(name)
            }
        }
        if isAll, !names.isEmpty {
            reader.fail(
                "cannot have wildcard group_by (`...`) and other labels at the same time",
                at: entry.position
            )
        }
        options.groupBy = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        options.groupsByAll = isAll
    }

    private func duration(_ key: String, _ reader: inout YAMLMappingReader) -> Duration? {
        guard let text = reader.text(key) else { return nil }
        if let milliseconds = PrometheusDuration.milliseconds(parsing: text) { return .milliseconds(milliseconds) }
        reader.fail(
            text.isEmpty ? "empty duration string" : "not a valid duration string: \"\(text)\"",
            at: reader.positionOf(key)
        )
        return nil
    }

    private func positive(_ key: String, _ reader: inout YAMLMappingReader) -> Duration? {
        guard let duration = duration(key, &reader) else { return nil }
        if duration == .zero {
            reader.fail("\(key) cannot be zero", at: reader.positionOf(key))
            return nil
        }
        return duration
    }

    private func matchers(_ reader: inout YAMLMappingReader) -> [AlertMatcher] {
        var matchers: [AlertMatcher] = []
        for entry in reader.textMapping("match") {
            add(&matchers, entry, .equal, entry.text, &reader)
        }
        for entry in reader.textMapping("match_re") {
            if entry.isNull {
                reader.fail("invalid regexp value for \"\(entry.name)\"", at: entry.position)
                continue
            }
            add(&matchers, entry, .matches, "^(?:\(entry.text))$", &reader)
        }
        for (text, position) in reader.texts("matchers") {
            do {
                matchers += try MatcherParser.parseList(text)
            } catch {
                reader.fail(error.description, at: position)
            }
        }
        return matchers.inKeyOrder
    }

    private func add(
        _ matchers: inout [AlertMatcher],
        _ entry: YAMLTextEntry,
        _ operation: LabelMatcher.Operation,
        _ value: String,
        _ reader: inout YAMLMappingReader
    ) {
        guard MetricNames.isLegacyLabelName(entry.name) else {
            reader.fail("invalid label name \"\(entry.name)\"", at: entry.position)
            return
        }
        do {
            matchers.append(try AlertMatcher(entry.name, operation, value))
        } catch {
            reader.fail(error.description, at: entry.valuePosition)
        }
    }

    private func labels(_ reader: inout YAMLMappingReader, _ options: inout RouteOptions) {
        for entry in reader.textMapping("labels") {
            if !MetricNames.isLegacyLabelName(entry.name) {
                reader.fail("invalid label name \"\(entry.name)\" in route labels", at: entry.position)
            } else if entry.text.contains("{{") {
                reader.fail("route label \"\(entry.name)\": templates are not supported here", at: entry.valuePosition)
            } else {
                options.labels[entry.name] = entry.text
            }
        }
    }
}
