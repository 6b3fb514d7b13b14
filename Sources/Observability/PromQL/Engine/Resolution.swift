#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Replaces what depends on the query's times: duration expressions, `@ start()` and `@ end()`.
struct Resolution {
    let query: QueryTimes

    /// The same expression with fixed times.
    func resolve(_ expression: Expression) throws(QueryError) -> Expression {
        switch expression {
        case .number, .string: return expression
        case .vectorSelector(let selector): return .vectorSelector(try resolve(selector))
        case .matrixSelector(let matrix): return .matrixSelector(try resolve(matrix))
        case .subquery(let subquery): return .subquery(try resolve(subquery))
        case .call(let call): return .call(try resolve(call))
        case .aggregation(let aggregation): return .aggregation(try resolve(aggregation))
        case .binary(let operation): return .binary(try resolve(operation))
        case .unary(let operation): return .unary(try resolve(operation))
        case .parenthesized(let inner, let position):
            return .parenthesized(try resolve(inner), position: position)
        }
    }

    // One function for each kind of node: deep expressions recurse through small frames.

    private func resolve(_ matrix: MatrixSelector) throws(QueryError) -> MatrixSelector {
        var matrix = matrix
        matrix.selector = try resolve(matrix.selector)
        if let range = matrix.rangeExpression { matrix.range = try positive(range) }
        return matrix
    }

    private func resolve(_ call: FunctionCall) throws(QueryError) -> FunctionCall {
        var call = call
        for index in call.arguments.indices { call.arguments[index] = try resolve(call.arguments[index]) }
        return call
    }

    private func resolve(_ aggregation: Aggregation) throws(QueryError) -> Aggregation {
        var aggregation = aggregation
        aggregation.expression = try resolve(aggregation.expression)
        if let parameter = aggregation.parameter { aggregation.parameter = try resolve(parameter) }
        return aggregation
    }

    private func resolve(_ operation: BinaryOperation) throws(QueryError) -> BinaryOperation {
        let chain = operation.chain
        var left = try resolve(chain[0].left)
        var resolved = operation
        for link in chain {
            resolved = link
            resolved.left = left
            resolved.right = try resolve(link.right)
            left = .binary(resolved)
        }
        return resolved
    }

    private func resolve(_ operation: UnaryOperation) throws(QueryError) -> UnaryOperation {
        var operation = operation
        operation.operand = try resolve(operation.operand)
        return operation
    }

    private func resolve(_ selector: VectorSelector) throws(QueryError) -> VectorSelector {
        var selector = selector
        selector.at = resolve(selector.at)
        if let offset = selector.offsetExpression { selector.offset = try milliseconds(offset) }
        return selector
    }

    private func resolve(_ subquery: Subquery) throws(QueryError) -> Subquery {
        var subquery = subquery
        subquery.expression = try resolve(subquery.expression)
        subquery.at = resolve(subquery.at)
        if let range = subquery.rangeExpression { subquery.range = try positive(range) }
        if let step = subquery.stepExpression { subquery.step = try positive(step) }
        if let offset = subquery.offsetExpression { subquery.offset = try milliseconds(offset) }
        return subquery
    }

    private func resolve(_ at: AtModifier?) -> AtModifier? {
        switch at {
        case .start: .timestamp(query.start)
        case .end: .timestamp(query.end)
        case .timestamp, nil: at
        }
    }

    private func positive(_ duration: DurationExpression) throws(QueryError) -> Int64 {
        let milliseconds = try milliseconds(duration)
        guard milliseconds > 0 else { throw error("duration must be greater than 0", duration) }
        return milliseconds
    }

    private func milliseconds(_ duration: DurationExpression) throws(QueryError) -> Int64 {
        let scaled = (try seconds(duration)) * 1000
        // Durations are limited to what fits 63 bits of nanoseconds.
        guard scaled.magnitude < 9_223_372_036_854 else { throw error("duration is out of range", duration) }
        return Int64(scaled)
    }

    private func seconds(_ duration: DurationExpression) throws(QueryError) -> Double {
        switch duration {
        case .literal(let milliseconds, _, _): return Double(milliseconds) / 1000
        case .fraction(let seconds, _): return seconds
        case .queryParameter(let parameter, _):
            switch parameter {
            case .step: return Double(query.step) / 1000
            case .range: return Double(query.end.subtractingClamped(query.start)) / 1000
            case .start: return Double(query.start) / 1000
            case .end: return Double(query.end) / 1000
            }
        case .unary(let isNegative, let operand, _, _):
            let value = try seconds(operand)
            return isNegative ? -value : value
        case .binary(let operation, let left, let right, _, _):
            let leftValue = try seconds(left)
            let rightValue = try seconds(right)
            switch operation {
            case .add: return leftValue + rightValue
            case .subtract: return leftValue - rightValue
            case .multiply: return leftValue * rightValue
            case .divide:
                if rightValue == 0 { throw error("division by zero", duration) }
                return leftValue / rightValue
            case .modulo:
                if rightValue == 0 { throw error("modulo by zero", duration) }
                return leftValue.truncatingRemainder(dividingBy: rightValue)
            case .power: return pow(leftValue, rightValue)
            case .minimum: return min(leftValue, rightValue)
            case .maximum: return max(leftValue, rightValue)
            }
        }
    }

    private func error(_ text: String, _ duration: DurationExpression) -> QueryError {
        let position = duration.position
        return .evaluation("\(position.start):\(position.end): \(text)")
    }
}

extension Expression {
    /// The expression without parentheses around it.
    var unparenthesized: Expression {
        var expression = self
        while case .parenthesized(let inner, _) = expression { expression = inner }
        return expression
    }
}
