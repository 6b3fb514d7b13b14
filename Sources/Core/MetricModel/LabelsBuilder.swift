/// Puts a label set together, or changes one.
public struct LabelsBuilder: Sendable {
    private var entries: [(name: [UInt8], value: [UInt8])] = []

    /// Makes an empty builder.
    public init() {}

    /// Makes a builder that starts from a label set.
    public init(_ labels: Labels) {
        labels.forEachRange { name, value in
            entries.append((Array(labels.packed[name]), Array(labels.packed[value])))
            return true
        }
    }

    /// Sets a label; an empty value removes it.
    public mutating func set(_ name: String, _ value: String) {
        set(Array(name.utf8), Array(value.utf8))
    }

    /// Sets a label given as UTF-8 bytes; an empty value removes it.
    public mutating func set(_ name: [UInt8], _ value: [UInt8]) {
        if let index = entries.firstIndex(where: { $0.name == name }) {
            if value.isEmpty { entries.remove(at: index) } else { entries[index].value = value }
        } else if !value.isEmpty {
            entries.append((name, value))
        }
    }

    /// Removes a label.
    public mutating func remove(_ name: String) {
        let name = Array(name.utf8)
        entries.removeAll { $0.name == name }
    }

    /// The label set as it stands.
    public var labels: Labels {
        var packed: [UInt8] = []
        for entry in entries.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            LabelBytes.append(entry.name, to: &packed)
            LabelBytes.append(entry.value, to: &packed)
        }
        return Labels(packed: packed)
    }
}
