@testable import PromQL

extension Expression {
    /// The expression with all positions 0, to compare what was read from different texts.
    var withoutPositions: Expression {
        let nowhere = SourceRange(0, 0)
        switch self {
        case .number(var node):
            node.position = nowhere
            return .number(node)
        case .string(var node):
            node.position = nowhere
            return .string(node)
        case .vectorSelector(let node): return .vectorSelector(node.withoutPositions)
        case .matrixSelector(var node):
            node.selector = node.selector.withoutPositions
            node.rangeExpression = node.rangeExpression?.withoutPositions
            node.position = nowhere
            return .matrixSelector(node)
        case .subquery(var node):
            node.expression = node.expression.withoutPositions
            node.rangeExpression = node.rangeExpression?.withoutPositions
            node.stepExpression = node.stepExpression?.withoutPositions
            node.offsetExpression = node.offsetExpression?.withoutPositions
            node.position = nowhere
            return .subquery(node)
        case .call(var node):
            node.arguments = node.arguments.map(\.withoutPositions)
            node.position = nowhere
            return .call(node)
        case .aggregation(var node):
            node.expression = node.expression.withoutPositions
            node.parameter = node.parameter?.withoutPositions
            node.position = nowhere
            return .aggregation(node)
        case .binary(var node):
            node.left = node.left.withoutPositions
            node.right = node.right.withoutPositions
            node.position = nowhere
            return .binary(node)
        case .unary(var node):
            node.operand = node.operand.withoutPositions
            node.position = nowhere
            return .unary(node)
        case .parenthesized(let inner, _): return .parenthesized(inner.withoutPositions, position: nowhere)
        }
    }
}

extension VectorSelector {
    var withoutPositions: VectorSelector {
        var selector = self
        selector.offsetExpression = offsetExpression?.withoutPositions
        selector.position = SourceRange(0, 0)
        return selector
    }
}

extension DurationExpression {
    var withoutPositions: DurationExpression {
        let nowhere = SourceRange(0, 0)
        switch self {
        case .literal(let milliseconds, let isNumber, _):
            return .literal(milliseconds: milliseconds, isNumber: isNumber, position: nowhere)
        case .fraction(let seconds, _): return .fraction(seconds: seconds, position: nowhere)
        case .queryParameter(let parameter, _): return .queryParameter(parameter, position: nowhere)
        case .unary(let isNegative, let operand, let isParenthesized, _):
            let operand = operand.withoutPositions
            return .unary(isNegative: isNegative, operand, isParenthesized: isParenthesized, position: nowhere)
        case .binary(let operation, let left, let right, let isParenthesized, _):
            let (left, right) = (left.withoutPositions, right.withoutPositions)
            return .binary(operation, left, right, isParenthesized: isParenthesized, position: nowhere)
        }
    }
}
