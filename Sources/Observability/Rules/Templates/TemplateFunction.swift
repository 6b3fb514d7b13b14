/// A function of the template language: its parameters' types and what it does.
struct TemplateFunction: Sendable {
    /// The types that arguments are checked against, as Go names them.
    enum Parameter: String, Sendable {
        case any = "interface {}"
        case string
        case float = "float64"
        case integer = "int"
        case boolean = "bool"
        case samples = "template.queryResult"
        case sample = "*template.sample"
        case time = "time.Time"
        case duration = "time.Duration"

        func accepts(_ value: TemplateValue) -> Bool {
            switch (self, value) {
            case (.any, _), (.string, .string), (.float, .float), (.boolean, .boolean), (.time, .time),
                (.duration, .duration):
                true
            case (.integer, .integer(_, let type)): type == "int"
            case (.samples, .list(_, let type)), (.sample, .record(_, let type)): type == rawValue
            default: false
            }
        }

        /// What a literal of the type is called in messages.
        var literalName: String {
            switch self {
            case .float: "float"
            case .integer, .duration: "integer"
            default: rawValue
            }
        }
    }

    let parameters: [Parameter]
    /// The type of any number of further arguments; nil when there are none.
    let rest: Parameter?
    let call: @Sendable (inout TemplateExecutor, [TemplateValue]) throws(TemplateError) -> TemplateValue

    init(
        _ parameters: [Parameter],
        rest: Parameter? = nil,
        _ call: @escaping @Sendable (inout TemplateExecutor, [TemplateValue]) throws(TemplateError) -> TemplateValue
    ) {
        self.parameters = parameters
        self.rest = rest
        self.call = call
    }

    /// All functions by name.
    static let all: [String: TemplateFunction] =
        generalFunctions.merging(prometheusFunctions) { _, new in new }.merging(textFunctions) { _, new in new }
}

extension [TemplateValue] {
    /// An argument; the number and types were checked before the call.
    func at(_ index: Int) -> TemplateValue { indices.contains(index) ? self[index] : .none }

    func string(_ index: Int) -> String { if case .string(let text) = at(index) { text } else { "" } }

    func float(_ index: Int) -> Double { if case .float(let value) = at(index) { value } else { 0 } }

    /// A sample's labels.
    func labels(_ index: Int) -> [String: TemplateValue] {
        guard case .record(let fields, _) = at(index), case .map(let labels, _)? = fields.first?.value else {
            return [:]
        }
        return labels
    }
}
