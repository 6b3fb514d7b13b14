/// Expands a template: one walk over its tree, with every limit counted.
struct TemplateExecutor {
    /// What one node did to the loop around it.
    private enum Flow {
        case next, breakLoop, continueLoop
    }

    let template: Template
    let context: TemplateContext
    private var output = ""
    private var variables: [(name: String, value: TemplateValue)] = []
    private var location: (position: Int, text: String) = (0, "")
    private var iterations = 0
    private var steps = 0
    private var callDepth = 0
    /// The template being expanded, for messages.
    private var currentName: String

    init(template: Template, context: TemplateContext) {
        self.template = template
        self.context = context
        currentName = template.name
    }

    mutating func run(_ data: TemplateValue, variables: [(name: String, value: TemplateValue)])
        throws(TemplateError) -> String
    {
        self.variables = [("$", data)] + variables
        do {
            _ = try walk(template.definitions[template.name] ?? [], data)
            return output
        } catch {
            throw TemplateError("error executing template \(template.name): \(error.description)")
        }
    }

    /// Expands a template by name and returns its text: the function `tmpl`.
    mutating func expand(named name: String, _ data: TemplateValue) throws(TemplateError) -> TemplateValue {
        let outer = output
        output = ""
        defer { output = outer }
        try call(name, data)
        return .string(output)
    }

    // MARK: Nodes

    private mutating func walk(_ nodes: [TemplateNode], _ dot: TemplateValue) throws(TemplateError) -> Flow {
        for node in nodes {
            try step()
            switch node {
            case .text(let text): try write(text)
            case .action(let pipeline, let position):
                at(position, pipeline.text)
                let value = try evaluate(pipeline, dot)
                if pipeline.variables.isEmpty { try write(value) }
            case .branch(let branch):
                let flow = try walk(branch, dot)
                if flow != .next { return flow }
            case .call(let name, let argument, let position):
                at(position, "{{template \(GoQuote.quote(name))\(argument.map { " " + $0.text } ?? "")}}")
                guard template.definitions[name] != nil else {
                    throw failure("template \(GoQuote.quote(name)) not defined")
                }
                let data = if let argument { try evaluate(argument, dot) } else { TemplateValue.none }
                try call(name, data)
            case .breakLoop: return .breakLoop
            case .continueLoop: return .continueLoop
            }
        }
        return .next
    }

    private mutating func call(_ name: String, _ data: TemplateValue) throws(TemplateError) {
        guard let nodes = template.definitions[name] else {
            throw failure("template \(GoQuote.quote(name)) not defined")
        }
        callDepth += 1
        defer { callDepth -= 1 }
        guard callDepth <= template.limits.callDepthMax else {
            throw failure("exceeded maximum template depth (\(template.limits.callDepthMax))")
        }
        let outer = (variables, currentName)
        variables = [("$", data)]
        currentName = name
        _ = try walk(nodes, data)
        (variables, currentName) = outer
    }

    private mutating func walk(_ branch: TemplateBranch, _ dot: TemplateValue) throws(TemplateError) -> Flow {
        let mark = variables.count
        defer { variables.removeSubrange(min(mark, variables.count)...) }
        if branch.kind == .range { return try walkRange(branch, dot) }
        at(branch.position, "{{\(branch.kind.rawValue) \(branch.pipeline.text)}}")
        let value = try evaluate(branch.pipeline, dot)
        if value.isTrue { return try walk(branch.body, branch.kind == .with ? value : dot) }
        return try walk(branch.otherwise, dot)
    }

    private mutating func walkRange(_ branch: TemplateBranch, _ dot: TemplateValue) throws(TemplateError) -> Flow {
        at(branch.position, "{{range \(branch.pipeline.text)}}")
        var pipeline = branch.pipeline
        let names = pipeline.variables
        // The variables are set for each item below, not to the collection.
        pipeline.variables = []
        let value = try evaluate(pipeline, dot)
        let items = try rangeItems(value)
        if items.isEmpty { return try walk(branch.otherwise, dot) }
        let mark = variables.count
        for (key, item) in items {
            iterations += 1
            guard iterations <= template.limits.iterationsMax else {
                throw failure("more than \(template.limits.iterationsMax) passes through range")
            }
            variables.removeSubrange(min(mark, variables.count)...)
            let pairs = names.count == 2 ? [(names[0], key), (names[1], item)] : names.map { ($0, item) }
            for (name, value) in pairs {
                if branch.pipeline.isAssignment { try assign(name, value) } else { variables.append((name, value)) }
            }
            if try walk(branch.body, item) == .breakLoop { break }
        }
        return .next
    }

