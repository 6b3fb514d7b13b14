import MetricModel

/// An argument and where its type errors begin in the parser's list.
struct Argument {
    var operand: Operand
    var typeErrors: [ParseError.Issue]
}

extension Parser {
    // MARK: Calls

    mutating func parseCall(_ name: Token) throws(Interruption) -> Operand {
        let (arguments, end) = try parseArguments()
        return makeCall(name, arguments, SourceRange(name.position.start, end))
    }

    private mutating func makeCall(_ name: Token, _ arguments: [Argument], _ position: SourceRange) -> Operand {
        guard let function = FunctionName(rawValue: name.text) else {
            complain("unknown function with name \(QuotedText.quote(name.text))", name.position)
            return Operand(form: .invalidRange, position: position, type: .instantVector, levels: 1)
        }
        let signature = function.signature
        if signature.isExperimental && !options.experimentalFunctions {
            complain("function \(QuotedText.quote(name.text)) is not enabled", name.position)
        }
        checkCall(function, arguments, position)
        let levels = (arguments.map(\.operand.levels).max() ?? 0) + 1
        let node = FunctionCall(function: function, arguments: arguments.map(\.operand.expression), position: position)
        return bounded(.call(node), position, signature.result, levels: levels)
    }

    /// Reads arguments with their parentheses; their type errors are taken out of the list.
    private mutating func parseArguments() throws(Interruption) -> (arguments: [Argument], end: Int) {
        try require(.leftParen)
        guard try awaits({ $0 == .rightParen || $0.beginsExpression }) else { throw .syntaxError }
        if peek().kind == .rightParen { return ([], shift().position.end) }
        var arguments: [Argument] = []
        while true {
            let mark = typeErrors.count
            take(try parseExpression(above: 0), typeErrorsFrom: mark, into: &arguments)
            if let end = try parseArgumentsEnd() { return (arguments, end) }
        }
    }

    private mutating func take(_ operand: Operand, typeErrorsFrom mark: Int, into arguments: inout [Argument]) {
        arguments.append(Argument(operand: operand, typeErrors: Array(typeErrors[mark...])))
        typeErrors.removeSubrange(mark...)
    }

    /// Reads what stands behind an argument; the end of the parentheses, or nil when another argument follows.
    private mutating func parseArgumentsEnd() throws(Interruption) -> Int? {
        while true {
            guard try awaits({ $0 == .comma || $0 == .rightParen }) else { throw .syntaxError }
            let token = shift()
            if token.kind == .rightParen { return token.position.end }
            if peek().kind.beginsExpression { return nil }
            complain("trailing commas not allowed in function call args", token.position)
        }
    }

    private mutating func checkCall(_ function: FunctionName, _ arguments: [Argument], _ position: SourceRange) {
        let signature = function.signature
        let name = QuotedText.quote(function.rawValue)
        let types = signature.arguments
        let count = arguments.count
        if signature.variadic == 0 {
            if count != types.count {
                let message = "expected \(types.count) argument(s) in call to \(name), got \(count)"
                typeErrors.append(.init(message, position))
            }
        } else {
            let atLeast = types.count - 1
            let atMost = atLeast + signature.variadic
            if atLeast > count {
                let message = "expected at least \(atLeast) argument(s) in call to \(name), got \(count)"
                typeErrors.append(.init(message, position))
            } else if signature.variadic > 0 && atMost < count {
                let message = "expected at most \(atMost) argument(s) in call to \(name), got \(count)"
                typeErrors.append(.init(message, position))
            }
        }
        var arguments = arguments
        if function == .info && count > 1 { checkInfoSelector(&arguments[1], position) }
        for (index, argument) in arguments.enumerated() {
            guard let wanted = index < types.count ? types[index] : types.last,
                index < types.count || signature.variadic != 0
            else { break }
            typeErrors += argument.typeErrors
            if argument.operand.type != wanted {
                let got = argument.operand.type.rawValue
                let message = "expected type \(wanted.rawValue) in call to function \(name), got \(got)"
                typeErrors.append(.init(message, argument.operand.position))
            }
        }
    }

    /// The second argument of `info` is a selector of labels, which may select everything.
    private mutating func checkInfoSelector(_ argument: inout Argument, _ position: SourceRange) {
        let operand = argument.operand
        if operand.type != .instantVector {
            let message = "expected type instant vector in call to function \"info\", got \(operand.type.rawValue)"
            typeErrors.append(.init(message, position))
        }
        if case .vectorSelector(let selector) = operand.form {
            if selector.name.isEmpty {
                argument.typeErrors = []
            } else {
                let message = "expected label selectors only, got vector selector instead"
                typeErrors.append(.init(message, operand.position))
            }
        } else {
            typeErrors.append(.init("expected label selectors only", operand.position))
        }
    }

