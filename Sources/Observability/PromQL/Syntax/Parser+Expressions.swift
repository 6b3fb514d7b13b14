import MetricModel

/// A parsed piece and what the rules around it must know.
///
/// A class, so that the frames of the recursive rules stay small.
final class Operand {
    /// What stands behind it decides what may follow.
    enum Form {
        case vectorSelector(VectorSelector)
        case matrixSelector(MatrixSelector)
        /// A range behind something that is no selector: an error by then.
        case invalidRange
        case subquery(Subquery)
        case other(Expression)
    }

    var form: Form
    var position: SourceRange
    var type: ValueType
    /// Levels of the tree; the links of a chain of operators are on one.
    var levels = 1
    /// How many operators the chain has that it is; 0 for what is no chain.
    var chainedOperators = 0

    init(_ expression: Expression, type: ValueType, levels: Int = 1) {
        form = .other(expression)
        position = expression.position
        self.type = type
        self.levels = levels
    }

    init(form: Form, position: SourceRange, type: ValueType, levels: Int) {
        self.form = form
        self.position = position
        self.type = type
        self.levels = levels
    }

    var expression: Expression {
        switch form {
        case .vectorSelector(let selector): .vectorSelector(selector)
        case .matrixSelector(let matrix): .matrixSelector(matrix)
        case .subquery(let subquery): .subquery(subquery)
        case .other(let expression): expression
        case .invalidRange: .number(NumberLiteral(value: 0, position: position))
        }
    }
}

extension BinaryOperator {
    /// How strongly it binds; 6 binds to the right.
    var precedence: Int {
        switch self {
        case .or: 1
        case .and, .unless: 2
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .trimLower, .trimUpper: 3
        case .add, .subtract: 4
        case .multiply, .divide, .modulo, .atan2: 5
        case .power: 6
        }
    }
}

extension Parser {
    /// Reads an expression whose operators bind more strongly than `precedence`.
    mutating func parseExpression(above precedence: Int) throws(Interruption) -> Operand {
        level += 1
        defer { level -= 1 }
        if level > options.nestingLevelsMax {
            tooDeepAt = peek().position
            throw .abort
        }
        let operand = try parseOperand()
        return try parseOperators(after: operand, above: precedence)
    }

    /// Reads the operators behind an operand, with what stands to their right.
    mutating func parseOperators(after operand: Operand, above precedence: Int) throws(Interruption) -> Operand {
        var left = operand
        while let operation = peek().kind.binaryOperator, operation.precedence > precedence {
            shift()
            let modifiers = try parseBinaryModifiers()
            let isRightAssociative = operation == .power
            let right = try parseExpression(above: isRightAssociative ? operation.precedence - 1 : operation.precedence)
            left = makeBinary(operation, left, right, modifiers)
        }
        return left
    }

    private mutating func parseOperand() throws(Interruption) -> Operand {
        guard try awaits({ $0.beginsExpression }) else { throw .syntaxError }
        let kind = peek().kind
        if kind == .plus || kind == .minus { return try parseUnary() }
        let operand =
            switch kind {
            case .number, .duration, .string: parseLiteral()
            case .leftParen: try parseParenthesized()
            case .leftBrace: try parseSelectorOperand(name: nil)
            default: try parseNamed()
            }
        return try parsePostfix(operand)
    }

    private mutating func parseLiteral() -> Operand {
        if peek().kind == .string { return Operand(.string(stringLiteral(shift())), type: .string) }
        return Operand(.number(parseNumberLiteral()), type: .scalar)
    }

    /// Reads what begins with a word: a call, an aggregation or a selector.
    private mutating func parseNamed() throws(Interruption) -> Operand {
        let name = shift()
        let following = peek().kind
        if name.kind.aggregator != nil, following == .leftParen || following == .by || following == .without {
            return try parseAggregation(name)
        }
        if following == .leftParen, name.kind == .identifier || name.kind.isQueryParameter {
            return try parseCall(name)
        }
        return try parseSelectorOperand(name: name)
    }

    private mutating func parseUnary() throws(Interruption) -> Operand {
        let sign = shift()
        // Binds like `*`: only `^` binds more strongly.
        return makeUnary(sign, try parseExpression(above: BinaryOperator.multiply.precedence))
    }

    private mutating func makeUnary(_ sign: Token, _ operand: Operand) -> Operand {
        let isNegative = sign.kind == .minus
        if case .other(.number(var literal)) = operand.form {
            if isNegative { literal.value *= -1 }
            literal.position.start = sign.position.start
            return Operand(.number(literal), type: .scalar)
        }
        let position = SourceRange(sign.position.start, operand.position.end)
        if operand.type != .scalar && operand.type != .instantVector {
            let message = "unary expression only allowed on expressions of type scalar or instant vector, got "
            typeErrors.append(.init(message + "\"\(operand.type.rawValue)\"", position))
        }
        let node = UnaryOperation(isNegative: isNegative, operand: operand.expression, position: position)
        return bounded(.unary(node), position, operand.type, levels: operand.levels + 1)
    }

    private mutating func parseParenthesized() throws(Interruption) -> Operand {
        let start = shift().position.start
        var inner = try parseExpression(above: 0)
        while try !awaits({ $0 == .rightParen }, or: { $0.binaryOperator != nil }) {
            inner = try parseOperators(after: inner, above: 0)
        }
        return makeParenthesized(inner, SourceRange(start, shift().position.end))
    }

    private mutating func makeParenthesized(_ inner: Operand, _ position: SourceRange) -> Operand {
        bounded(.parenthesized(inner.expression, position: position), position, inner.type, levels: inner.levels + 1)
    }

    mutating func parseNumberLiteral() -> NumberLiteral {
        let token = shift()
        guard token.kind == .duration else {
            return NumberLiteral(value: number(token), position: token.position)
        }
        let seconds = NumberText.seconds(milliseconds: durationMilliseconds(token))
        return NumberLiteral(value: seconds, isDuration: true, position: token.position)
    }

    mutating func number(_ token: Token) -> Double {
        do {
            return try NumberText.value(token.text)
        } catch {
            complain("error parsing number: \(error.message)", token.position)
            return 0
        }
    }

    mutating func durationMilliseconds(_ token: Token) -> Int64 {
        do {
            return try NumberText.durationMilliseconds(token.text)
        } catch {
            complain(error.message, token.position)
            return 0
        }
    }

    private func stringLiteral(_ token: Token) -> StringLiteral {
        let bytes = StringLiteralText.bytes(unquoting: token.text)
        let text = String(validating: bytes, as: UTF8.self)
        return StringLiteral(
            value: text ?? String(decoding: bytes, as: UTF8.self),
            invalidUTF8: text == nil ? bytes : nil,
            position: token.position
        )
    }

    /// An operand for a new tree, or for a placeholder when the tree would have too many levels.
    ///
    /// The rest is still read, for its errors; a tree with too many levels could not be walked, nor even be released.
    mutating func bounded(
        _ expression: @autoclosure () -> Expression,
        _ position: SourceRange,
        _ type: ValueType,
        levels: Int
    ) -> Operand {
        guard levels <= options.nestingLevelsMax else {
            if tooDeepAt == nil { tooDeepAt = position }
            let placeholder = Operand(.number(NumberLiteral(value: 0, position: position)), type: type)
            placeholder.form = .other(
                .parenthesized(.number(NumberLiteral(value: 0, position: position)), position: position)
            )
            return placeholder
        }
        return Operand(form: .other(expression()), position: position, type: type, levels: levels)
    }
}
