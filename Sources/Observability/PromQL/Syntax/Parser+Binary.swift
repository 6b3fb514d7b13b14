import MetricModel

/// What may stand between a binary operator and its right side.
struct BinaryModifiers {
    var returnsBool = false
    var matching = VectorMatching()
}

extension Parser {
    /// Reads `bool`, `on`, `ignoring`, `group_left`, `group_right` and the fill modifiers.
    mutating func parseBinaryModifiers() throws(Interruption) -> BinaryModifiers {
        var modifiers = BinaryModifiers()
        if peek().kind == .bool {
            shift()
            modifiers.returnsBool = true
        }
        if peek().kind == .on || peek().kind == .ignoring {
            modifiers.matching.isOn = shift().kind == .on
            modifiers.matching.labels = try parseGroupingLabels()
            if peek().kind == .groupLeft || peek().kind == .groupRight {
                modifiers.matching.cardinality = shift().kind == .groupLeft ? .manyToOne : .oneToMany
                if peek().kind == .leftParen { modifiers.matching.included = try parseGroupingLabels() }
            }
        }
        try parseFillModifiers(&modifiers.matching)
        return modifiers
    }

    private mutating func parseFillModifiers(_ matching: inout VectorMatching) throws(Interruption) {
        switch peek().kind {
        case .fill:
            shift()
            let value = try parseFillValue()
            matching.fillLeft = value
            matching.fillRight = value
        case .fillLeft:
            shift()
            matching.fillLeft = try parseFillValue()
            if peek().kind == .fillRight {
                shift()
                matching.fillRight = try parseFillValue()
            }
        case .fillRight:
            shift()
            matching.fillRight = try parseFillValue()
            if peek().kind == .fillLeft {
                shift()
                matching.fillLeft = try parseFillValue()
            }
        default: break
        }
    }

    private mutating func parseFillValue() throws(Interruption) -> Double {
        try require(.leftParen)
        guard try awaits({ $0 == .plus || $0 == .minus || $0 == .number || $0 == .duration }) else {
            throw .syntaxError
        }
        var isNegative = false
        if peek().kind == .plus || peek().kind == .minus {
            isNegative = shift().kind == .minus
            guard try awaits({ $0 == .number || $0 == .duration }) else { throw .syntaxError }
        }
        let value = parseNumberLiteral().value
        try require(.rightParen)
        return isNegative ? -value : value
    }

    /// Puts an operation together and checks its types.
    mutating func makeBinary(
        _ operation: BinaryOperator,
        _ left: Operand,
        _ right: Operand,
        _ modifiers: BinaryModifiers
    ) -> Operand {
        let position = SourceRange(left.position.start, right.position.end)
        var matching: VectorMatching? = modifiers.matching
        if operation.isSetOperator, modifiers.matching.cardinality == .oneToOne { matching?.cardinality = .manyToMany }
        let hasFill = modifiers.matching.fillLeft != nil || modifiers.matching.fillRight != nil
        if hasFill && !options.fillModifiers {
            complain("binop fill modifiers are experimental and not enabled", position)
        }
        checkOperator(operation, left, right, modifiers)
        if left.type != .instantVector || right.type != .instantVector {
            if !modifiers.matching.labels.isEmpty {
                typeErrors.append(.init("vector matching only allowed between instant vectors", position))
            }
            if hasFill {
                let message = "filling in missing series only allowed between instant vectors"
                typeErrors.append(.init(message, position))
            }
            matching = nil
        } else if operation.isSetOperator {
            checkSetOperator(operation, matching, hasFill, position)
        }
        if operation.isSetOperator, left.type == .scalar || right.type == .scalar {
            let message = "set operator \"\(operation.rawValue)\" not allowed in binary scalar expression"
            typeErrors.append(.init(message, position))
        }
        let type: ValueType = left.type == .scalar && right.type == .scalar ? .scalar : .instantVector
        // Only what stands below a chain, on its right sides and at its very left, is a level further down.
        let levels = max(left.chainedOperators > 0 ? left.levels : left.levels + 1, right.levels + 1)
        let chainedOperators = left.chainedOperators + 1
        if chainedOperators > options.chainedOperatorsMax {
            if tooLongAt == nil { tooLongAt = position }
            // The rest is read for its errors, as what is nested too deeply.
            return Operand(.number(NumberLiteral(value: 0, position: position)), type: type)
        }
        let operand = bounded(
            .binary(
                BinaryOperation(
                    operation: operation,
                    left: left.expression,
                    right: right.expression,
                    returnsBool: modifiers.returnsBool,
                    matching: matching,
                    position: position
                )
            ),
            position,
            type,
            levels: levels
        )
        if case .other(.binary) = operand.form { operand.chainedOperators = chainedOperators }
        return operand
    }

    private mutating func checkOperator(
        _ operation: BinaryOperator,
        _ left: Operand,
        _ right: Operand,
        _ modifiers: BinaryModifiers
    ) {
        func complain(_ message: String, _ position: SourceRange) { typeErrors.append(.init(message, position)) }
        let operatorPosition = operatorRange(left.position, right.position)
        if modifiers.returnsBool && !operation.isComparison {
            complain("bool modifier can only be used on comparison operators", operatorPosition)
        }
        if operation.isComparison && !modifiers.returnsBool && left.type == .scalar && right.type == .scalar {
            complain("comparisons between scalars must use BOOL modifier", operatorPosition)
        }
        if modifiers.matching.isOn {
            for label in modifiers.matching.labels {
                for included in modifiers.matching.included where included == label {
                    let name = QuotedText.quote(label)
                    complain("label \(name) must not occur in ON and GROUP clause at once", operatorPosition)
                }
            }
        }
        for operand in [left, right] where operand.type != .scalar && operand.type != .instantVector {
            complain("binary expression must contain only scalar and instant vector types", operand.position)
        }
    }

    private mutating func checkSetOperator(
        _ operation: BinaryOperator,
        _ matching: VectorMatching?,
        _ hasFill: Bool,
        _ position: SourceRange
    ) {
        let cardinality = matching?.cardinality
        if cardinality == .oneToMany || cardinality == .manyToOne {
            typeErrors.append(.init("no grouping allowed for \"\(operation.rawValue)\" operation", position))
        }
        if cardinality != .manyToMany {
            typeErrors.append(.init("set operations must always be many-to-many", position))
        }
        if hasFill {
            typeErrors.append(.init("filling in missing series not allowed for set operators", position))
        }
    }

    /// From the operator to the last character of its modifiers, which is not counted in: as in Prometheus.
    private func operatorRange(_ left: SourceRange, _ right: SourceRange) -> SourceRange {
        let bytes = lexer.bytes
        var range = SourceRange(left.end, right.start - 1)
        while bytes.indices.contains(range.start), Lexer.isSpace(Int32(bytes[range.start])) { range.start += 1 }
        while bytes.indices.contains(range.end), Lexer.isSpace(Int32(bytes[range.end])) { range.end -= 1 }
        return range
    }
}