    private func rangeItems(_ value: TemplateValue) throws(TemplateError) -> [(TemplateValue, TemplateValue)] {
        switch value {
        case .none, .nil: return []
        case .list(let values, _): return values.enumerated().map { (.int($0.offset), $0.element) }
        case .map(let values, _):
            return values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { (.string($0.key), $0.value) }
        case .integer(let count, let type):
            guard count <= Int64(template.limits.iterationsMax) else {
                throw failure("more than \(template.limits.iterationsMax) passes through range")
            }
            return count <= 0 ? [] : (0..<count).map { (.integer($0, type: type), .integer($0, type: type)) }
        default: throw failure("range can't iterate over \(value.shown)")
        }
    }

    // MARK: Pipelines

    private mutating func evaluate(_ pipeline: TemplatePipeline, _ dot: TemplateValue) throws(TemplateError)
        -> TemplateValue
    {
        at(pipeline.position, pipeline.text)
        var value: TemplateValue?
        for command in pipeline.commands { value = try evaluate(command, dot, final: value) }
        let result = value ?? .none
        for name in pipeline.variables {
            if pipeline.isAssignment { try assign(name, result) } else { variables.append((name, result)) }
        }
        return result
    }

    private mutating func evaluate(_ command: TemplateCommand, _ dot: TemplateValue, final: TemplateValue?)
        throws(TemplateError) -> TemplateValue
    {
        try step()
        guard let first = command.operands.first else { throw failure("empty command") }
        let arguments = Array(command.operands.dropFirst())
        switch first {
        case .identifier(let name, let position):
            at(position, name)
            return try callFunction(name, arguments, dot, final, at: (command.position, command.text))
        case .field, .variable, .chain:
            return try evaluateReference(first, dot, arguments, final)
        case .pipeline(let pipeline):
            try requireNoArguments(first, arguments, final)
            return try evaluate(pipeline, dot)
        default:
            at(first.position, first.text)
            try requireNoArguments(first, arguments, final)
            return try constant(first, dot)
        }
    }

    private mutating func constant(_ operand: TemplateOperand, _ dot: TemplateValue) throws(TemplateError)
        -> TemplateValue
    {
        switch operand {
        case .dot: return dot
        case .boolean(let value, _): return .boolean(value)
        case .string(let value, _, _): return .string(value)
        case .number(let number, _):
            if number.isWrittenAsFloat { return .float(number.float ?? 0) }
            if let value = number.integer { return .integer(value, type: "int") }
            throw failure("\(number.text) overflows int")
        default: throw failure("nil is not a command")
        }
    }

    /// A field, a variable, or fields of either; `arguments` and `final` go to the last name when it is a method.
    private mutating func evaluateReference(
        _ operand: TemplateOperand,
        _ dot: TemplateValue,
        _ arguments: [TemplateOperand],
        _ final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        at(operand.position, operand.text)
        var receiver = dot
        var names: [String] = []
        switch operand {
        case .field(let path, _): names = path
        case .variable(let path, _):
            receiver = try variable(path.first ?? "$")
            names = Array(path.dropFirst())
            if names.isEmpty {
                try requireNoArguments(operand, arguments, final)
                return receiver
            }
        case .chain(let inner, let path, _):
            if case .nil = inner { throw failure("indirection through explicit nil in \(operand.text)") }
            receiver = try evaluateArgument(inner, dot, as: .any)
            names = path
        default: break
        }
        let place = (operand.position, operand.text)
        for (index, name) in names.enumerated() {
            let isLast = index == names.count - 1
            receiver = try evaluateField(
                name,
                of: receiver,
                dot,
                isLast ? arguments : [],
                isLast ? final : nil,
                at: place
            )
        }
        return receiver
    }

