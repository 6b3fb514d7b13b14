/// The shape of a JSON value: checks values, and writes itself as JSON Schema 2020-12 for OpenAPI 3.1.
///
/// A closed subset, so that whatever is declared is enforced too. Members that an object does not declare are refused.
package indirect enum JSONSchema: Hashable, Sendable {
    case anything
    case boolean
    case string(StringRules)
    case integer(ClosedRange<Int64>)
    case number(ClosedRange<Double>?)
    case array(JSONSchema, count: ClosedRange<Int>, isSet: Bool)
    case object([Property])
    /// An object with names that the client chooses.
    case dictionary(JSONSchema, countMax: Int)
    /// Whatever satisfies one of these.
    case anyOf([JSONSchema])
    /// This or null.
    case nullable(JSONSchema)
    /// A schema with a name, written once in the document and referred to.
    case named(String, JSONSchema)

    /// What a string may be.
    package struct StringRules: Hashable, Sendable {
        /// Unicode scalars, as JSON Schema counts.
        package var lengthMin: Int
        package var lengthMax: Int?
        package var format: JSONFormat?
        /// The only values allowed, when not nil.
        package var allowed: [String]?

        package init(lengthMin: Int = 0, lengthMax: Int? = nil, format: JSONFormat? = nil, allowed: [String]? = nil) {
            self.lengthMin = lengthMin
            self.lengthMax = lengthMax
            self.format = format
            self.allowed = allowed
        }
    }

    /// A member that an object may or must have.
    package struct Property: Hashable, Sendable {
        package let name: String
        package let schema: JSONSchema
        package let isRequired: Bool
        package let description: String?

        package static func required(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> Property {
            Property(name: name, schema: schema, isRequired: true, description: description)
        }

        package static func optional(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> Property {
            Property(name: name, schema: schema, isRequired: false, description: description)
        }
    }
}

extension JSONSchema {
    /// The most elements of an array where nothing else is said.
    package static let countMaxDefault = 1_000

    package static func string(_ length: ClosedRange<Int>, format: JSONFormat? = nil) -> JSONSchema {
        .string(StringRules(lengthMin: length.lowerBound, lengthMax: length.upperBound, format: format))
    }

    package static func string(format: JSONFormat? = nil) -> JSONSchema { .string(StringRules(format: format)) }

    /// One of a set of words.
    package static func oneOf(_ words: [String]) -> JSONSchema { .string(StringRules(allowed: words)) }

    /// One of the raw values of a closed enum.
    package static func oneOf<Words: CaseIterable & RawRepresentable<String>>(_: Words.Type) -> JSONSchema {
        .oneOf(Words.allCases.map(\.rawValue))
    }

    /// Any number of elements, for answers: what clients send has a limit.
    package static func unboundedArray(of element: JSONSchema) -> JSONSchema {
        .array(element, count: 0...Int.max, isSet: false)
    }

    package static func integer() -> JSONSchema { .integer(Int64.min...Int64.max) }

    package static func array(
        of element: JSONSchema,
        count: ClosedRange<Int> = 0...countMaxDefault,
        isSet: Bool = false
    ) -> JSONSchema {
        .array(element, count: count, isSet: isSet)
    }

    /// This schema or null.
    package var orNull: JSONSchema { .nullable(self) }

    /// The schema under names and null.
    package var bare: JSONSchema {
        switch self {
        case .nullable(let schema), .named(_, let schema): schema.bare
        default: self
        }
    }

    /// Whether text given for an array parameter is split into elements.
    package var isArray: Bool { if case .array = bare { true } else { false } }

    /// The same object with every member optional: the body of a PATCH (JSON merge patch).
    package var asPatch: JSONSchema {
        switch self {
        case .object(let properties):
            .object(
                properties.map {
                    Property(name: $0.name, schema: $0.schema, isRequired: false, description: $0.description)
                }
            )
        case .nullable(let schema): .nullable(schema.asPatch)
        case .named(_, let schema): schema.asPatch
        default: self
        }
    }

    /// The schema of a page of items.
    package static func page(of item: JSONSchema) -> JSONSchema {
        .object([
            .required("items", .array(of: item)),
            .required("next_cursor", .string().orNull, "Where the next page begins; null on the last page."),
        ])
    }

    /// The schema of a problem.
    package static let problem = JSONSchema.named(
        "Problem",
        .object([
            .required("type", .string(format: .uri), "A URI that identifies the kind of problem."),
            .required("title", .string(), "A summary of the kind."),
            .required("status", .integer(400...599)),
            .optional("detail", .string(), "What is wrong with this request."),
            .optional("instance", .string()),
            .optional(
                "errors",
                .array(
                    of: .object([
                        .optional("pointer", .string(), "A JSON pointer into the body."),
                        .optional("parameter", .string()),
                        .optional("in", .oneOf(["query", "path", "header"])),
                        .required("detail", .string()),
                        .optional("line", .integer(1...Int64.max), "Of a syntax error, from 1."),
                        .optional("column", .integer(1...Int64.max), "Of a syntax error, from 1, in characters."),
                        .optional("offset", .integer(0...Int64.max), "Of a syntax error, in bytes."),
                    ])
                )
            ),
        ])
    )
}
