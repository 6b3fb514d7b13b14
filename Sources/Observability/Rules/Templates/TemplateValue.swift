public import Basics

/// A value in a template; the cases are the Go types that Prometheus' templates meet.
public indirect enum TemplateValue: Sendable, Equatable {
    /// Go's invalid value: a missing field of nil data; prints `<no value>`.
    case none
    /// An untyped nil inside a collection.
    case `nil`
    case boolean(Bool)
    /// `int`, or another signed type by name.
    case integer(Int64, type: String)
    /// `uint64` and the like.
    case unsigned(UInt64, type: String)
    case float(Double)
    case string(String)
    /// A slice: the samples of a query, the arguments of a call.
    case list([TemplateValue], type: String)
    case map([String: TemplateValue], type: String)
    /// A struct's fields in order.
    case record([TemplateField], type: String)
    /// Nanoseconds since the Unix epoch, UTC.
    case time(Int64)
    /// Nanoseconds.
    case duration(Int64)
    /// A number that prints as a name: a month, a weekday.
    case named(Int64, name: String, type: String)

    /// A Go `int`.
    public static func int(_ value: Int) -> TemplateValue { .integer(Int64(value), type: "int") }

    /// A `map[string]string`.
    public static func strings(_ values: [String: String]) -> TemplateValue {
        .map(values.mapValues { .string($0) }, type: "map[string]string")
    }

    /// The type as Go names it.
    var typeName: String {
        switch self {
        case .none, .nil: "nil"
        case .boolean: "bool"
        case .integer(_, let type), .unsigned(_, let type), .list(_, let type), .map(_, let type),
            .record(_, let type), .named(_, _, let type):
            type
        case .float: "float64"
        case .string: "string"
        case .time: "time.Time"
        case .duration: "time.Duration"
        }
    }

    /// What `if` and `with` take for true.
    var isTrue: Bool {
        switch self {
        case .none, .nil: false
        case .boolean(let value): value
        case .integer(let value, _), .named(let value, _, _), .duration(let value): value != 0
        case .unsigned(let value, _): value != 0
        case .float(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let values, _): !values.isEmpty
        case .map(let values, _): !values.isEmpty
        case .record, .time: true
        }
    }

    /// As Go's `%v` prints it, cut off when it is long: for messages.
    var shown: String { GoFormat.shown(self) }
}

/// A field of a struct.
public struct TemplateField: Sendable, Equatable {
    /// What the field is called behind the dot.
    public let name: String
    /// What the field holds.
    public let value: TemplateValue

    /// Makes a field.
    public init(_ name: String, _ value: TemplateValue) {
        self.name = name
        self.value = value
    }
}

/// A series' value as the template function `query` returns it.
public struct TemplateSample: Sendable, Equatable {
    /// The series' labels by name.
    public let labels: [String: String]
    /// The series' value at the query's time.
    public let value: Double

    /// Makes a sample.
    public init(labels: [String: String], value: Double) {
        self.labels = labels
        self.value = value
    }

    var templateValue: TemplateValue {
        .record(
            [TemplateField("Labels", .strings(labels)), TemplateField("Value", .float(value))],
            type: "*template.sample"
        )
    }
}

/// What a template may ask of the world.
public struct TemplateContext: Sendable {
    /// The time that `now` tells and that queries are evaluated at.
    public let now: Timestamp
    /// The URL under which people reach the server.
    public let externalURL: String
    /// Evaluates a PromQL query; nil where no queries are possible.
    public let query: (@Sendable (String) throws -> [TemplateSample])?
    /// Whether a missing map key is an error (Go's option `missingkey=error`); otherwise it is the type's zero value.
    public let missingKeyIsError: Bool

    /// Makes a context; without `query` the template function `query` fails.
    public init(
        now: Timestamp,
        externalURL: String,
        missingKeyIsError: Bool = false,
        query: (@Sendable (String) throws -> [TemplateSample])? = nil
    ) {
        self.now = now
        self.externalURL = externalURL
        self.missingKeyIsError = missingKeyIsError
        self.query = query
    }

    /// The path of the external URL, without a closing slash.
    var pathPrefix: String {
        guard let scheme = externalURL.range(of: "://") else { return "" }
        let rest = externalURL[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/") else { return "" }
        let path = rest[slash...].prefix { $0 != "?" && $0 != "#" }
        return String(path)
    }
}

extension String {
    /// The first place of a text; without a foundation library.
    func range(of text: String) -> Range<String.Index>? { self.firstRange(of: text) }
}
