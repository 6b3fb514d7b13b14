import MetricModel

extension Expression {
    /// The type of the value that it has.
    public var valueType: ValueType {
        // Not recursive, because frames of recursion would be large.
        var isOperand = false
        var pending = [self]
        while let expression = pending.popLast() {
            var type = ValueType.scalar
            switch expression {
            case .number: break
            case .string: type = .string
            case .vectorSelector, .aggregation: type = .instantVector
            case .matrixSelector, .subquery: type = .rangeVector
            case .call(let call): type = call.function.signature.result
            case .binary(let binary):
                isOperand = true
                pending += [binary.left, binary.right]
            case .unary(let unary): pending.append(unary.operand)
            case .parenthesized(let inner, _): pending.append(inner)
            }
            if type != .scalar { return isOperand ? .instantVector : type }
        }
        return .scalar
    }

    /// Where it stands in the query.
    public var position: SourceRange {
        switch self {
        case .number(let node): node.position
        case .string(let node): node.position
        case .vectorSelector(let node): node.position
        case .matrixSelector(let node): node.position
        case .subquery(let node): node.position
        case .call(let node): node.position
        case .aggregation(let node): node.position
        case .binary(let node): node.position
        case .unary(let node): node.position
        case .parenthesized(_, let position): position
        }
    }

    /// The expressions directly below, in the order they are written.
    public var children: [Expression] {
        switch self {
        case .number, .string, .vectorSelector, .matrixSelector: []
        case .subquery(let node): [node.expression]
        case .call(let node): node.arguments
        case .aggregation(let node): (node.parameter.map { [$0] } ?? []) + [node.expression]
        case .binary(let node): [node.left, node.right]
        case .unary(let node): [node.operand]
        case .parenthesized(let inner, _): [inner]
        }
    }

    /// Calls `body` with the expression and everything below, each before its children.
    public func forEachNode(_ body: (Expression) -> Void) {
        var pending = [self]
        while let expression = pending.popLast() {
            body(expression)
            pending.append(contentsOf: expression.children.reversed())
        }
    }

    /// All selectors, those with a range included, in the order they are written.
    public var selectors: [VectorSelector] {
        var found: [VectorSelector] = []
        forEachNode { node in
            switch node {
            case .vectorSelector(let selector): found.append(selector)
            case .matrixSelector(let matrix): found.append(matrix.selector)
            default: break
            }
        }
        return found
    }

    /// The metric names that the selectors ask for by equality, each once, in the order they are written.
    public var metricNames: [String] {
        var names: [String] = []
        for matcher in selectors.flatMap(\.matchers)
        where matcher.name == Label.metricName && matcher.operation == .equal && !names.contains(matcher.value) {
            names.append(matcher.value)
        }
        return names
    }
}

extension DurationExpression {
    /// Where it stands in the query.
    public var position: SourceRange {
        switch self {
        case .literal(_, _, let position), .fraction(_, let position), .queryParameter(_, let position),
            .unary(_, _, _, let position), .binary(_, _, _, _, let position):
            position
        }
    }
}
