/// The variants of an instant query that must give the same answer at other times.
enum AtVariant {
    /// Functions whose value depends on the time of evaluation.
    private static let timeDependent: Set<FunctionName> = [
        .daysInMonth, .dayOfMonth, .dayOfWeek, .dayOfYear, .end, .hour, .minute, .month, .year, .predictLinear, .range,
        .start, .step, .time, .timestamp,
    ]

    /// The expression with `@ time` where no `@` is yet, outside of subqueries; nil when it cannot be pinned.
    static func pinned(_ expression: Expression, at time: Int64) -> Expression? {
        switch expression {
        case .number, .string: return expression
        case .vectorSelector(var selector):
            selector.at = selector.at ?? .timestamp(time)
            return .vectorSelector(selector)
        case .matrixSelector(var matrix):
            matrix.selector.at = matrix.selector.at ?? .timestamp(time)
            return .matrixSelector(matrix)
        case .subquery(var subquery):
            subquery.at = subquery.at ?? .timestamp(time)
            return .subquery(subquery)
        case .call(var call):
            if timeDependent.contains(call.function) { return nil }
            for index in call.arguments.indices {
                // The second argument of info is no selector of samples.
                if call.function == .info && index == 1 { continue }
                guard let argument = pinned(call.arguments[index], at: time) else { return nil }
                call.arguments[index] = argument
            }
            return .call(call)
        case .aggregation(var aggregation):
            guard let inner = pinned(aggregation.expression, at: time) else { return nil }
            aggregation.expression = inner
            if let parameter = aggregation.parameter {
                guard let pinnedParameter = pinned(parameter, at: time) else { return nil }
                aggregation.parameter = pinnedParameter
            }
            return .aggregation(aggregation)
        case .binary(let operation):
            let chain = operation.chain
            var left = pinned(chain[0].left, at: time)
            for var link in chain {
                guard let pinnedLeft = left, let right = pinned(link.right, at: time) else { return nil }
                link.left = pinnedLeft
                link.right = right
                left = .binary(link)
            }
            return left
        case .unary(var operation):
            guard let inner = pinned(operation.operand, at: time) else { return nil }
            operation.operand = inner
            return .unary(operation)
        case .parenthesized(let inner, let position):
            return pinned(inner, at: time).map { .parenthesized($0, position: position) }
        }
    }

    /// The times at which a query pinned to `time` is evaluated too.
    static func times(_ time: Int64) -> [Int64] {
        time == 0 ? [-1000, 0, 1000] : [-10 * time, 0, time / 5, time, 10 * time]
    }
}
