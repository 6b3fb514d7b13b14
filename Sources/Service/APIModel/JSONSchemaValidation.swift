package import JSON

extension JSONSchema {
    /// The most violations that one answer lists.
    package static let violationsMax = 50

    /// Everything that is wrong with a value, each with its JSON pointer; empty when nothing is.
    ///
    /// Stops at ``violationsMax``. The recursion is as deep as the schema or, in free-form parts, none.
    package func violations(in value: JSONValue) -> [Violation] {
        var check = SchemaCheck()
        check.check(value, self)
        return check.violations.map { Violation(.body(pointer: $0.pointer), $0.detail) }
    }

    /// Reads a parameter's text as the schema's kind of value, and checks it.
    ///
    /// - Returns: the value, and what is wrong with it, in words.
    package func value(ofParameter text: String) -> (value: JSONValue, faults: [String]) {
        let value: JSONValue
        switch bare {
        case .integer, .number:
            guard let number = try? JSONValue(parsing: text), case .number = number else {
                return (.null, ["must be a number"])
            }
            value = number
        case .boolean:
            guard text == "true" || text == "false" else { return (.null, ["must be true or false"]) }
            value = .boolean(text == "true")
        default:
            value = .string(text)
        }
        var check = SchemaCheck()
        check.check(value, self)
        return (value, check.violations.map(\.detail))
    }
}

/// Walks a value and its schema together.
private struct SchemaCheck {
    private enum Step {
        case name(String)
        case index(Int)
    }

    var violations: [(pointer: String, detail: String)] = []
    private var path: [Step] = []

    init() {}

    mutating func check(_ value: JSONValue, _ schema: JSONSchema) {
        switch schema {
        case .anything: break
        case .named(_, let schema): check(value, schema)
        case .nullable(let schema): if !value.isNull { check(value, schema) }
        case .anyOf(let schemas): check(value, anyOf: schemas)
        case .boolean: if value.boolean == nil { refuse("must be a boolean") }
        case .string(let rules): check(value, rules)
        case .integer(let range): check(value, range)
        case .number(let range): check(value, range)
        case .array(let element, let count, let isSet):
            guard let values = value.array else { return refuse("must be an array") }
            check(values, element, count, isSet: isSet)
        case .object(let properties):
            guard let object = value.object else { return refuse("must be an object") }
            check(object, properties)
        case .dictionary(let schema, let countMax):
            guard let object = value.object else { return refuse("must be an object") }
            if object.members.count > countMax { return refuse("must have at most \(countMax) members") }
            for member in object.members { descend(.name(member.name)) { $0.check(member.value, schema) } }
        }
    }

    /// Satisfied by any of the schemas; otherwise the one that comes closest says what is wrong.
    private mutating func check(_ value: JSONValue, anyOf schemas: [JSONSchema]) {
        var closest: [(pointer: String, detail: String)]?
        for schema in schemas {
            var attempt = SchemaCheck()
            attempt.path = path
            attempt.check(value, schema)
            if attempt.violations.isEmpty { return }
            // The deeper the first fault, the more of the value was as the schema says.
            let isDeeper = attempt.violations[0].pointer.utf8.count > closest?[0].pointer.utf8.count ?? -1
            if isDeeper { closest = attempt.violations }
        }
        for violation in closest ?? [] where violations.count < JSONSchema.violationsMax {
            violations.append(violation)
        }
    }

    private mutating func check(_ value: JSONValue, _ rules: JSONSchema.StringRules) {
        guard let text = value.string else { return refuse("must be a string") }
        if let allowed = rules.allowed, !allowed.contains(text) {
            return refuse("must be one of \(allowed.joined(separator: ", "))")
        }
        let length = text.unicodeScalars.count
        if length < rules.lengthMin {
            refuse(rules.lengthMin == 1 ? "must not be empty" : "must have at least \(rules.lengthMin) characters")
        } else if let lengthMax = rules.lengthMax, length > lengthMax {
            refuse("must have at most \(lengthMax) characters")
        } else if let format = rules.format, !format.matches(text) {
            refuse("must be \(format.expectation)")
        }
    }

    private mutating func check(_ value: JSONValue, _ range: ClosedRange<Int64>) {
        guard case .number = value else { return refuse("must be an integer") }
        guard let integer = value.integer else { return refuse("must be an integer of 64 bits") }
        if !range.contains(integer) { refuse("must be from \(range.lowerBound) to \(range.upperBound)") }
    }

    private mutating func check(_ value: JSONValue, _ range: ClosedRange<Double>?) {
        guard let number = value.double else { return refuse("must be a number") }
        guard number.isFinite else { return refuse("must be within the range of a double") }
        if let range, !range.contains(number) { refuse("must be from \(range.lowerBound) to \(range.upperBound)") }
    }

    private mutating func check(
        _ values: [JSONValue],
        _ element: JSONSchema,
        _ count: ClosedRange<Int>,
        isSet: Bool
    ) {
        if values.count < count.lowerBound { return refuse("must have at least \(count.lowerBound) elements") }
        if values.count > count.upperBound { return refuse("must have at most \(count.upperBound) elements") }
        var seen: Set<JSONValue> = []
        for (index, value) in values.enumerated() {
            descend(.index(index)) { $0.check(value, element) }
            if isSet, !seen.insert(value).inserted { descend(.index(index)) { $0.refuse("must not repeat") } }
        }
    }

    private mutating func check(_ object: JSONObject, _ properties: [JSONSchema.Property]) {
        for member in object.members {
            descend(.name(member.name)) { check in
                guard let property = properties.first(where: { $0.name == member.name }) else {
                    return check.refuse("is not a known member")
                }
                check.check(member.value, property.schema)
            }
        }
        for property in properties where property.isRequired && object[property.name] == nil {
            descend(.name(property.name)) { $0.refuse("is required") }
        }
    }

    private mutating func descend(_ step: Step, _ body: (inout SchemaCheck) -> Void) {
        guard violations.count < JSONSchema.violationsMax else { return }
        path.append(step)
        body(&self)
        path.removeLast()
    }

    private mutating func refuse(_ detail: String) {
        guard violations.count < JSONSchema.violationsMax else { return }
        violations.append((pointer, detail))
    }

    private var pointer: String {
        var text = ""
        for step in path {
            text.append("/")
            switch step {
            case .index(let index): text.append(String(index))
            case .name(let name): text.append(JSONPointer.token(name.unicodeScalars))
            }
        }
        return text
    }
}
