import MetricModel

extension Parser {
    private static let durationWords = "number, duration, step(), or range()"
    private static let selectorsOnly =
        "must be preceded by an instant vector selector or range vector selector or a subquery"

    /// Reads ranges, subqueries, `offset`, `@`, `anchored` and `smoothed` behind an operand.
    mutating func parsePostfix(_ start: Operand) throws(Interruption) -> Operand {
        var operand = start
        /// The type of what a subquery stands behind.
        var inner: ValueType?
        while true {
            switch peek().kind {
            case .leftBracket: try parseRange(&operand, &inner)
            case .offset:
                shift()
                try parseOffset(&operand)
            case .at:
                shift()
                try parseAt(&operand)
            case .anchored, .smoothed: setExtent(shift().kind == .anchored ? .anchored : .smoothed, &operand)
            default:
                checkFinished(operand, of: inner)
                return operand
            }
        }
    }

    // MARK: Ranges and subqueries

    private mutating func parseRange(_ operand: inout Operand, _ inner: inout ValueType?) throws(Interruption) {
        let open = shift()
        let range: DurationExpression
        do {
            range = try parsePositiveDuration()
        } catch {
            if error == .abort { throw error }
            return recover(context: "subquery or range selector", expected: Self.durationWords)
        }
        guard try awaits({ $0 == .rightBracket || $0 == .colon }) else {
            return recover(context: "subquery or range", expected: "\":\" or \"]\"")
        }
        if peek().kind == .rightBracket {
            let close = shift()
            return makeMatrix(&operand, range, SourceRange(open.position.start, close.position.end))
        }
        shift()
        var step: DurationExpression?
        if peek().kind != .rightBracket {
            do {
                step = try parsePositiveDuration()
            } catch {
                if error == .abort { throw error }
                let expected = "number, duration, step(), range(), or \"]\""
                return recover(context: "subquery selector", expected: expected)
            }
            guard try awaits({ $0 == .rightBracket }) else {
                return recover(context: "subquery selector", expected: "\"]\"")
            }
        }
        let end = shift().position.start + 1
        makeSubquery(&operand, &inner, range, step, end)
    }

    private mutating func makeMatrix(_ operand: inout Operand, _ range: DurationExpression, _ brackets: SourceRange) {
        let position = SourceRange(operand.position.start, brackets.end)
        guard case .vectorSelector(let selector) = operand.form else {
            complain("ranges only allowed for vector selectors", brackets)
            operand = Operand(form: .invalidRange, position: position, type: .rangeVector, levels: operand.levels)
            return
        }
        if selector.offset != 0 || selector.offsetExpression != nil {
            complain("no offset modifiers allowed before range", brackets)
        } else if selector.at != nil {
            complain("no @ modifiers allowed before range", brackets)
        }
        check(selector)
        let (milliseconds, expression) = Self.split(range)
        let matrix = MatrixSelector(
            selector: selector,
            range: milliseconds,
            rangeExpression: expression,
            position: position
        )
        operand = Operand(form: .matrixSelector(matrix), position: position, type: .rangeVector, levels: operand.levels)
    }

    private mutating func makeSubquery(
        _ operand: inout Operand,
        _ inner: inout ValueType?,
        _ range: DurationExpression,
        _ step: DurationExpression?,
        _ end: Int
    ) {
        checkFinished(operand, of: inner)
        inner = operand.type
        let position = SourceRange(operand.position.start, end)
        let (rangeMilliseconds, rangeExpression) = Self.split(range)
        let (stepMilliseconds, stepExpression) = step.map(Self.split) ?? (0, nil)
        let subquery = Subquery(
            expression: operand.levels < options.nestingLevelsMax
                ? operand.expression : .number(NumberLiteral(value: 0, position: operand.position)),
            range: rangeMilliseconds,
            rangeExpression: rangeExpression,
            step: stepMilliseconds,
            stepExpression: stepExpression,
            position: position
        )
        let levels = operand.levels + 1
        if levels > options.nestingLevelsMax, tooDeepAt == nil { tooDeepAt = position }
        operand = Operand(
            form: .subquery(subquery),
            position: position,
            type: .rangeVector,
            levels: levels > options.nestingLevelsMax ? 1 : levels
        )
    }

    /// A fixed duration as milliseconds, or one to be computed.
    private static func split(_ duration: DurationExpression) -> (milliseconds: Int64, expression: DurationExpression?)
    {
        switch duration {
        case .literal(let milliseconds, _, _): (milliseconds, nil)
        case .fraction(let seconds, _): (NumberText.milliseconds(seconds: seconds), nil)
        default: (0, duration)
        }
    }

    // MARK: offset