    private mutating func evaluateField(
        _ name: String,
        of receiver: TemplateValue,
        _ dot: TemplateValue,
        _ arguments: [TemplateOperand],
        _ final: TemplateValue?,
        at place: (Int, String)
    ) throws(TemplateError) -> TemplateValue {
        try step()
        let hasArguments = !arguments.isEmpty || final != nil
        switch receiver {
        case .none:
            if context.missingKeyIsError { throw failure("nil data; no entry for key \(GoQuote.quote(name))") }
            return .none
        case .nil: throw failure("nil pointer evaluating interface {}.\(name)")
        case .record(let fields, let type):
            guard let field = fields.first(where: { $0.name == name }) else {
                throw failure("can't evaluate field \(name) in type \(type)")
            }
            if hasArguments { throw failure("\(name) has arguments but cannot be invoked as function") }
            return field.value
        case .map(let values, let type):
            if hasArguments { throw failure("\(name) is not a method but has arguments") }
            if let value = values[name] { return value }
            if context.missingKeyIsError { throw failure("map has no entry for key \(GoQuote.quote(name))") }
            return type == "map[string]string" ? .string("") : .none
        default:
            guard let method = GoTime.method(name, of: receiver) else {
                throw failure("can't evaluate field \(name) in type \(receiver.typeName)")
            }
            let values = try evaluateArguments(method, name, arguments, dot, final)
            do throws(TemplateError) {
                return try method.call(&self, [receiver] + values)
            } catch {
                at(place.0, place.1)
                throw failure("error calling \(name): \(error.description)")
            }
        }
    }

    // MARK: Calls

    private mutating func callFunction(
        _ name: String,
        _ arguments: [TemplateOperand],
        _ dot: TemplateValue,
        _ final: TemplateValue?,
        at place: (Int, String)
    ) throws(TemplateError) -> TemplateValue {
        guard let function = TemplateFunction.all[name] else {
            throw failure("\(GoQuote.quote(name)) is not a defined function")
        }
        if name == "and" || name == "or" { return try shortCircuit(name, arguments, dot, final) }
        let values = try evaluateArguments(function, name, arguments, dot, final)
        do throws(TemplateError) {
            let value = try function.call(&self, values)
            if case .string(let text) = value, text.utf8.count > template.limits.outputBytesMax {
                throw TemplateError("the text exceeds \(template.limits.outputBytesMax) bytes")
            }
            return value
        } catch {
            at(place.0, place.1)
            throw failure("error calling \(name): \(error.description)")
        }
    }

    private mutating func shortCircuit(
        _ name: String,
        _ arguments: [TemplateOperand],
        _ dot: TemplateValue,
        _ final: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        if arguments.isEmpty && final == nil {
            throw failure("wrong number of args for \(name): want at least 1 got 0")
        }
        var value = TemplateValue.none
        for argument in arguments {
            value = try evaluateArgument(argument, dot, as: .any)
            if value.isTrue == (name == "or") { return value }
        }
        return final ?? value
    }

    private mutating func evaluateArguments(
        _ function: TemplateFunction,
        _ name: String,
        _ arguments: [TemplateOperand],
        _ dot: TemplateValue,
        _ final: TemplateValue?
    ) throws(TemplateError) -> [TemplateValue] {
        let count = arguments.count + (final == nil ? 0 : 1)
        let fixed = function.parameters.count
        if function.rest != nil {
            guard count >= fixed else {
                throw failure("wrong number of args for \(name): want at least \(fixed) got \(arguments.count)")
            }
        } else if count != fixed {
            throw failure("wrong number of args for \(name): want \(fixed) got \(count)")
        }
        func type(_ index: Int) -> TemplateFunction.Parameter {
            index < fixed ? function.parameters[index] : function.rest ?? .any
        }
        var values: [TemplateValue] = []
        for (index, argument) in arguments.enumerated() {
            values.append(try evaluateArgument(argument, dot, as: type(index)))
        }
        if let final { values.append(try validate(final, as: type(values.count))) }
        return values
    }

    private mutating func evaluateArgument(
        _ operand: TemplateOperand,
        _ dot: TemplateValue,
        as type: TemplateFunction.Parameter
    ) throws(TemplateError) -> TemplateValue {
        try step()
        at(operand.position, operand.text)
        switch operand {
        case .dot: return try validate(dot, as: type)
        case .nil:
            if type == .any { return .nil }
            throw failure("cannot assign nil to \(type.rawValue)")
        case .field, .variable, .chain: return try validate(evaluateReference(operand, dot, [], nil), as: type)
        case .pipeline(let pipeline): return try validate(evaluate(pipeline, dot), as: type)
        case .identifier(let name, let position):
            return try validate(callFunction(name, [], dot, nil, at: (position, name)), as: type)
        case .number(let number, _): return try self.number(number, operand, as: type)
        case .boolean, .string: return try literal(operand, as: type)
        }
    }

