package import JSON

extension JSONSchema: JSONWritable {
    /// Writes the schema as OpenAPI 3.1 has it; named schemas as references into `#/components/schemas`.
    package func write(to json: inout JSONWriter) {
        write(to: &json, isNullable: false, description: nil)
    }

    /// Every named schema inside, itself included, each once, by name.
    package var namedSchemas: [String: JSONSchema] {
        var found: [String: JSONSchema] = [:]
        collect(into: &found)
        return found
    }

    private func collect(into found: inout [String: JSONSchema]) {
        switch self {
        case .anything, .boolean, .string, .integer, .number: break
        case .nullable(let schema), .array(let schema, _, _), .dictionary(let schema, _): schema.collect(into: &found)
        case .object(let properties): for property in properties { property.schema.collect(into: &found) }
        case .anyOf(let schemas): for schema in schemas { schema.collect(into: &found) }
        case .named(let name, let schema):
            precondition(found[name] == nil || found[name] == schema, "BUG: two schemas are named \(name)")
            guard found.updateValue(schema, forKey: name) == nil else { return }
            schema.collect(into: &found)
        }
    }

    private func write(to json: inout JSONWriter, isNullable: Bool, description: String?) {
        switch self {
        case .nullable(let schema):
            if case .named = schema {
                json.object { json in
                    json.key("anyOf")
                    json.array { json in
                        schema.write(to: &json)
                        json.object { $0.member("type", "null") }
                    }
                    if let description { json.member("description", description) }
                }
            } else {
                schema.write(to: &json, isNullable: true, description: description)
            }
        case .named(let name, _):
            json.object { json in
                json.member("$ref", "#/components/schemas/\(name)")
                if let description { json.member("description", description) }
            }
        default:
            json.object { json in
                writeType(to: &json, isNullable: isNullable)
                writeRules(to: &json, isNullable: isNullable)
                if let description { json.member("description", description) }
            }
        }
    }

    private func writeType(to json: inout JSONWriter, isNullable: Bool) {
        let word: String
        switch self {
        case .boolean: word = "boolean"
        case .string: word = "string"
        case .integer: word = "integer"
        case .number: word = "number"
        case .array: word = "array"
        case .object, .dictionary: word = "object"
        case .anything, .anyOf, .nullable, .named: return
        }
        if isNullable { json.member("type", [word, "null"]) } else { json.member("type", word) }
    }

    private func writeRules(to json: inout JSONWriter, isNullable: Bool) {
        switch self {
        case .anything, .boolean, .nullable, .named: break
        case .string(let rules): rules.write(to: &json, isNullable: isNullable)
        case .integer(let range):
            json.member("format", "int64")
            if range.lowerBound != .min { json.member("minimum", Int(range.lowerBound)) }
            if range.upperBound != .max { json.member("maximum", Int(range.upperBound)) }
        case .number(let range):
            if let range {
                json.member("minimum", range.lowerBound)
                json.member("maximum", range.upperBound)
            }
        case .array(let element, let count, let isSet):
            json.member("items", element)
            if count.lowerBound > 0 { json.member("minItems", count.lowerBound) }
            if count.upperBound < .max { json.member("maxItems", count.upperBound) }
            if isSet { json.member("uniqueItems", true) }
        case .object(let properties):
            json.key("properties")
            json.object { json in
                for property in properties {
                    json.key(property.name)
                    property.schema.write(to: &json, isNullable: false, description: property.description)
                }
            }
            let required = properties.filter(\.isRequired).map(\.name)
            if !required.isEmpty { json.member("required", required) }
            json.member("additionalProperties", false)
        case .dictionary(let schema, let countMax):
            json.member("additionalProperties", schema)
            if countMax < .max { json.member("maxProperties", countMax) }
        case .anyOf(let schemas):
            json.key("anyOf")
            json.array { json in
                for schema in schemas { schema.write(to: &json) }
                if isNullable { json.object { $0.member("type", "null") } }
            }
        }
    }
}

extension JSONSchema.StringRules {
    fileprivate func write(to json: inout JSONWriter, isNullable: Bool) {
        if let allowed {
            json.key("enum")
            json.array { json in
                for word in allowed { json.string(word) }
                if isNullable { json.null() }
            }
        }
        if lengthMin > 0 { json.member("minLength", lengthMin) }
        if let lengthMax { json.member("maxLength", lengthMax) }
        if let format {
            if let pattern = format.pattern {
                json.member("pattern", pattern)
            } else {
                json.member("format", format.rawValue)
            }
        }
    }
}
