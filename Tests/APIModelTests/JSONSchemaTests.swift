import APIModel
import JSON
import Testing

struct JSONSchemaTests {
    /// Each violation as `pointer: detail`.
    private func violations(_ schema: JSONSchema, _ text: String) throws -> [String] {
        schema.violations(in: try JSONValue(parsing: text)).map { violation in
            guard case .body(let pointer) = violation.place else { return "not in the body" }
            return "\(pointer): \(violation.detail)"
        }
    }

    private let project = JSONSchema.object([
        .required("name", .string(1...5, format: .visibleText)),
        .optional("priority", .integer(1...10)),
        .optional("tags", .array(of: .string(format: .slug), count: 0...3, isSet: true)),
        .optional("due_at", .string(format: .dateTime).orNull),
        .optional("kind", .oneOf(["a", "b"])),
        .optional("owner", .named("Owner", .object([.required("id", .string(format: .uuid))]))),
        .optional("metadata", .dictionary(.string(0...3), countMax: 2)),
        .optional("a/b~c", .boolean),
        .optional("ratio", .number(0...1)),
    ])

    @Test("what is right has no violations")
    func valid() throws {
        func f(_ text: String) throws { #expect(try violations(project, text).isEmpty, "\(text)") }
        try f(#"{"name":"x"}"#)
        try f(#"{"name":"žluťo","priority":10,"tags":["a-b","c"],"due_at":null,"kind":"b","ratio":0.5}"#)
        try f(#"{"name":"x","owner":{"id":"0198C0DE-0000-7000-8000-000000000000"},"metadata":{"k":"v"},"a/b~c":true}"#)
        try f(#"{"name":"x","due_at":"2028-02-29T23:59:60.123+02:00"}"#)
        try f(#"{"name":"x","priority":1.0}"#)
    }

    @Test("any of several; the one that fits best says what is wrong")
    func anyOf() throws {
        let schema = JSONSchema.anyOf([
            .unboundedArray(of: .object([.required("a", .integer(0...9))])), .number(nil), .named("N", .boolean),
        ])
        func f(_ text: String, _ expected: String...) throws {
            #expect(try violations(schema, text) == expected, "\(text)")
        }
        try f(#"[{"a":1},{"a":2}]"#)
        try f("1.5")
        try f("true")
        try f(#"[{"a":1},{"a":10}]"#, "/1/a: must be from 0 to 9")
        try f("null", ": must be an array")
        #expect(
            String(decoding: JSONWriter.bytes(of: schema.orNull), as: UTF8.self)
                == ##"{"anyOf":[{"type":"array","items":{"type":"object","properties":{"a":{"type":"integer","##
                + ##""format":"int64","minimum":0,"maximum":9}},"required":["a"],"additionalProperties":false}},"##
                + ##"{"type":"number"},{"$ref":"#/components/schemas/N"},{"type":"null"}]}"##
        )
        #expect(schema.namedSchemas.keys.sorted() == ["N"])
    }

    @Test("what is wrong, with pointers")
    func invalid() throws {
        func f(_ text: String, _ expected: String...) throws {
            #expect(try violations(project, text) == expected, "\(text)")
        }
        try f("[]", ": must be an object")
        try f("{}", "/name: is required")
        try f(#"{"name":null}"#, "/name: must be a string")
        try f(#"{"name":""}"#, "/name: must not be empty")
        try f(#"{"name":"abcdef"}"#, "/name: must have at most 5 characters")
        try f(#"{"name":"   "}"#, "/name: must be visible text without control characters")
        try f(#"{"name":"x","other":1}"#, "/other: is not a known member")
        try f(#"{"name":"x","priority":"5"}"#, "/priority: must be an integer")
        try f(#"{"name":"x","priority":1.5}"#, "/priority: must be an integer of 64 bits")
        try f(#"{"name":"x","priority":11}"#, "/priority: must be from 1 to 10")
        try f(#"{"name":"x","tags":["a","B","a"]}"#, "/tags/1: must be \(slug)", "/tags/2: must not repeat")
        try f(#"{"name":"x","tags":["a","b","c","d"]}"#, "/tags: must have at most 3 elements")
        try f(#"{"name":"x","due_at":"2027-02-29T00:00:00Z"}"#, "/due_at: must be an RFC 3339 time with a zone")
        try f(#"{"name":"x","kind":"c"}"#, "/kind: must be one of a, b")
        try f(#"{"name":"x","owner":{}}"#, "/owner/id: is required")
        try f(#"{"name":"x","owner":{"id":"7"}}"#, "/owner/id: must be a UUID")
        try f(#"{"name":"x","metadata":{"k":"long"}}"#, "/metadata/k: must have at most 3 characters")
        try f(#"{"name":"x","metadata":{"a":"","b":"","c":""}}"#, "/metadata: must have at most 2 members")
        try f(#"{"name":"x","a/b~c":1}"#, "/a~1b~0c: must be a boolean")
        try f(#"{"name":"x","ratio":1e999}"#, "/ratio: must be within the range of a double")
        try f(
            #"{"priority":0,"x":1}"#,
            "/priority: must be from 1 to 10",
            "/x: is not a known member",
            "/name: is required"
        )
    }

    private let slug = "lower-case letters, digits and single hyphens between them"

    @Test("the number of violations is limited")
    func limit() throws {
        let text = "[" + (0..<200).map { _ in "1" }.joined(separator: ",") + "]"
        #expect(try violations(.array(of: .string()), text).count == JSONSchema.violationsMax)
    }

    @Test("formats", arguments: JSONFormat.allCases)
    func formats(format: JSONFormat) {
        let table: [JSONFormat: (valid: [String], invalid: [String])] = [
            .dateTime: (
                ["2026-01-31T00:00:00Z", "2026-01-31t23:59:59.5-05:30"],
                [
                    "2026-01-31", "2026-01-31T00:00:00", "2026-01-31T24:00:00Z", "2026-01-31T00:00:00.Z", "é",
                    "2026-01-31T00:00:00Zx",
                ]
            ),
            .date: (["2026-12-31", "2000-02-29"], ["2026-13-01", "1900-02-29", "2026-1-1", "", "2026-00-10"]),
            .uuid: (
                ["01234567-89ab-cdef-0123-456789ABCDEF"],
                ["0123456789abcdef0123456789abcdef", "", "g1234567-89ab-cdef-0123-456789abcdef"]
            ),
            .uri: (["http://a/b?c#d", "urn:x:y"], ["a", ":a", "1a:b", "http://a b", "http:"]),
            .email: (["a@b", "ž@b.cz"], ["a", "@b", "a@", "a@b@c", "a b@c"]),
            .slug: (["a", "a-1-b"], ["", "-a", "a-", "a--b", "A", "a_b"]),
            .metricName: (["a:b_1", "_x"], ["", "1a", "a-b", "ž"]),
            .labelName: (["a_1"], ["", "a:b", "1a"]),
            .username: (["a", "A.b_c@d-9"], ["", "a b", "ž", "a/b"]),
            .newPassword: (
                ["", "ž", String(repeating: "x", count: 72)],
                ["a\u{0}b", String(repeating: "x", count: 73), String(repeating: "ž", count: 37)]
            ),
            .visibleText: (["a b", "ž"], ["", " ", "a\nb", "\u{7f}"]),
        ]
        let row = table[format]
        #expect(row != nil)
        for text in row?.valid ?? [] { #expect(format.matches(text), "\(text)") }
        for text in row?.invalid ?? [] { #expect(!format.matches(text), "\(text)") }
    }

    @Test("parameters are read as their schema's kind")
    func parameters() throws {
        func f(_ schema: JSONSchema, _ text: String, _ expected: JSONValue?, _ fault: String? = nil) {
            let (value, faults) = schema.value(ofParameter: text)
            #expect(faults == (fault.map { [$0] } ?? []))
            if fault == nil { #expect(value == expected) }
        }
        f(.string(), "1", .string("1"))
        f(.integer(1...100), "20", .number(JSONNumber(20)))
        f(.integer(1...100), "0", nil, "must be from 1 to 100")
        f(.integer(1...100), "x", nil, "must be a number")
        f(.integer(1...100), "", nil, "must be a number")
        f(.integer(1...100), "[1]", nil, "must be a number")
        f(.boolean, "true", .boolean(true))
        f(.boolean, "1", nil, "must be true or false")
        f(.oneOf(["a"]), "b", nil, "must be one of a")
    }

    @Test("a patch has no required members")
    func patch() throws {
        #expect(try violations(project.asPatch, #"{"priority":3}"#).isEmpty)
        #expect(try violations(project.asPatch, #"{"nonsense":3}"#) == ["/nonsense: is not a known member"])
    }

    @Test("schemas as OpenAPI 3.1 writes them")
    func rendering() {
        func f(_ schema: JSONSchema, _ expected: String) {
            #expect(String(decoding: JSONWriter.bytes(of: schema), as: UTF8.self) == expected)
        }
        f(.anything, "{}")
        f(.boolean.orNull, #"{"type":["boolean","null"]}"#)
        f(
            .string(1...9, format: .slug),
            #"{"type":"string","minLength":1,"maxLength":9,"pattern":"^[a-z0-9]+(-[a-z0-9]+)*$"}"#
        )
        f(.string(format: .dateTime), #"{"type":"string","format":"date-time"}"#)
        f(.oneOf(["a", "b"]).orNull, #"{"type":["string","null"],"enum":["a","b",null]}"#)
        f(.integer(1...10), #"{"type":"integer","format":"int64","minimum":1,"maximum":10}"#)
        f(
            .array(of: .boolean, count: 1...2, isSet: true),
            #"{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":2,"uniqueItems":true}"#
        )
        f(.named("N", .boolean).orNull, ##"{"anyOf":[{"$ref":"#/components/schemas/N"},{"type":"null"}]}"##)
        f(
            .object([.required("a", .boolean, "An a."), .optional("b", .named("N", .boolean))]),
            ##"{"type":"object","properties":{"a":{"type":"boolean","description":"An a."},"b":{"$ref":"#/components/schemas/N"}},"required":["a"],"additionalProperties":false}"##
        )
        f(
            .dictionary(.number(nil), countMax: 5),
            #"{"type":"object","additionalProperties":{"type":"number"},"maxProperties":5}"#
        )
    }
}
