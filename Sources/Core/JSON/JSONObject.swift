/// The members of a JSON object in the order written, each name once.
///
/// Two objects are equal when they have the same members, in whatever order (RFC 8259: an object is unordered).
package struct JSONObject: Sendable {
    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var members: [Member]

    /// Takes members whose names are known to differ.
    init(members: [Member]) { self.members = members }

    package init() { members = [] }

    /// Takes members in their order; of two with one name the last is kept, in the place of the first.
    package init(_ pairs: some Sequence<(String, JSONValue)>) {
        self.init()
        var places: [String: Int] = [:]
        for (name, value) in pairs {
            let member = Member(name: name, value: value)
            if let place = places.updateValue(members.count, forKey: name) {
                places[name] = place
                members[place] = member
            } else {
                members.append(member)
            }
        }
    }

    /// An object of texts, in the order of their names.
    package init(_ texts: [String: String]) {
        members = texts.sorted { $0.key < $1.key }.map { Member(name: $0.key, value: .string($0.value)) }
    }

    package var isEmpty: Bool { members.isEmpty }

    /// The value of a member, or nil; setting nil removes it.
    package subscript(_ name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index] = Member(name: name, value: value)
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The object after a merge patch (RFC 7396): what is new stands at the end.
    func merging(_ changes: JSONObject) -> JSONObject {
        var pending = changes.byName
        var merged: [Member] = []
        for member in members {
            guard let change = pending.removeValue(forKey: member.name) else {
                merged.append(member)
                continue
            }
            if !change.isNull { merged.append(Member(name: member.name, value: member.value.merging(change))) }
        }
        for member in changes.members where !member.value.isNull && pending[member.name] != nil {
            merged.append(Member(name: member.name, value: JSONValue.null.merging(member.value)))
        }
        return JSONObject(members: merged)
    }

    private var byName: [String: JSONValue] {
        Dictionary(members.lazy.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

extension JSONObject: Hashable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.members.count == right.members.count else { return false }
        // Names first and values once: with values in the first look, a deep tree would be compared again and again.
        if zip(left.members, right.members).allSatisfy({ $0.name == $1.name }) {
            return zip(left.members, right.members).allSatisfy { $0.value == $1.value }
        }
        let values = right.byName
        return left.members.allSatisfy { values[$0.name] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(members.count)
        // Whatever the order.
        hasher.combine(members.reduce(0) { $0 ^ $1.hashValue })
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}
