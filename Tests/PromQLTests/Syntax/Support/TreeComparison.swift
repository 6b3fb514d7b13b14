import MetricModel

@testable import PromQL

/// Compares expressions with the trees of `parser.json`; each function returns what differs, or nil.
enum TreeComparison {
    typealias Node = [String: Any]

    static func difference(_ expression: Expression, _ node: Node) -> String? {
        let kind = node["node"] as? String ?? ""
        if let pos = node["pos"] as? [Int], pos != [expression.position.start, expression.position.end] {
            return "\(kind): position \(expression.position) instead of \(pos)"
        }
        if let start = node["start"] as? Int, start != expression.position.start { return "\(kind): start" }
        if let end = node["end"] as? Int, end != expression.position.end {
            return "\(kind): end \(expression.position.end) instead of \(end)"
        }
        switch (expression, kind) {
        case (.number(let number), "number"):
            let value = ConformanceData.number(node["val"]) ?? 0
            let isSame = number.value == value || (number.value.isNaN && value.isNaN)
            return isSame && number.isDuration == (node["duration"] as? Bool ?? false) ? nil : "number \(number)"
        case (.string(let string), "string"): return stringDifference(string, node)
        case (.vectorSelector(let selector), "vector_selector"): return selectorDifference(selector, node)
        case (.matrixSelector(let matrix), "matrix_selector"): return matrixDifference(matrix, node)
        case (.subquery(let subquery), "subquery"): return subqueryDifference(subquery, node)
        case (.call(let call), "call"):
            let arguments = node["args"] as? [Node] ?? []
            if call.function.rawValue != node["func"] as? String { return "function \(call.function)" }
            if call.arguments.count != arguments.count { return "\(call.arguments.count) arguments" }
            return zip(call.arguments, arguments).lazy.compactMap(difference).first
        case (.aggregation(let aggregation), "aggregate"): return aggregationDifference(aggregation, node)
        case (.binary(let binary), "binary"): return binaryDifference(binary, node)
        case (.unary(let unary), "unary"):
            if (unary.isNegative ? "-" : "+") != node["op"] as? String { return "sign" }
            return difference(unary.operand, node["expr"] as? Node ?? [:])
        case (.parenthesized(let inner, _), "paren"): return difference(inner, node["expr"] as? Node ?? [:])
        default: return "\(expression) instead of a \(kind)"
        }
    }

    private static func stringDifference(_ string: StringLiteral, _ node: Node) -> String? {
        if let base64 = node["val_base64"] as? String {
            return string.invalidUTF8 == ConformanceData.bytes(base64: base64) ? nil : "string \(string)"
        }
        return string.value == node["val"] as? String && string.invalidUTF8 == nil ? nil : "string \(string.value)"
    }

    private static func selectorDifference(_ selector: VectorSelector, _ node: Node) -> String? {
        if selector.name != node["name"] as? String { return "name \(selector.name)" }
        let expected = (node["matchers"] as? [Node] ?? []).map { matcher in
            ["name", "op", "value"].map { matcher[$0] as? String ?? "" }
        }
        let actual = selector.matchers.map { [$0.name, $0.operation.rawValue, $0.value] }
        if actual != expected { return "matchers \(actual)" }
        if let extent = extentDifference(selector.extent, node) { return extent }
        return modifierDifference(selector.offset, selector.offsetExpression, selector.at, node)
    }

    private static func extentDifference(_ extent: VectorSelector.Extent, _ node: Node) -> String? {
        let isAnchored = node["anchored"] as? Bool ?? false
        let isSmoothed = node["smoothed"] as? Bool ?? false
        return extent == (isAnchored ? .anchored : isSmoothed ? .smoothed : .plain) ? nil : "extent \(extent)"
    }

    private static func modifierDifference(
        _ offset: Int64,
        _ expression: DurationExpression?,
        _ at: AtModifier?,
        _ node: Node
    ) -> String? {
        if offset != Int64(node["offset_ms"] as? Int ?? 0) { return "offset \(offset)" }
        if let problem = durationDifference(expression, node["offset_expr"] as? Node) { return problem }
        var expected: AtModifier?
        if let milliseconds = node["at_ms"] as? Int { expected = .timestamp(Int64(milliseconds)) }
        if let word = node["at"] as? String { expected = word == "start" ? .start : .end }
        return at == expected ? nil : "@ \(String(describing: at))"
    }

    private static func matrixDifference(_ matrix: MatrixSelector, _ node: Node) -> String? {
        if matrix.range != Int64(node["range_ms"] as? Int ?? 0) { return "range \(matrix.range)" }
        if let problem = durationDifference(matrix.rangeExpression, node["range_expr"] as? Node) { return problem }
        return difference(.vectorSelector(matrix.selector), node["selector"] as? Node ?? [:])
    }

