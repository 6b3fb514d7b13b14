import Basics
import MetricModel

extension Expression: CustomStringConvertible {
    /// The expression on one line, in canonical form: parsing it gives the same expression.
    public var description: String { description(bytesMax: .max) ?? "" }

    /// The same; nil when it has more bytes than `bytesMax`, of which no more are written than needed to see that.
    func description(bytesMax: Int) -> String? {
        var text = ""
        // What is still to be written, last first; not recursive, because frames of recursion would be large.
        var pending: [Piece] = [.expression(self)]
        while let piece = pending.popLast() {
            switch piece {
            case .text(let part):
                text += part
                // What is made readable afterwards only becomes longer.
                if text.utf8.count > bytesMax { return nil }
            case .expression(let expression):
                pending.append(contentsOf: expression.pieces.reversed())
                // Every piece has a byte: the end of a long chain is written last.
                if pending.count > bytesMax { return nil }
            }
        }
        let readable = StringLiteralText.readable(text)
        return readable.utf8.count <= bytesMax ? readable : nil
    }

    private enum Piece {
        case text(String)
        case expression(Expression)
    }

    /// What it is written as, children not yet written.
    private var pieces: [Piece] {
        switch self {
        case .number(let node): return [.text(node.description)]
        case .string(let node):
            return [.text(node.invalidUTF8.map(StringLiteralText.quote) ?? QuotedText.quote(node.value))]
        case .vectorSelector(let node): return [.text(node.description)]
        case .matrixSelector(let node): return [.text(node.description)]
        case .subquery(let node): return [.expression(node.expression), .text(node.suffix)]
        case .call(let node):
            return [.text(node.function.rawValue + "(")] + Self.list(node.arguments) + [.text(")")]
        case .aggregation(let node):
            return [.text(node.head + "(")] + Self.list(children) + [.text(")")]
        case .binary(let node):
            return [.expression(node.left), .text(" \(node.operatorText) "), .expression(node.right)]
        case .unary(let node): return [.text(node.isNegative ? "-" : "+"), .expression(node.operand)]
        case .parenthesized(let inner, _): return [.text("("), .expression(inner), .text(")")]
        }
    }

    private static func list(_ expressions: [Expression]) -> [Piece] {
        Array(expressions.map { [Piece.expression($0)] }.joined(separator: [.text(", ")]))
    }
}

extension NumberLiteral {
    var description: String {
        guard isDuration, value.isFinite else { return FloatText.decimal(value) }
        let milliseconds = NumberText.clamped((value * 1000).rounded())
        return PrometheusDuration.text(milliseconds: milliseconds)
    }
}

extension VectorSelector: CustomStringConvertible {
    /// As in a query, modifiers included.
    public var description: String { bare + atText + extentText + offsetText }

    /// The name and the matchers.
    var bare: String {
        var parts: [String] = []
        for matcher in matchers {
            let isName = matcher.name == Label.metricName && matcher.operation == .equal && matcher.value == name
            if isName && !name.isEmpty { continue }
            parts.append(matcher.description)
        }
        if parts.isEmpty { return name }
        parts.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return name + "{" + parts.joined(separator: ",") + "}"
    }

    var atText: String { at.map { " @ \($0.text)" } ?? "" }

    var extentText: String {
        switch extent {
        case .plain: ""
        case .anchored: " anchored"
        case .smoothed: " smoothed"
        }
    }

    var offsetText: String { PromQL.offsetText(offset, offsetExpression) }
}

extension MatrixSelector: CustomStringConvertible {
    /// As in a query, modifiers included.
    public var description: String {
        let range = durationText(range, rangeExpression)
        return "\(selector.bare)[\(range)]\(selector.extentText)\(selector.atText)\(selector.offsetText)"
    }
}

extension Subquery {
    /// What stands behind the expression.
    var suffix: String {
        let step = self.step == 0 && stepExpression == nil ? "" : durationText(self.step, stepExpression)
        let at = self.at.map { " @ \($0.text)" } ?? ""
        return "[\(durationText(range, rangeExpression)):\(step)]\(at)\(offsetText(offset, offsetExpression))"
    }
}

extension Aggregation {
    /// The operator and its grouping.
    var head: String {
        if isWithout { return "\(aggregator.rawValue) without (\(labelList(grouping))) " }
        return grouping.isEmpty ? aggregator.rawValue : "\(aggregator.rawValue) by (\(labelList(grouping))) "
    }
}

extension BinaryOperation {
    /// The operator and its modifiers.
    var operatorText: String {
        var text = operation.rawValue + (returnsBool ? " bool" : "")
        guard let matching else { return text }
        let hasGroup = matching.cardinality == .manyToOne || matching.cardinality == .oneToMany
        if !matching.labels.isEmpty || matching.isOn || hasGroup {
            text += " \(matching.isOn ? "on" : "ignoring") (\(labelList(matching.labels)))"
        }
        if hasGroup {
            let side = matching.cardinality == .manyToOne ? "left" : "right"
            text += " group_\(side) (\(labelList(matching.included)))"
        }
        if let left = matching.fillLeft, let right = matching.fillRight, left.bitPattern == right.bitPattern {
            return text + " fill (\(FloatText.shortest(left)))"
        }
        if let left = matching.fillLeft { text += " fill_left (\(FloatText.shortest(left)))" }
        if let right = matching.fillRight { text += " fill_right (\(FloatText.shortest(right)))" }
        return text
    }
}

extension AtModifier {
    var text: String {
        switch self {
        case .start: return "start()"
        case .end: return "end()"
        case .timestamp(let milliseconds):
            let size = milliseconds.magnitude
            let fraction = String(size % 1000)
            let padding = String(repeating: "0", count: 3 - fraction.utf8.count)
            return "\(milliseconds < 0 ? "-" : "")\(size / 1000).\(padding)\(fraction)"
        }
    }
}

extension DurationExpression: CustomStringConvertible {
    /// As in a query.
    public var description: String {
        switch self {
        case .literal(let milliseconds, let isNumber, _):
            isNumber
                ? FloatText.decimal(NumberText.seconds(milliseconds: milliseconds))
                : PrometheusDuration.text(milliseconds: milliseconds)
        case .fraction(let seconds, _): FloatText.decimal(seconds)
        case .queryParameter(let parameter, _): parameter.rawValue + "()"
        case .unary(let isNegative, let operand, let isParenthesized, _):
            (isParenthesized ? "(" : "") + (isNegative ? "-" : "") + operand.description + (isParenthesized ? ")" : "")
        case .binary(let operation, let left, let right, let isParenthesized, _):
            (isParenthesized ? "(" : "") + Self.text(operation, left, right) + (isParenthesized ? ")" : "")
        }
    }

    private static func text(_ operation: DurationOperator, _ left: Self, _ right: Self) -> String {
        switch operation {
        case .minimum, .maximum: "\(operation.rawValue)(\(left), \(right))"
        default: "\(left) \(operation.rawValue) \(right)"
        }
    }
}

private func durationText(_ milliseconds: Int64, _ expression: DurationExpression?) -> String {
    expression?.description ?? PrometheusDuration.text(milliseconds: milliseconds)
}

private func offsetText(_ milliseconds: Int64, _ expression: DurationExpression?) -> String {
    if let expression { return " offset \(expression)" }
    return milliseconds == 0 ? "" : " offset " + PrometheusDuration.text(milliseconds: milliseconds)
}

private func labelList(_ labels: [String]) -> String {
    labels.map { MetricNames.isLegacyLabelName($0) ? $0 : QuotedText.quote($0) }.joined(separator: ", ")
}
