/// A parsed template's parts.
///
/// Positions are byte offsets into the text.
indirect enum TemplateNode: Sendable {
    case text(String)
    case action(TemplatePipeline, position: Int)
    case branch(TemplateBranch)
    case call(name: String, argument: TemplatePipeline?, position: Int)
    case breakLoop
    case continueLoop
}

/// `if`, `with` or `range`.
struct TemplateBranch: Sendable {
    enum Kind: String, Sendable {
        case `if`, with, range
    }

    let kind: Kind
    let pipeline: TemplatePipeline
    let body: [TemplateNode]
    let otherwise: [TemplateNode]
    let position: Int
}

/// Commands of which each hands its result to the next, and the variables that take the last one.
struct TemplatePipeline: Sendable {
    let position: Int
    var variables: [String] = []
    var isAssignment = false
    var commands: [TemplateCommand] = []

    /// As Go prints it in messages.
    var text: String {
        var text = ""
        if !variables.isEmpty { text = variables.joined(separator: ", ") + (isAssignment ? " = " : " := ") }
        return text + commands.map(\.text).joined(separator: " | ")
    }
}

/// A function or value with its arguments.
struct TemplateCommand: Sendable {
    let position: Int
    var operands: [TemplateOperand] = []

    var text: String { operands.map(\.text).joined(separator: " ") }
}

/// What a command is made of.
indirect enum TemplateOperand: Sendable {
    case dot(position: Int)
    case `nil`(position: Int)
    case boolean(Bool, position: Int)
    case number(TemplateNumber, position: Int)
    case string(String, quoted: String, position: Int)
    case field([String], position: Int)
    case variable([String], position: Int)
    case chain(TemplateOperand, [String], position: Int)
    case identifier(String, position: Int)
    case pipeline(TemplatePipeline)

    var position: Int {
        switch self {
        case .dot(let position), .nil(let position), .boolean(_, let position), .number(_, let position),
            .string(_, _, let position), .field(_, let position), .variable(_, let position),
            .chain(_, _, let position), .identifier(_, let position):
            position
        case .pipeline(let pipeline): pipeline.position
        }
    }

    /// As Go prints it in messages.
    var text: String {
        switch self {
        case .dot: "."
        case .nil: "nil"
        case .boolean(let value, _): value ? "true" : "false"
        case .number(let number, _): number.text
        case .string(_, let quoted, _): quoted
        case .field(let names, _): "." + names.joined(separator: ".")
        case .variable(let names, _): names.joined(separator: ".")
        case .chain(.pipeline(let pipeline), let names, _): "(\(pipeline.text))." + names.joined(separator: ".")
        case .chain(let operand, let names, _): operand.text + "." + names.joined(separator: ".")
        case .identifier(let name, _): name
        case .pipeline(let pipeline): "(\(pipeline.text))"
        }
    }
}