    private mutating func parseOffset(_ operand: inout Operand) throws(Interruption) {
        let duration: DurationExpression
        do {
            duration = try parseOffsetDuration()
        } catch {
            if error == .abort { throw error }
            return recover(context: "offset", expected: Self.durationWords)
        }
        let (offset, expression) = Self.split(duration)
        switch operand.form {
        case .vectorSelector(var selector):
            setOffset(offset, expression, &selector.offset, &selector.offsetExpression, operand.position)
            selector.position.end = lastClosing
            operand.form = .vectorSelector(selector)
        case .matrixSelector(var matrix):
            setOffset(offset, expression, &matrix.selector.offset, &matrix.selector.offsetExpression, operand.position)
            matrix.position.end = lastClosing
            operand.form = .matrixSelector(matrix)
        case .subquery(var subquery):
            setOffset(offset, expression, &subquery.offset, &subquery.offsetExpression, operand.position)
            subquery.position.end = lastClosing
            operand.form = .subquery(subquery)
        case .invalidRange where operand.type == .rangeVector:
            complain("ranges only allowed for vector selectors", operand.position)
            return
        case .invalidRange, .other:
            complain("offset modifier \(Self.selectorsOnly)", operand.position)
            return
        }
        operand.position.end = lastClosing
    }

    private mutating func setOffset(
        _ offset: Int64,
        _ expression: DurationExpression?,
        _ current: inout Int64,
        _ currentExpression: inout DurationExpression?,
        _ position: SourceRange
    ) {
        if current != 0 || currentExpression != nil {
            complain("offset may not be set multiple times", position)
        } else {
            current = offset
            currentExpression = expression
        }
    }

    // MARK: @

    private mutating func parseAt(_ operand: inout Operand) throws(Interruption) {
        let at: AtModifier?
        do {
            at = try parseAtValue(operand.position)
        } catch {
            if error == .abort { throw error }
            return recover(context: "@", expected: "timestamp")
        }
        guard let at else { return }
        switch operand.form {
        case .vectorSelector(var selector):
            guard setAt(at, &selector.at, operand.position) else { return }
            selector.position.end = lastClosing
            operand.form = .vectorSelector(selector)
        case .matrixSelector(var matrix):
            guard setAt(at, &matrix.selector.at, operand.position) else { return }
            matrix.position.end = lastClosing
            operand.form = .matrixSelector(matrix)
        case .subquery(var subquery):
            guard setAt(at, &subquery.at, operand.position) else { return }
            subquery.position.end = lastClosing
            operand.form = .subquery(subquery)
        case .invalidRange where operand.type == .rangeVector:
            complain("ranges only allowed for vector selectors", operand.position)
            return
        case .invalidRange, .other:
            complain("@ modifier \(Self.selectorsOnly)", operand.position)
            return
        }
        operand.position.end = lastClosing
    }

    private mutating func setAt(_ at: AtModifier, _ current: inout AtModifier?, _ position: SourceRange) -> Bool {
        if current != nil {
            complain("@ <timestamp> may not be set multiple times", position)
            return false
        }
        current = at
        return true
    }

    private mutating func parseAtValue(_ position: SourceRange) throws(Interruption) -> AtModifier? {
        guard
            try awaits({
                $0 == .plus || $0 == .minus || $0 == .number || $0 == .duration || $0 == .start || $0 == .end
            })
        else { throw .syntaxError }
        let first = shift()
        if first.kind == .start || first.kind == .end {
            try require(.leftParen)
            try require(.rightParen)
            return first.kind == .start ? .start : .end
        }
        var token = first
        if first.kind == .plus || first.kind == .minus {
            guard try awaits({ $0 == .number || $0 == .duration }) else { throw .syntaxError }
            token = shift()
        }
        var seconds =
            token.kind == .number ? number(token) : NumberText.seconds(milliseconds: durationMilliseconds(token))
        if first.kind == .minus { seconds = -seconds }
        if !seconds.isFinite || seconds >= 0x1p63 || seconds <= -0x1p63 {
            let message = "timestamp out of bounds for @ modifier: \(NumberText.fixed(seconds))"
            complain(message, position)
        }
        return .timestamp(NumberText.clamped((seconds * 1000).rounded(.toNearestOrAwayFromZero)))
    }

    // MARK: anchored and smoothed

    private mutating func setExtent(_ extent: VectorSelector.Extent, _ operand: inout Operand) {
        let name = extent == .anchored ? "anchored" : "smoothed"
        guard options.extendedRangeSelectors else {
            return complain("\(name) modifier is experimental and not enabled", operand.position)
        }
        func set(_ selector: inout VectorSelector) -> Bool {
            let isConflict = selector.extent != .plain && selector.extent != extent
            selector.extent = extent
            return isConflict
        }
        var isConflict = false
        switch operand.form {
        case .vectorSelector(var selector):
            isConflict = set(&selector)
            operand.form = .vectorSelector(selector)
        case .matrixSelector(var matrix):
            isConflict = set(&matrix.selector)
            operand.form = .matrixSelector(matrix)
        case .subquery: complain("\(name) modifier is not supported for subqueries", operand.position)
        case .invalidRange where operand.type == .rangeVector: break
        case .invalidRange, .other: complain("\(name) modifier not implemented", operand.position)
        }
        if isConflict { complain("anchored and smoothed modifiers cannot be used together", operand.position) }
    }
}
