import MetricModel

extension Parser {
    /// Reads a duration between brackets, which must be greater than zero where that is known already.
    mutating func parsePositiveDuration() throws(Interruption) -> DurationExpression {
        let duration = try parseDuration(above: 0)
        // The next token is read before the check, as in Prometheus.
        _ = peek()
        let isPositive =
            switch duration {
            case .literal(let milliseconds, _, _): milliseconds > 0
            case .fraction(let seconds, _): seconds > 0
            default: true
            }
        if !isPositive { complain("duration must be greater than 0", duration.position) }
        return duration
    }

    /// Reads a duration behind `offset`.
    ///
    /// A literal, `step()`, `range()`, `min_of()` and `max_of()`, and a sign with one of these or with parentheses, end
    /// the offset: `foo offset 5m + 2` adds to the vector. Anything else is an expression: `foo offset (5m) + 2` is
    /// not.
    mutating func parseOffsetDuration() throws(Interruption) -> DurationExpression {
        guard try awaits({ Self.beginsDuration($0) }) else { throw .syntaxError }
        let first = peek()
        guard first.kind == .plus || first.kind == .minus else {
            if first.kind == .leftParen { return try parseDuration(above: 0) }
            return try parseDurationPrimary()
        }
        let sign = shift()
        let isNegative = sign.kind == .minus
        guard try awaits({ Self.beginsDuration($0) }) else { throw .syntaxError }
        let following = peek()
        switch following.kind {
        case .number, .duration:
            return parseDurationLiteral(sign: sign)
        case .leftParen:
            shift()
            let inner = try parseDuration(above: 0)
            try require(.rightParen)
            let wrapped = Self.parenthesized(inner, inner.position)
            guard isNegative else { return wrapped }
            let position = SourceRange(sign.position.start, wrapped.position.end)
            return .unary(isNegative: true, wrapped, isParenthesized: false, position: position)
        case .plus, .minus:
            let inner = signed(sign, try parseDuration(above: DurationExpression.DurationOperator.multiply.precedence))
            return try parseDurationOperators(after: inner, above: 0)
        default:
            var inner = try parseDurationPrimary()
            if case .binary(let operation, let left, let right, let isParenthesized, var position) = inner {
                // Prometheus ends the call at its last argument here.
                position.end = right.position.end
                inner = .binary(operation, left, right, isParenthesized: isParenthesized, position: position)
            }
            let position = SourceRange(sign.position.start, inner.position.end)
            return .unary(isNegative: isNegative, inner, isParenthesized: false, position: position)
        }
    }

    private static func beginsDuration(_ kind: TokenKind) -> Bool {
        switch kind {
        case .number, .duration, .plus, .minus, .leftParen, .step, .range, .identifier: true
        default: false
        }
    }

    private mutating func parseDuration(above precedence: Int) throws(Interruption) -> DurationExpression {
        level += 1
        defer { level -= 1 }
        if level > options.nestingLevelsMax {
            tooDeepAt = peek().position
            throw .abort
        }
        guard try awaits({ Self.beginsDuration($0) }) else { throw .syntaxError }
        if peek().kind == .plus || peek().kind == .minus {
            let sign = shift()
            let operand = try parseDuration(above: DurationExpression.DurationOperator.multiply.precedence)
            return try parseDurationOperators(after: signed(sign, operand), above: precedence)
        }
        return try parseDurationOperators(after: try parseDurationPrimary(), above: precedence)
    }

    private mutating func parseDurationOperators(
        after operand: DurationExpression,
        above precedence: Int
    ) throws(Interruption) -> DurationExpression {
        var left = operand
        var links = 0
        while let operation = DurationExpression.DurationOperator(peek().kind), operation.precedence > precedence {
            let token = shift()
            let isRightAssociative = operation == .power
            let right = try parseDuration(above: isRightAssociative ? operation.precedence - 1 : operation.precedence)
            requireDurationExpressions(left.position)
            links += 1
            if links + level > options.nestingLevelsMax {
                tooDeepAt = token.position
                throw .abort
            }
            left = makeDuration(operation, token, left, right)
        }
        return left
    }

    private mutating func makeDuration(
        _ operation: DurationExpression.DurationOperator,
        _ token: Token,
        _ left: DurationExpression,
        _ right: DurationExpression
    ) -> DurationExpression {
        if operation == .divide || operation == .modulo, case .literal(0, _, _) = right {
            complain(operation == .divide ? "division by zero" : "modulo by zero", token.position)
            return .literal(milliseconds: 0, isNumber: true, position: SourceRange(0, 0))
        }
        let position = SourceRange(left.position.start, right.position.end)
        return .binary(operation, left, right, isParenthesized: false, position: position)
    }

