import Basics
import MetricModel

@testable import PromQL

/// Makes random expressions of the right types, all positions 0.
///
/// They are such as a parser may return: operands of operators are in parentheses unless they bind strongly enough,
/// matchers are in the order in which they are printed.
struct ExpressionGenerator {
    var random: SeededGenerator
    static let nowhere = SourceRange(0, 0)

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    /// An expression of any type that a query may have.
    mutating func expression(levels: Int = 4) -> Expression {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: string()
        case 1: range(levels)
        case 2: scalar(levels)
        default: vector(levels)
        }
    }

    mutating func expression(_ type: ValueType, _ levels: Int) -> Expression {
        switch type {
        case .scalar: scalar(levels)
        case .string: string()
        case .instantVector: vector(levels)
        case .rangeVector: range(levels)
        }
    }

    // MARK: Types

    mutating func string() -> Expression {
        if chance(8) {
            let bytes: [UInt8] = [0x61, 0xff, 0x22]
            let text = String(decoding: bytes, as: UTF8.self)
            return .string(StringLiteral(value: text, invalidUTF8: bytes, position: Self.nowhere))
        }
        return .string(StringLiteral(value: text(), position: Self.nowhere))
    }

    mutating func scalar(_ levels: Int) -> Expression {
        guard levels > 0 else { return .number(number(isSigned: true)) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return .number(number(isSigned: true))
        case 1: return call([.time, .pi, .scalar, .minOf, .maxOf, .start, .step], levels)
        case 2: return .parenthesized(scalar(levels - 1), position: Self.nowhere)
        case 3: return unary(operand(.scalar, levels - 1))
        default:
            let operation = pick(BinaryOperator.allCases.filter { !$0.isSetOperator })
            return .binary(
                BinaryOperation(
                    operation: operation,
                    left: operand(.scalar, levels - 1),
                    right: operand(.scalar, levels - 1),
                    returnsBool: operation.isComparison,
                    position: Self.nowhere
                )
            )
        }
    }

    mutating func range(_ levels: Int) -> Expression {
        if levels > 0, chance(2) {
            let inner = operand(.instantVector, levels - 1)
            let (offset, offsetExpression) = offset()
            let (range, rangeExpression) = duration()
            let (step, stepExpression) = chance(2) ? (0, nil) : duration()
            return .subquery(
                Subquery(
                    expression: inner,
                    range: range,
                    rangeExpression: rangeExpression,
                    step: step,
                    stepExpression: stepExpression,
                    offset: offset,
                    offsetExpression: offsetExpression,
                    at: at(),
                    position: Self.nowhere
                )
            )
        }
        let (range, rangeExpression) = duration()
        return .matrixSelector(
            MatrixSelector(selector: selector(), range: range, rangeExpression: rangeExpression, position: Self.nowhere)
        )
    }

    mutating func vector(_ levels: Int) -> Expression {
        guard levels > 0 else { return .vectorSelector(selector()) }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .vectorSelector(selector())
        case 1: return .parenthesized(vector(levels - 1), position: Self.nowhere)
        case 2: return unary(operand(.instantVector, levels - 1))
        case 3: return aggregation(levels)
        case 4, 5: return vectorBinary(levels)
        default:
            let functions = FunctionName.allCases.filter { $0.signature.result == .instantVector && $0 != .info }
            return call(functions, levels)
        }
    }

    // MARK: Nodes

    private mutating func call(_ functions: [FunctionName], _ levels: Int) -> Expression {
        let function = pick(functions)
        let signature = function.signature
        var types = signature.arguments
        if signature.variadic != 0, let last = types.popLast() {
            let most = signature.variadic < 0 ? 3 : signature.variadic
            types += Array(repeating: last, count: Int.random(in: 0...most, using: &random))
        }
        var arguments: [Expression] = []
        for type in types { arguments.append(expression(type, levels - 1)) }
        return .call(FunctionCall(function: function, arguments: arguments, position: Self.nowhere))
    }

    private mutating func aggregation(_ levels: Int) -> Expression {
        let aggregator = pick(Aggregator.allCases)
        let parameter = aggregator == .countValues ? string() : scalar(levels - 1)
        return .aggregation(
            Aggregation(
                aggregator: aggregator,
                expression: vector(levels - 1),
                parameter: aggregator.takesParameter ? parameter : nil,
                grouping: chance(2) ? labels(3) : [],
                isWithout: chance(2),
                position: Self.nowhere
            )
        )
    }

    private mutating func vectorBinary(_ levels: Int) -> Expression {
        let operation = pick(BinaryOperator.allCases)
        var matching: VectorMatching?
        var right = operand(.instantVector, levels - 1)
        if operation.isSetOperator {
            matching = VectorMatching(cardinality: .manyToMany, labels: labels(2), isOn: chance(2))
        } else if chance(2) {
            right = operand(.scalar, levels - 1)
        } else {
            matching = vectorMatching()
        }
        return .binary(
            BinaryOperation(
                operation: operation,
                left: operand(.instantVector, levels - 1),
                right: right,
                returnsBool: operation.isComparison && chance(2),
                matching: matching,
                position: Self.nowhere
            )
        )
    }

    private mutating func vectorMatching() -> VectorMatching {
        var matching = VectorMatching(labels: labels(2), isOn: chance(2))
        if chance(3) {
            matching.cardinality = pick([.manyToOne, .oneToMany])
            matching.included = labels(2).map { "x_" + $0 }
        }
        if chance(4) { matching.fillLeft = number(isSigned: true).value }
        if chance(4) { matching.fillRight = number(isSigned: true).value }
        return matching
    }

    private mutating func unary(_ operand: Expression) -> Expression {
        // A sign before a number is part of the number.
        if case .number = operand { return operand }
        return .unary(UnaryOperation(isNegative: chance(2), operand: operand, position: Self.nowhere))
    }

    /// Something that may stand next to any operator.
    private mutating func operand(_ type: ValueType, _ levels: Int) -> Expression {
        let inner = expression(type, levels)
        switch inner {
        case .binary, .unary: return .parenthesized(inner, position: Self.nowhere)
        case .number(let literal) where !(literal.value >= 0 && literal.value.isFinite):
            return .parenthesized(inner, position: Self.nowhere)
        // An operator behind an offset in parentheses would belong to the offset.
        case .vectorSelector(let selector) where selector.offsetExpression != nil:
            return .parenthesized(inner, position: Self.nowhere)
        case .matrixSelector(let matrix) where matrix.selector.offsetExpression != nil:
            return .parenthesized(inner, position: Self.nowhere)
        default: return inner
        }
    }

    // MARK: Leaves

    private mutating func number(isSigned: Bool) -> NumberLiteral {
        let value: Double
        switch Int.random(in: 0..<6, using: &random) {
        case 0: value = pick([0, 1, 0.5, 1e-7, 1e21, .infinity, -.infinity, .nan])
        case 1:
            let seconds = Double(Int.random(in: 1...10_000_000, using: &random))
            return NumberLiteral(value: seconds, isDuration: true, position: Self.nowhere)
        default: value = Double(Int.random(in: -1_000_000...1_000_000, using: &random)) / 64
        }
        return NumberLiteral(value: value, position: Self.nowhere)
    }

    private mutating func text() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            text += pick(["a", "Z", "_", "0", " ", "\"", "\\", "\n", "\u{1}", "é", "世", "🦆", "'", "`", "{", "}", "#"])
        }
        return text
    }

    private mutating func labelName() -> String {
        pick(["job", "instance", "le", "by", "on", "sum", "offset", "start", "äö", "a.b", "1x", "with space", "x\"y"])
    }

    private mutating func labels(_ most: Int) -> [String] {
        var labels: [String] = []
        for _ in 0..<Int.random(in: 0...most, using: &random) { labels.append(labelName()) }
        return labels
    }

    mutating func selector() -> VectorSelector {
        let name = pick(["up", "http_requests_total", "a:b", "sum", "offset", "start", "step", "and", "by", "x9", ""])
        var matchers: [LabelMatcher] = []
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            matchers.append(LabelMatcher(labelName(), equals: text()))
            if let matcher = try? LabelMatcher(labelName(), pick([.notEqual, .matches, .notMatches]), "a.*") {
                matchers.append(matcher)
            }
        }
        if name.isEmpty {
            matchers.append(LabelMatcher(Label.metricName, equals: pick(["quoted.name", "plain"])))
        }
        matchers.sort { $0.description.utf8.lexicographicallyPrecedes($1.description.utf8) }
        if !name.isEmpty { matchers.append(LabelMatcher(Label.metricName, equals: name)) }
        let (offset, offsetExpression) = offset()
        return VectorSelector(
            name: name,
            matchers: matchers,
            offset: offset,
            offsetExpression: offsetExpression,
            at: at(),
            extent: chance(6) ? pick([.anchored, .smoothed]) : .plain,
            position: Self.nowhere
        )
    }

    private mutating func at() -> AtModifier? {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .start
        case 1: .end
        case 2: .timestamp(Int64.random(in: -10_000_000_000_000...10_000_000_000_000, using: &random))
        default: nil
        }
    }

    private mutating func offset() -> (Int64, DurationExpression?) {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: (Int64.random(in: -100_000_000...100_000_000, using: &random), nil)
        case 1: (0, durationOperand(2))
        default: (0, nil)
        }
    }

    // MARK: Durations

    /// A duration between brackets: milliseconds, or an expression.
    private mutating func duration() -> (Int64, DurationExpression?) {
        if chance(3) {
            let expression = durationExpression(2)
            switch expression {
            case .literal, .fraction: break
            default: return (0, expression)
            }
        }
        return (Int64.random(in: 1...100_000_000_000, using: &random), nil)
    }

    private mutating func durationExpression(_ levels: Int) -> DurationExpression {
        guard levels > 0 else { return durationLeaf() }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return durationLeaf()
        case 1:
            let operand = durationOperand(levels - 1)
            if case .literal = operand { return operand }
            return .unary(isNegative: true, operand, isParenthesized: chance(2), position: Self.nowhere)
        default:
            let operation = pick(
                [.add, .subtract, .multiply, .power, .minimum, .maximum] as [DurationExpression.DurationOperator]
            )
            let left = durationOperand(levels - 1)
            let right = durationOperand(levels - 1)
            return .binary(operation, left, right, isParenthesized: chance(2), position: Self.nowhere)
        }
    }

    private mutating func durationOperand(_ levels: Int) -> DurationExpression {
        let inner = durationExpression(levels)
        switch inner {
        case .unary(let isNegative, let operand, _, let position):
            return .unary(isNegative: isNegative, operand, isParenthesized: true, position: position)
        case .binary(let operation, let left, let right, _, let position):
            return .binary(operation, left, right, isParenthesized: true, position: position)
        case .literal, .fraction:
            return .unary(isNegative: false, inner, isParenthesized: true, position: Self.nowhere)
        case .queryParameter: return inner
        }
    }

    private mutating func durationLeaf() -> DurationExpression {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .queryParameter(pick([.step, .range]), position: Self.nowhere)
        case 1:
            .literal(
                milliseconds: Int64.random(in: 1...9_999_999, using: &random),
                isNumber: false,
                position: Self.nowhere
            )
        case 2: .fraction(seconds: 1.0 / 3, position: Self.nowhere)
        default:
            .literal(
                milliseconds: Int64.random(in: 1...999, using: &random) * 1000,
                isNumber: true,
                position: Self.nowhere
            )
        }
    }
}