    // MARK: Aggregations

    mutating func parseAggregation(_ name: Token) throws(Interruption) -> Operand {
        do {
            return try parseAggregationBody(name)
        } catch {
            if error == .abort { throw error }
            return failedAggregation(name)
        }
    }

    private mutating func failedAggregation(_ name: Token) -> Operand {
        recover(context: "aggregation")
        let position = SourceRange(name.position.start, lastClosing)
        complain("no arguments for aggregate expression provided", position)
        return Operand(form: .invalidRange, position: position, type: .instantVector, levels: 1)
    }

    /// What groups an aggregation.
    private struct Grouping {
        var labels: [String] = []
        var isWithout = false
    }

    private mutating func parseGrouping() throws(Interruption) -> Grouping? {
        guard peek().kind == .by || peek().kind == .without else { return nil }
        let isWithout = shift().kind == .without
        return Grouping(labels: try parseGroupingLabels(), isWithout: isWithout)
    }

    private mutating func parseAggregationBody(_ name: Token) throws(Interruption) -> Operand {
        var grouping = try parseGrouping()
        var (arguments, end) = try parseArguments()
        if grouping == nil {
            grouping = try parseGrouping()
            if grouping != nil { end = lastClosing }
        }
        let position = SourceRange(name.position.start, end)
        return makeAggregation(name, grouping ?? Grouping(), arguments, position)
    }

    private mutating func makeAggregation(
        _ name: Token,
        _ grouping: Grouping,
        _ arguments: [Argument],
        _ position: SourceRange
    ) -> Operand {
        let failed = Operand(form: .invalidRange, position: position, type: .instantVector, levels: 1)
        guard let aggregator = name.kind.aggregator, let first = arguments.first else {
            complain("no arguments for aggregate expression provided", position)
            return failed
        }
        if (aggregator == .limitk || aggregator == .limitRatio) && !options.experimentalFunctions {
            let feature = "must be enabled with --enable-feature=promql-experimental-functions"
            complain("\(aggregator.rawValue)() is experimental and \(feature)", position)
            return failed
        }
        let wanted = aggregator.takesParameter ? 2 : 1
        guard arguments.count == wanted, let last = arguments.last else {
            let message = "wrong number of arguments for aggregate expression provided, expected \(wanted), got "
            complain(message + "\(arguments.count)", position)
            return failed
        }
        check(last, is: .instantVector, in: "aggregation expression")
        if aggregator.takesParameter {
            check(first, is: aggregator == .countValues ? .string : .scalar, in: "aggregation parameter")
        }
        let node = Aggregation(
            aggregator: aggregator,
            expression: last.operand.expression,
            parameter: aggregator.takesParameter ? first.operand.expression : nil,
            grouping: grouping.labels,
            isWithout: grouping.isWithout,
            position: position
        )
        let levels = max(first.operand.levels, last.operand.levels) + 1
        return bounded(.aggregation(node), position, .instantVector, levels: levels)
    }

    private mutating func check(_ argument: Argument, is wanted: ValueType, in context: String) {
        typeErrors += argument.typeErrors
        if argument.operand.type != wanted {
            let message = "expected type \(wanted.rawValue) in \(context), got \(argument.operand.type.rawValue)"
            typeErrors.append(.init(message, argument.operand.position))
        }
    }

    /// Reads `(label, …)`.
    mutating func parseGroupingLabels() throws(Interruption) -> [String] {
        guard try awaits({ $0 == .leftParen }) else {
            recover(context: "grouping opts", expected: "\"(\"")
            return []
        }
        shift()
        var labels: [String] = []
        while true {
            if peek().kind == .rightParen {
                shift()
                return labels
            }
            if try awaits({ $0.isLabelName || $0 == .string || $0 == .rightParen }) {
                if peek().kind == .rightParen { continue }
                labels.append(parseGroupingLabel())
            } else {
                recover(context: "grouping opts", expected: "label")
            }
            while try !awaits({ $0 == .comma || $0 == .rightParen }) {
                recover(context: "grouping opts", expected: "\",\" or \")\"")
            }
            if shift().kind == .rightParen { return labels }
        }
    }

    private mutating func parseGroupingLabel() -> String {
        let token = shift()
        guard token.kind == .string else { return token.text }
        let bytes = StringLiteralText.bytes(unquoting: token.text)
        guard !bytes.isEmpty, let label = String(validating: bytes, as: UTF8.self) else {
            complain("invalid label name for grouping: \(StringLiteralText.quote(bytes))", token.position)
            return ""
        }
        return label
    }
}
