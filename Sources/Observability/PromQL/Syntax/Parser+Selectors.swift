import MetricModel
import RegularExpressions

extension Parser {
    mutating func parseSelectorOperand(name: Token?) throws(Interruption) -> Operand {
        let selector = try parseVectorSelector(name: name)
        return Operand(form: .vectorSelector(selector), position: selector.position, type: .instantVector, levels: 1)
    }

    /// Reads a selector from its beginning.
    mutating func parseVectorSelector() throws(Interruption) -> VectorSelector {
        try parseVectorSelector(name: peek().kind == .leftBrace ? nil : shift())
    }

    private mutating func parseVectorSelector(name: Token?) throws(Interruption) -> VectorSelector {
        var matchers: [LabelMatcher] = []
        var position = name?.position ?? peek().position
        if peek().kind == .leftBrace {
            (matchers, position.end) = try parseMatchers()
        }
        if let name { matchers.append(LabelMatcher(Label.metricName, equals: name.text)) }
        return VectorSelector(name: name?.text ?? "", matchers: matchers, position: position)
    }

    /// Reads `{matchers}`.
    private mutating func parseMatchers() throws(Interruption) -> (matchers: [LabelMatcher], end: Int) {
        shift()
        var matchers: [LabelMatcher] = []
        while true {
            let fits = try awaits { $0 == .identifier || $0 == .string || $0 == .rightBrace }
            if fits, peek().kind == .rightBrace { return (matchers, shift().position.end) }
            if fits {
                if let matcher = try parseMatcher() { matchers.append(matcher) }
            } else {
                recover(context: "label matching", expected: "identifier or \"}\"")
            }
            while try !awaits({ $0 == .comma || $0 == .rightBrace }) {
                recover(context: "label matching", expected: "\",\" or \"}\"")
            }
            let token = shift()
            if token.kind == .rightBrace { return (matchers, token.position.end) }
        }
    }

    private mutating func parseMatcher() throws(Interruption) -> LabelMatcher? {
        let label = shift()
        let isQuoted = label.kind == .string
        let name = isQuoted ? StringLiteralText.text(unquoting: label.text) : label.text
        if isQuoted, !peek().kind.isMatchOperator { return LabelMatcher(Label.metricName, equals: name) }
        guard try awaits({ $0.isMatchOperator }) else {
            recover(context: "label matching", expected: "label matching operator")
            return nil
        }
        let operation = shift()
        guard try awaits({ $0 == .string }) else {
            recover(context: "label matching", expected: "string")
            return nil
        }
        let value = shift()
        let text = StringLiteralText.text(unquoting: value.text)
        do {
            guard let operation = LabelMatcher.Operation(rawValue: operation.text) else { return nil }
            return try LabelMatcher(name, operation, text)
        } catch {
            complain(error.description, SourceRange(label.position.start, value.position.end))
            return nil
        }
    }

    // MARK: Types

    /// Checks a selector once everything that belongs to it was read.
    mutating func check(_ selector: VectorSelector) {
        guard selector.name.isEmpty else {
            for matcher in selector.matchers.dropLast() where matcher.name == Label.metricName {
                let names = "\(QuotedText.quote(selector.name)) or \(QuotedText.quote(matcher.value))"
                typeErrors.append(.init("metric name must not be set twice: \(names)", selector.position))
            }
            return
        }
        if selector.matchers.allSatisfy(\.matchesEmpty) {
            let message = "vector selector must contain at least one non-empty matcher"
            typeErrors.append(.init(message, selector.position))
        }
    }

    /// Checks an operand behind which no modifier follows any more.
    mutating func checkFinished(_ operand: Operand, of inner: ValueType?) {
        switch operand.form {
        case .vectorSelector(let selector): check(selector)
        case .matrixSelector, .invalidRange, .other, .subquery: break
        }
        guard let inner, inner != .instantVector else { return }
        let name =
            switch inner {
            case .rangeVector: "matrix"
            case .scalar, .string, .instantVector: inner.rawValue
            }
        typeErrors.append(.init("subquery is only allowed on instant vector, got \(name) instead", operand.position))
    }
}
