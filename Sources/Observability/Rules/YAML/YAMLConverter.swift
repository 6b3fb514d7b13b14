import Yams

/// Turns the library's nodes into ``YAMLValue``: merges resolved, keys checked, expansion of aliases bounded.
struct YAMLConverter {
    let limits: YAMLLimits
    private var values = 0

    init(limits: YAMLLimits) { self.limits = limits }

    mutating func convert(_ node: Node, depth: Int) throws(YAMLProblem) -> YAMLValue {
        let position = Self.position(of: node)
        values += 1
        guard values <= limits.valuesMax else {
            throw YAMLProblem("yaml: the document has more than \(limits.valuesMax) values", at: position)
        }
        guard depth < limits.depthMax else {
            throw YAMLProblem("yaml: nested more than \(limits.depthMax) deep", at: position)
        }
        switch node {
        case .scalar(let scalar):
            return YAMLValue(
                content: Self.isNull(scalar) ? .null : .scalar(scalar.string),
                position: position,
                isQuoted: scalar.style != .plain
            )
        case .sequence(let sequence):
            var items: [YAMLValue] = []
            for item in sequence { items.append(try convert(item, depth: depth + 1)) }
            return YAMLValue(content: .sequence(items), position: position)
        case .mapping(let mapping):
            return YAMLValue(content: .mapping(try entries(of: mapping, depth: depth)), position: position)
        case .alias:
            throw YAMLProblem("yaml: unknown alias", at: position)
        }
    }

    private mutating func entries(of mapping: Node.Mapping, depth: Int) throws(YAMLProblem) -> [YAMLEntry] {
        var own: [YAMLEntry] = []
        var merged: [YAMLEntry] = []
        for (key, value) in mapping {
            let position = Self.position(of: key)
            guard case .scalar(let name) = key else {
                throw YAMLProblem("yaml: a key must be a string", at: position)
            }
            if name.string == "<<", name.style == .plain {
                merged += try mergedEntries(convert(value, depth: depth + 1))
            } else {
                own.append(
                    YAMLEntry(key: name.string, position: position, value: try convert(value, depth: depth + 1))
                )
            }
        }
        var seen: Set<String> = []
        for entry in own where !seen.insert(entry.key).inserted {
            throw YAMLProblem("yaml: mapping key \"\(entry.key)\" is given more than once", at: entry.position)
        }
        return own + merged.filter { seen.insert($0.key).inserted }
    }

    private func mergedEntries(_ value: YAMLValue) throws(YAMLProblem) -> [YAMLEntry] {
        switch value.content {
        case .mapping(let entries): return entries
        case .sequence(let items):
            var entries: [YAMLEntry] = []
            for item in items {
                guard case .mapping(let more) = item.content else {
                    throw YAMLProblem(
                        "yaml: map merge requires map or sequence of maps as the value",
                        at: item.position
                    )
                }
                entries += more
            }
            return entries
        default:
            throw YAMLProblem("yaml: map merge requires map or sequence of maps as the value", at: value.position)
        }
    }

    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func position(of node: Node) -> YAMLPosition {
        YAMLPosition(line: max(1, node.mark?.line ?? 1), column: max(1, node.mark?.column ?? 1))
    }
}