    private mutating func parseDurationPrimary() throws(Interruption) -> DurationExpression {
        let first = peek()
        switch first.kind {
        case .number, .duration: return parseDurationLiteral()
        case .leftParen:
            shift()
            let inner = try parseDuration(above: 0)
            let close = try require(.rightParen)
            requireDurationExpressions(inner.position)
            return Self.parenthesized(inner, SourceRange(first.position.start, close.position.end))
        case .step, .range:
            shift()
            try require(.leftParen)
            let close = try require(.rightParen)
            let position = SourceRange(first.position.start, close.position.end)
            return .queryParameter(first.kind == .step ? .step : .range, position: position)
        default:
            guard let operation = DurationExpression.DurationOperator(rawValue: first.text.lowercased()) else {
                throw .syntaxError
            }
            shift()
            try require(.leftParen)
            let left = try parseDuration(above: 0)
            try require(.comma)
            let right = try parseDuration(above: 0)
            let close = try require(.rightParen)
            let position = SourceRange(first.position.start, close.position.end)
            return .binary(operation, left, right, isParenthesized: false, position: position)
        }
    }

    /// Reads a number or a duration; what is out of range is blamed on the sign when there is one.
    private mutating func parseDurationLiteral(sign: Token? = nil) -> DurationExpression {
        let token = shift()
        let isNegative = sign?.kind == .minus
        let position = SourceRange(sign?.position.start ?? token.position.start, token.position.end)
        guard token.kind == .number else {
            let milliseconds = durationMilliseconds(token)
            return .literal(
                milliseconds: isNegative ? -milliseconds : milliseconds,
                isNumber: false,
                position: position
            )
        }
        let seconds = isNegative ? -number(token) : number(token)
        if NumberText.isOutOfDurationRange(seconds: seconds) {
            complain("duration out of range", sign?.position ?? position)
            return .literal(milliseconds: 0, isNumber: true, position: SourceRange(0, 0))
        }
        let milliseconds = NumberText.milliseconds(seconds: seconds)
        if NumberText.seconds(milliseconds: milliseconds) != seconds {
            return .fraction(seconds: seconds, position: position)
        }
        return .literal(milliseconds: milliseconds, isNumber: true, position: position)
    }

    /// Applies a sign: folded into a literal, dropped when it is `+`.
    private mutating func signed(_ sign: Token, _ operand: DurationExpression) -> DurationExpression {
        let isNegative = sign.kind == .minus
        let position = SourceRange(sign.position.start, operand.position.end)
        switch operand {
        case .literal(let milliseconds, let isNumber, _):
            return .literal(
                milliseconds: isNegative ? -milliseconds : milliseconds,
                isNumber: isNumber,
                position: position
            )
        case .fraction(let seconds, _):
            return .fraction(seconds: isNegative ? -seconds : seconds, position: position)
        default:
            guard isNegative else { return operand }
            return .unary(isNegative: true, operand, isParenthesized: false, position: position)
        }
    }

    /// Marks a duration as written in parentheses; a literal has no place for the mark and gets a `+` that carries it.
    private static func parenthesized(_ inner: DurationExpression, _ position: SourceRange) -> DurationExpression {
        switch inner {
        case .unary(let isNegative, let operand, _, let position):
            .unary(isNegative: isNegative, operand, isParenthesized: true, position: position)
        case .binary(let operation, let left, let right, _, let position):
            .binary(operation, left, right, isParenthesized: true, position: position)
        case .literal, .fraction:
            .unary(isNegative: false, inner, isParenthesized: true, position: position)
        case .queryParameter(_, let position):
            .unary(isNegative: false, inner, isParenthesized: true, position: position)
        }
    }

    private mutating func requireDurationExpressions(_ position: SourceRange) {
        if !options.durationExpressions {
            complain("experimental duration expression is not enabled", position)
        }
    }
}

extension DurationExpression.DurationOperator {
    init?(_ kind: TokenKind) {
        switch kind {
        case .plus, .minus, .times, .divide, .modulo, .power: self.init(rawValue: kind.rawValue)
        default: return nil
        }
    }

    /// How strongly it binds; 3 binds to the right.
    var precedence: Int {
        switch self {
        case .add, .subtract: 1
        case .multiply, .divide, .modulo: 2
        case .power: 3
        case .minimum, .maximum: 4
        }
    }
}
