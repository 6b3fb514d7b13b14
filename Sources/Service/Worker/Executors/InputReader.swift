import JSON

/// What is wrong with a task's input, for the person who made it.
package struct InputError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Reads the members of a task's input, strictly: what is not known is refused, since a misspelt limit limits nothing.
///
/// Pure.
struct InputReader {
    private let object: JSONObject
    private let place: String

    init(_ json: JSONValue, at place: String = "", known: Set<String>) throws(InputError) {
        guard let object = json.object else { throw InputError("\(place.isEmpty ? "the input" : place) is no object") }
        for member in object.members where !known.contains(member.name) {
            throw InputError("\(place)/\(member.name) is not known")
        }
        self.object = object
        self.place = place
    }

    private func fault(_ name: String, _ expected: String) -> InputError {
        InputError("\(place)/\(name) must be \(expected)")
    }

    /// A member that is there and not null.
    func value(_ name: String) -> JSONValue? { object[name].flatMap { $0.isNull ? nil : $0 } }

    func text(_ name: String) throws(InputError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw fault(name, "a text") }
        return text
    }

    func texts(_ name: String, countMax: Int) throws(InputError) -> [String] {
        guard let value = value(name) else { return [] }
        guard let texts = value.strings, texts.count <= countMax else {
            throw fault(name, "an array of at most \(countMax) texts")
        }
        return texts
    }

    func dictionary(_ name: String) throws(InputError) -> [(name: String, value: String)] {
        guard let value = value(name) else { return [] }
        guard let object = value.object else { throw fault(name, "an object of texts") }
        var pairs: [(name: String, value: String)] = []
        for member in object.members {
            guard let text = member.value.string else { throw fault("\(name)/\(member.name)", "a text") }
            pairs.append((member.name, text))
        }
        return pairs
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(InputError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.double, range.contains(number) else {
            throw fault(name, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(InputError) -> Int? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer.map({ Int(clamping: $0) }), range.contains(number) else {
            throw fault(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
