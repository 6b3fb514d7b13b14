/// Which expressions have the same value at every step: those whose selectors are all pinned with `@`.
enum StepInvariance {
    /// Functions that look at the time of the step whatever their arguments are.
    private static let timeDependent: Set<FunctionName> = [
        .dayOfMonth, .dayOfWeek, .dayOfYear, .daysInMonth, .hour, .minute, .month, .predictLinear, .time, .timestamp,
        .year,
    ]

    /// Whether the expression may be evaluated once and spread over all steps.
    static func holds(for expression: Expression) -> Bool {
        switch expression {
        case .number, .string: true
        case .vectorSelector(let selector): selector.at != nil
        case .matrixSelector(let selector): selector.selector.at != nil
        case .subquery(let subquery): subquery.at != nil
        case .call(let call): !timeDependent.contains(call.function) && call.arguments.allSatisfy(holds)
        case .aggregation(let aggregation):
            holds(for: aggregation.expression) && aggregation.parameter.map(holds) ?? true
        case .binary(let operation): holds(along: operation.chain)
        case .unary(let operation): holds(for: operation.operand)
        case .parenthesized(let inner, _): holds(for: inner)
        }
    }

    private static func holds(along chain: [BinaryOperation]) -> Bool {
        // From the end, which is as good as any, since one side that varies is enough.
        chain.reversed().allSatisfy { holds(for: $0.right) } && holds(for: chain[0].left)
    }
}
