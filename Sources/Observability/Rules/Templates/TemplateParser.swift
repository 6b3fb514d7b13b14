/// Builds a template's tree from its tokens.
struct TemplateParser {
    let name: String
    let limits: TemplateLimits
    private let text: String
    private let tokens: [TemplateToken]
    private var index = 0
    private var variables: [String]
    private var definitions: [String: [TemplateNode]] = [:]
    private var loopDepth = 0
    private var depth = 0

    init(_ text: String, name: String, variables: [String], limits: TemplateLimits) {
        self.name = name
        self.text = text
        self.limits = limits
        self.variables = ["$"] + variables
        tokens = TemplateLexer.tokens(of: text)
    }

    /// The template itself under its name, and what it defines.
    mutating func parse() throws(TemplateError) -> [String: [TemplateNode]] {
        let (nodes, ending) = try list(isTopLevel: true)
        if let ending { throw failure("unexpected {{\(ending)}}") }
        if definitions[name] == nil || !Self.isEmpty(nodes) { definitions[name] = nodes }
        return definitions
    }

    // MARK: Lists

    /// Reads nodes up to `end` or `else`, whose name is returned, or the end of the text.
    private mutating func list(isTopLevel: Bool = false) throws(TemplateError) -> ([TemplateNode], String?) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= limits.nestingDepthMax else { throw failure("nested more than \(limits.nestingDepthMax) deep") }
        var nodes: [TemplateNode] = []
        while true {
            let token = next()
            switch token.kind {
            case .text: nodes.append(.text(token.text))
            case .end:
                if isTopLevel { return (nodes, nil) }
                throw failure("unexpected EOF")
            case .leftDelimiter:
                skipSpace()
                if peek.kind == .keyword, peek.text == "end" || peek.text == "else" {
                    return (nodes, next().text)
                }
                if let node = try action(isTopLevel: isTopLevel) { nodes.append(node) }
            default: throw unexpected(token, "input")
            }
        }
    }

    private mutating func action(isTopLevel: Bool) throws(TemplateError) -> TemplateNode? {
        guard peek.kind == .keyword, peek.text != "nil" else {
            let position = peek.position
            return .action(try pipeline("command", end: .rightDelimiter), position: position)
        }
        let keyword = next()
        switch keyword.text {
        case "if": return try branch(.if, keyword)
        case "with": return try branch(.with, keyword)
        case "range": return try branch(.range, keyword)
        case "template": return try call(keyword)
        case "block": return try block(keyword)
        case "define":
            guard isTopLevel else { throw unexpected(keyword, "command") }
            try define()
            return nil
        default:
            guard loopDepth > 0 else { throw failure("{{\(keyword.text)}} outside {{range}}") }
            skipSpace()
            guard peek.kind == .rightDelimiter else { throw unexpected(peek, "{{\(keyword.text)}}") }
            _ = next()
            return keyword.text == "break" ? .breakLoop : .continueLoop
        }
    }

    private mutating func branch(_ kind: TemplateBranch.Kind, _ keyword: TemplateToken) throws(TemplateError)
        -> TemplateNode
    {
        let variableCount = variables.count
        defer { variables.removeSubrange(min(variableCount, variables.count)...) }
        let condition = try pipeline(kind.rawValue, end: .rightDelimiter)
        if kind == .range { loopDepth += 1 }
        let (body, ending) = try list()
        if kind == .range { loopDepth -= 1 }
        var otherwise: [TemplateNode] = []
        if ending == "else" { otherwise = try elseList(kind) } else { try closeDelimiter("end") }
        return .branch(
            TemplateBranch(
                kind: kind,
                pipeline: condition,
                body: body,
                otherwise: otherwise,
                position: keyword.position
            )
        )
    }

    /// After `else`: a list, or another branch of the same kind that shares this one's `end`.
    private mutating func elseList(_ kind: TemplateBranch.Kind) throws(TemplateError) -> [TemplateNode] {
        skipSpace()
        if kind != .range, peek.kind == .keyword, peek.text == kind.rawValue {
            depth += 1
            defer { depth -= 1 }
            guard depth <= limits.nestingDepthMax else {
                throw failure("nested more than \(limits.nestingDepthMax) deep")
            }
            let keyword = next()
            return [try branch(kind, keyword)]
        }
        try closeDelimiter("else")
        let (nodes, ending) = try list()
        guard ending == "end" else { throw failure("expected end; found {{\(ending ?? "")}}") }
        try closeDelimiter("end")
        return nodes
    }

    private mutating func call(_ keyword: TemplateToken) throws(TemplateError) -> TemplateNode {
        skipSpace()
        let called = try templateName("template clause")
        skipSpace()
        var argument: TemplatePipeline?
        if peek.kind == .rightDelimiter {
            _ = next()
        } else {
            argument = try pipeline("template clause", end: .rightDelimiter)
        }
        return .call(name: called, argument: argument, position: keyword.position)
    }

    private mutating func block(_ keyword: TemplateToken) throws(TemplateError) -> TemplateNode {
        skipSpace()
        let defined = try templateName("block clause")
        let argument = try pipeline("block clause", end: .rightDelimiter)
        try defineBody(defined)
        return .call(name: defined, argument: argument, position: keyword.position)
    }

    private mutating func define() throws(TemplateError) {
        skipSpace()
        let defined = try templateName("define clause")
        skipSpace()
        try closeDelimiter("define clause")
        try defineBody(defined)
    }

    private mutating func defineBody(_ defined: String) throws(TemplateError) {
        let outer = (variables, loopDepth)
        variables = ["$"]
        loopDepth = 0
        let (nodes, ending) = try list()
        guard ending == "end" else { throw failure("unexpected {{\(ending ?? "")}} in define clause") }
        try closeDelimiter("end")
        (variables, loopDepth) = outer
        if let old = definitions[defined], !Self.isEmpty(old) {
            if Self.isEmpty(nodes) { return }
            throw failure("template: multiple definition of template \(GoQuote.quote(defined))")
        }
        definitions[defined] = nodes
    }

    private mutating func templateName(_ context: String) throws(TemplateError) -> String {
        let token = next()
        guard token.kind == .string || token.kind == .rawString else { throw unexpected(token, context) }
        return try unquote(token)
    }

    private mutating func closeDelimiter(_ context: String) throws(TemplateError) {
        skipSpace()
        let token = next()
        guard token.kind == .rightDelimiter else { throw unexpected(token, context) }
    }

    private static func isEmpty(_ nodes: [TemplateNode]) -> Bool {
        nodes.allSatisfy { node in
            if case .text(let text) = node { text.allSatisfy(\.isWhitespace) } else { false }
        }
    }

    // MARK: Pipelines

    private mutating func pipeline(_ context: String, end: TemplateToken.Kind) throws(TemplateError)
        -> TemplatePipeline
    {
        depth += 1
        defer { depth -= 1 }
        guard depth <= limits.nestingDepthMax else { throw failure("nested more than \(limits.nestingDepthMax) deep") }
        skipSpace()
        var pipeline = TemplatePipeline(position: peek.position)
        try declarations(&pipeline, context)
        while true {
            skipSpace()
            if peek.kind == end {
                _ = next()
                try check(pipeline, context)
                return pipeline
            }
            switch peek.kind {
            case .boolean, .characterConstant, .dot, .field, .identifier, .number, .rawString, .string, .variable,
                .leftParenthesis:
                pipeline.commands.append(try command())
            case .keyword where peek.text == "nil": pipeline.commands.append(try command())
            default: throw unexpected(next(), context)
            }
        }
    }

    private mutating func declarations(_ pipeline: inout TemplatePipeline, _ context: String) throws(TemplateError) {
        while peek.kind == .variable {
            let start = index
            let variable = next()
            skipSpace()
            switch peek.kind {
            case .assign, .declare:
                pipeline.isAssignment = next().kind == .assign
                if pipeline.isAssignment, !variables.contains(variable.text) {
                    throw failure("undefined variable \(GoQuote.quote(variable.text))")
                }
                pipeline.variables.append(variable.text)
                variables.append(variable.text)
                return
            case .comma:
                _ = next()
                pipeline.variables.append(variable.text)
                variables.append(variable.text)
                guard context == "range", pipeline.variables.count < 2 else {
                    throw failure("too many declarations in \(context)")
                }
                skipSpace()
                guard peek.kind == .variable else { throw failure("range can only initialize variables") }
            default:
                index = start
                return
            }
        }
    }

    private func check(_ pipeline: TemplatePipeline, _ context: String) throws(TemplateError) {
        if pipeline.commands.isEmpty { throw failure("missing value for \(context)") }
        for (stage, command) in pipeline.commands.enumerated().dropFirst() {
            switch command.operands.first {
            case .boolean, .dot, .nil, .number, .string:
                throw failure("non executable command in pipeline stage \(stage + 1)")
            default: break
            }
        }
    }

    private mutating func command() throws(TemplateError) -> TemplateCommand {
        skipSpace()
        var command = TemplateCommand(position: peek.position)
        while true {
            skipSpace()
            if let operand = try operand() { command.operands.append(operand) }
            if peek.kind == .space {
                _ = next()
                continue
            }
            if peek.kind == .pipe {
                _ = next()
                skipSpace()
                if peek.kind == .rightDelimiter || peek.kind == .rightParenthesis {
                    throw failure("missing value for command")
                }
            } else if peek.kind != .rightDelimiter && peek.kind != .rightParenthesis {
                throw unexpected(next(), "operand")
            }
            break
        }
        if command.operands.isEmpty { throw failure("empty command") }
        return command
    }

    private mutating func operand() throws(TemplateError) -> TemplateOperand? {
        guard let term = try term() else { return nil }
        guard peek.kind == .field else { return term }
        let position = peek.position
        var names: [String] = []
        while peek.kind == .field { names.append(String(next().text.dropFirst())) }
        switch term {
        case .field(let first, _): return .field(first + names, position: position)
        case .variable(let first, _): return .variable(first + names, position: position)
        case .boolean, .string, .number, .nil, .dot:
            throw failure("unexpected . after term \(GoQuote.quote(term.text))")
        default: return .chain(term, names, position: position)
        }
    }

    private mutating func term() throws(TemplateError) -> TemplateOperand? {
        let token = next()
        switch token.kind {
        case .identifier:
            guard TemplateFunction.all[token.text] != nil else {
                throw failure("function \(GoQuote.quote(token.text)) not defined")
            }
            return .identifier(token.text, position: token.position)
        case .dot: return .dot(position: token.position)
        case .keyword where token.text == "nil": return .nil(position: token.position)
        case .variable:
            guard variables.contains(token.text) else {
                throw failure("undefined variable \(GoQuote.quote(token.text))")
            }
            return .variable([token.text], position: token.position)
        case .field: return .field([String(token.text.dropFirst())], position: token.position)
        case .boolean: return .boolean(token.text == "true", position: token.position)
        case .number:
            guard let number = TemplateNumber(token.text) else {
                throw failure("bad number syntax: \(GoQuote.quote(token.text))")
            }
            return .number(number, position: token.position)
        case .characterConstant:
            let content = try unquote(token).unicodeScalars
            guard content.count == 1, let scalar = content.first else {
                throw failure("malformed character constant: \(token.text)")
            }
            return .number(TemplateNumber(character: scalar, text: token.text), position: token.position)
        case .leftParenthesis: return .pipeline(try pipeline("parenthesized pipeline", end: .rightParenthesis))
        case .string, .rawString:
            return .string(try unquote(token), quoted: token.text, position: token.position)
        default:
            index -= 1
            return nil
        }
    }

    private func unquote(_ token: TemplateToken) throws(TemplateError) -> String {
        guard let text = GoUnquote.unquote(token.text) else { throw failure("invalid syntax") }
        return text
    }

    // MARK: Tokens

    private var peek: TemplateToken {
        index < tokens.count
            ? tokens[index] : TemplateToken(kind: .end, text: "", position: text.utf8.count)
    }

    private mutating func next() -> TemplateToken {
        let token = peek
        index += 1
        return token
    }

    private mutating func skipSpace() { while peek.kind == .space { index += 1 } }

    private func unexpected(_ token: TemplateToken, _ context: String) -> TemplateError {
        token.kind == .error
            ? failure(token.text) : failure("unexpected \(token.description) in \(context)")
    }

    /// An error at the token that was read last.
    private func failure(_ message: String) -> TemplateError {
        let last = tokens.isEmpty ? 0 : tokens[min(max(0, index - 1), tokens.count - 1)].position
        let line = 1 + text.utf8.prefix(last).count { $0 == UInt8(ascii: "\n") }
        return TemplateError("template: \(name):\(line): \(message)")
    }
}