    private static func subqueryDifference(_ subquery: Subquery, _ node: Node) -> String? {
        if subquery.range != Int64(node["range_ms"] as? Int ?? 0) { return "range \(subquery.range)" }
        if subquery.step != Int64(node["step_ms"] as? Int ?? 0) { return "step \(subquery.step)" }
        return durationDifference(subquery.rangeExpression, node["range_expr"] as? Node)
            ?? durationDifference(subquery.stepExpression, node["step_expr"] as? Node)
            ?? modifierDifference(subquery.offset, subquery.offsetExpression, subquery.at, node)
            ?? difference(subquery.expression, node["expr"] as? Node ?? [:])
    }

    private static func aggregationDifference(_ aggregation: Aggregation, _ node: Node) -> String? {
        if aggregation.aggregator.rawValue != node["op"] as? String { return "operator \(aggregation.aggregator)" }
        if aggregation.grouping != node["grouping"] as? [String] ?? [] { return "grouping \(aggregation.grouping)" }
        if aggregation.isWithout != (node["without"] as? Bool ?? false) { return "without" }
        if let parameter = aggregation.parameter {
            if let problem = difference(parameter, node["param"] as? Node ?? [:]) { return problem }
        } else if node["param"] != nil {
            return "no parameter"
        }
        return difference(aggregation.expression, node["expr"] as? Node ?? [:])
    }

    private static func binaryDifference(_ binary: BinaryOperation, _ node: Node) -> String? {
        if binary.operation.rawValue != node["op"] as? String { return "operator \(binary.operation)" }
        if binary.returnsBool != (node["bool"] as? Bool ?? false) { return "bool" }
        let expected = node["matching"] as? Node
        if (expected == nil) != (binary.matching == nil) { return "matching \(String(describing: binary.matching))" }
        if let matching = binary.matching, let expected {
            if matching.cardinality.rawValue != expected["card"] as? String { return "\(matching.cardinality)" }
            if matching.labels != expected["labels"] as? [String] ?? [] { return "matching labels \(matching.labels)" }
            if matching.isOn != (expected["on"] as? Bool ?? false) { return "on" }
            if matching.included != expected["include"] as? [String] ?? [] { return "included \(matching.included)" }
        }
        return difference(binary.left, node["lhs"] as? Node ?? [:])
            ?? difference(binary.right, node["rhs"] as? Node ?? [:])
    }

    // MARK: Durations

    static func durationDifference(_ duration: DurationExpression?, _ node: Node?) -> String? {
        guard let node else { return duration == nil ? nil : "duration \(duration?.description ?? "")" }
        guard let duration else { return "no duration expression" }
        var position = duration.position
        var problem: String?
        switch duration {
        case .literal(let milliseconds, let isNumber, _):
            let value = (ConformanceData.number(node["val"]) ?? .nan) * 1000
            let isSame = Double(milliseconds) == value.rounded() && isNumber != (node["duration"] as? Bool ?? false)
            problem = isSame && node["node"] as? String == "number" ? nil : "duration \(milliseconds)"
        case .fraction(let seconds, _): problem = seconds == ConformanceData.number(node["val"]) ? nil : "\(seconds)"
        case .queryParameter(let parameter, _):
            problem = parameter.rawValue == node["op"] as? String ? nil : "\(parameter)"
        case .unary(false, .queryParameter(let parameter, let inner), true, _):
            // Here the mark of the parentheses is the parameter's own.
            position = inner
            problem =
                parameter.rawValue == node["op"] as? String && node["wrapped"] as? Bool == true ? nil : "\(parameter)"
        case .unary(let isNegative, let operand, let isParenthesized, _):
            problem = operatorDifference(isNegative ? "-" : "+", isParenthesized, node)
            problem = problem ?? (node["lhs"] == nil ? nil : "unary")
            problem = problem ?? durationDifference(operand, node["rhs"] as? Node)
        case .binary(let operation, let left, let right, let isParenthesized, _):
            problem = operatorDifference(operation.rawValue, isParenthesized, node)
            problem = problem ?? durationDifference(left, node["lhs"] as? Node)
            problem = problem ?? durationDifference(right, node["rhs"] as? Node)
        }
        if let problem { return problem }
        if let pos = node["pos"] as? [Int], pos != [position.start, position.end] { return "\(duration): \(position)" }
        if let start = node["start"] as? Int, start != position.start { return "\(duration): start \(position.start)" }
        if let end = node["end"] as? Int, end != position.end { return "\(duration): end \(position.end)" }
        return nil
    }

    private static func operatorDifference(_ operation: String, _ isParenthesized: Bool, _ node: Node) -> String? {
        if operation != node["op"] as? String { return "operator \(operation)" }
        return isParenthesized == (node["wrapped"] as? Bool ?? false) ? nil : "parentheses"
    }
}
