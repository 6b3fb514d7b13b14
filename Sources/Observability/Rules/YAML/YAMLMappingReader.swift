/// Reads a mapping's fields, collects every problem instead of stopping at the first, and refuses what nobody asked
/// for.
public struct YAMLMappingReader {
    private let entries: [YAMLEntry]
    private var taken: Set<String> = []
    /// The Go-like type name used in messages about unknown fields, as upstream words them.
    private let typeName: String
    /// Where the mapping begins.
    public let position: YAMLPosition
    /// What was found wrong so far.
    public private(set) var problems: [YAMLProblem] = []

    /// Opens a mapping; anything else is a problem and reads as empty.
    ///
    /// Null is an empty mapping.
    public init(_ value: YAMLValue, typeName: String) {
        self.typeName = typeName
        position = value.position
        switch value.content {
        case .mapping(let entries): self.entries = entries
        case .null: entries = []
        default:
            entries = []
            problems.append(YAMLProblem("cannot unmarshal \(value.tag) into \(typeName)", at: value.position))
        }
    }

    /// Notes a problem.
    public mutating func fail(_ message: String, at position: YAMLPosition) {
        problems.append(YAMLProblem(message, at: position))
    }

    /// Takes a field as it is; nil when it is absent.
    public mutating func field(_ key: String) -> YAMLEntry? {
        taken.insert(key)
        return entries.first { $0.key == key }
    }

    /// Takes a text; nil when it is absent or null.
    public mutating func text(_ key: String) -> String? {
        guard let entry = field(key), !entry.value.isNull else { return nil }
        guard case .scalar(let text) = entry.value.content else {
            fail("cannot unmarshal \(entry.value.tag) into string", at: entry.value.position)
            return nil
        }
        return text
    }

    /// Takes an integer.
    public mutating func integer(_ key: String) -> Int? {
        guard let text = text(key) else { return nil }
        if let value = Int(text) { return value }
        fail("cannot unmarshal !!str `\(text)` into int", at: positionOf(key))
        return nil
    }

    /// Takes `true` or `false`.
    public mutating func boolean(_ key: String) -> Bool? {
        guard let text = text(key) else { return nil }
        switch text {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default:
            fail("cannot unmarshal !!str `\(text)` into bool", at: positionOf(key))
            return nil
        }
    }

    /// Takes the items of a list.
    public mutating func items(_ key: String) -> [YAMLValue] {
        guard let entry = field(key), !entry.value.isNull else { return [] }
        guard case .sequence(let items) = entry.value.content else {
            fail("cannot unmarshal \(entry.value.tag) into a list", at: entry.value.position)
            return []
        }
        return items
    }

    /// Takes a list of texts with their places.
    public mutating func texts(_ key: String) -> [(text: String, position: YAMLPosition)] {
        var texts: [(String, YAMLPosition)] = []
        for item in items(key) {
            if case .scalar(let text) = item.content {
                texts.append((text, item.position))
            } else {
                fail("cannot unmarshal \(item.tag) into string", at: item.position)
            }
        }
        return texts
    }

    /// Takes a mapping of texts, in the file's order; null values read as empty.
    public mutating func textMapping(_ key: String) -> [YAMLTextEntry] {
        guard let entry = field(key), !entry.value.isNull else { return [] }
        guard case .mapping(let entries) = entry.value.content else {
            fail("cannot unmarshal \(entry.value.tag) into map[string]string", at: entry.value.position)
            return []
        }
        var texts: [YAMLTextEntry] = []
        for entry in entries {
            switch entry.value.content {
            case .scalar(let text):
                texts.append(
                    YAMLTextEntry(
                        name: entry.key,
                        text: text,
                        isNull: false,
                        position: entry.position,
                        valuePosition: entry.value.position
                    )
                )
            case .null:
                texts.append(
                    YAMLTextEntry(
                        name: entry.key,
                        text: "",
                        isNull: true,
                        position: entry.position,
                        valuePosition: entry.value.position
                    )
                )
            default: fail("cannot unmarshal \(entry.value.tag) into string", at: entry.value.position)
            }
        }
        return texts
    }

    /// Where a field's value stands, or the mapping when it is absent.
    public func positionOf(_ key: String) -> YAMLPosition {
        entries.first { $0.key == key }?.value.position ?? position
    }

    /// Refuses a field that is known but not supported; says so when it is there.
    public mutating func refuse(_ key: String, because reason: String) {
        if let entry = field(key) { fail("field \(key): \(reason)", at: entry.position) }
    }

    /// Notes every field that was not taken; call it last.
    public mutating func finish() {
        for entry in entries where !taken.contains(entry.key) {
            fail("field \(entry.key) not found in type \(typeName)", at: entry.position)
        }
    }
}

/// A name and its text in a mapping of texts.
public struct YAMLTextEntry: Sendable {
    /// The key.
    public let name: String
    /// The value as text; empty when nothing was written.
    public let text: String
    /// Whether nothing was written.
    public let isNull: Bool
    /// Where the key stands.
    public let position: YAMLPosition
    /// Where the value stands.
    public let valuePosition: YAMLPosition
}