    private mutating func number(
        _ number: TemplateNumber,
        _ operand: TemplateOperand,
        as type: TemplateFunction.Parameter
    ) throws(TemplateError) -> TemplateValue {
        switch type {
        case .any: return try constant(operand, .none)
        case .float:
            if let value = number.float { return .float(value) }
        case .integer:
            if let value = number.integer { return .integer(value, type: "int") }
        case .duration:
            if let value = number.integer { return .duration(value) }
        default: break
        }
        throw failure("expected \(type.literalName); found \(operand.text)")
    }

    private mutating func literal(_ operand: TemplateOperand, as type: TemplateFunction.Parameter)
        throws(TemplateError) -> TemplateValue
    {
        let value = try constant(operand, .none)
        if type.accepts(value) { return value }
        throw failure("expected \(type.literalName); found \(operand.text)")
    }

    private func validate(_ value: TemplateValue, as type: TemplateFunction.Parameter) throws(TemplateError)
        -> TemplateValue
    {
        if type.accepts(value) { return value }
        if case .none = value { throw failure("invalid value; expected \(type.rawValue)") }
        throw failure("wrong type for value; expected \(type.rawValue); got \(value.typeName)")
    }

    private func requireNoArguments(
        _ operand: TemplateOperand,
        _ arguments: [TemplateOperand],
        _ final: TemplateValue?
    ) throws(TemplateError) {
        if !arguments.isEmpty || final != nil {
            throw failure("can't give argument to non-function \(operand.text)")
        }
    }

    // MARK: State

    private func variable(_ name: String) throws(TemplateError) -> TemplateValue {
        guard let variable = variables.last(where: { $0.name == name }) else {
            throw failure("undefined variable: \(name)")
        }
        return variable.value
    }

    private mutating func assign(_ name: String, _ value: TemplateValue) throws(TemplateError) {
        guard let index = variables.lastIndex(where: { $0.name == name }) else {
            throw failure("undefined variable: \(name)")
        }
        variables[index].value = value
    }

    private mutating func write(_ text: String) throws(TemplateError) {
        guard output.utf8.count + text.utf8.count <= template.limits.outputBytesMax else {
            throw failure("the expansion exceeds \(template.limits.outputBytesMax) bytes")
        }
        output += text
    }

    private mutating func write(_ value: TemplateValue) throws(TemplateError) {
        if case .string(let text) = value { return try write(text) }
        let room = template.limits.outputBytesMax - output.utf8.count
        guard let text = try? GoFormat.plain(value, bytesMax: room) else {
            throw failure("the expansion exceeds \(template.limits.outputBytesMax) bytes")
        }
        output += text
    }

    /// Refuses a value that is so deep that another may not be wrapped around it.
    ///
    /// A value that holds another one many times is walked as often; each part counts as a step, which bounds the time.
    mutating func requireRoomAround(_ value: TemplateValue) throws(TemplateError) {
        try requireRoom(value, depth: 2)
    }

    private mutating func requireRoom(_ value: TemplateValue, depth: Int) throws(TemplateError) {
        try step()
        guard depth <= template.limits.valueDepthMax else {
            throw TemplateError("values nested more than \(template.limits.valueDepthMax) deep")
        }
        switch value {
        // These hold texts and samples alone: no need to look inside.
        case .map(_, "map[string]string"), .list(_, TemplateFunction.Parameter.samples.rawValue),
            .record(_, TemplateFunction.Parameter.sample.rawValue):
            break
        case .map(let values, _): for value in values.values { try requireRoom(value, depth: depth + 1) }
        case .list(let values, _): for value in values { try requireRoom(value, depth: depth + 1) }
        case .record(let fields, _): for field in fields { try requireRoom(field.value, depth: depth + 1) }
        default: break
        }
    }

    private mutating func step() throws(TemplateError) {
        steps += 1
        guard steps <= template.limits.stepsMax else {
            throw failure("the expansion takes more than \(template.limits.stepsMax) steps")
        }
    }

    private mutating func at(_ position: Int, _ text: @autoclosure () -> String) { location = (position, text()) }

    /// An error at the node that was reached last, worded as Go words it.
    private func failure(_ message: String) -> TemplateError {
        let before = Array(template.text.utf8.prefix(location.position))
        let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        let column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
        let place = "template: \(template.name):\(line):\(column)"
        let node = "executing \(GoQuote.quote(currentName)) at <\(location.text)>"
        return TemplateError("\(place): \(node): \(message)")
    }
}
