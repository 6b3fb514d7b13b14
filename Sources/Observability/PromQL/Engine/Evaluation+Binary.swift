import MetricModel

extension Evaluation {
    /// Evaluates a binary operation, with the chain of operations that it ends: link by link, since the chain may be
    /// longer than a stack is deep.
    func evaluate(_ operation: BinaryOperation, on grid: TimeGrid) throws(QueryError) -> NodeValue {
        let chain = operation.chain
        let heldBefore = samplesHeld
        // A beginning that is the same at every step is evaluated once.
        var isInvariant = grid.count > 1 && StepInvariance.holds(for: chain[0].left)
        var value = try evaluate(chain[0].left, on: isInvariant ? grid.first : grid)
        for link in chain {
            try poll()
            if isInvariant && !StepInvariance.holds(for: link.right) {
                isInvariant = false
                value = spread(value, over: grid.count)
                try settle(value, above: heldBefore, steps: grid.count)
            }
            let steps = isInvariant ? grid.first : grid
            let right = try evaluate(link.right, on: steps)
            value = try combine(link, value, right, steps)
            try settle(value, above: heldBefore, steps: steps.count)
        }
        return isInvariant ? spread(value, over: grid.count) : value
    }

    private func combine(
        _ operation: BinaryOperation,
        _ left: NodeValue,
        _ right: NodeValue,
        _ grid: TimeGrid
    ) throws(QueryError) -> NodeValue {
        switch (left, right) {
        case (.scalar(let left), .scalar(let right)): return .scalar(try combine(operation, left, right, grid))
        case (.vector(let vector), .scalar(let scalar)):
            return .vector(try combine(operation, vector, scalar, isSwapped: false))
        case (.scalar(let scalar), .vector(let vector)):
            return .vector(try combine(operation, vector, scalar, isSwapped: true))
        case (.vector(let left), .vector(let right)):
            let matching = operation.matching ?? VectorMatching()
            if operation.operation.isSetOperator {
                return .vector(try combineSets(operation, matching, left, right, grid))
            }
            if operation.operation == .trimUpper || operation.operation == .trimLower {
                if !left.isEmpty && !right.isEmpty { informAboutTypes(operation) }
                return .vector([])
            }
            var join = VectorJoin(operation, matching, in: self, steps: grid.count)
            return .vector(try merging(try join.run(left, right)))
        default: throw QueryError.invalid("binary expression must contain only scalar and instant vector types")
        }
    }

    /// Evaluates a sign.
    func evaluate(_ operation: UnaryOperation, on grid: TimeGrid) throws(QueryError) -> NodeValue {
        let value = try evaluate(operation.operand, on: grid)
        guard operation.isNegative else { return value }
        switch value {
        case .scalar(.constant(let number)): return .scalar(.constant(-number))
        case .scalar(.column(let numbers)): return .scalar(.column(numbers.map { -$0 }))
        case .vector(var series):
            for index in series.indices {
                for step in series[index].column.values.indices
                where StepColumn.isPresent(series[index].column.values[step]) {
                    series[index].column.values[step] = -series[index].column.values[step]
                }
                dropName(&series[index])
            }
            return .vector(try mergingIfNamesAreDropped(series))
        case .string: throw QueryError.invalid("unary expression only allowed on expressions of type scalar or vector")
        }
    }

    private func combine(
        _ operation: BinaryOperation,
        _ left: ScalarColumn,
        _ right: ScalarColumn,
        _ grid: TimeGrid
    ) throws(QueryError) -> ScalarColumn {
        guard let function = BinaryFunctions.element(operation.operation, returnsBool: true) else {
            throw QueryError.invalid("operator \"\(operation.operation.rawValue)\" not allowed for Scalar operations")
        }
        if case .constant(let leftValue) = left, case .constant(let rightValue) = right {
            return .constant(function(leftValue, rightValue))
        }
        var values: [Double] = []
        values.reserveCapacity(grid.count)
        for step in 0..<grid.count { values.append(function(left[step], right[step])) }
        return .column(values)
    }

    private func combine(
        _ operation: BinaryOperation,
        _ vector: [VectorSeries],
        _ scalar: ScalarColumn,
        isSwapped: Bool
    ) throws(QueryError) -> [VectorSeries] {
        guard let function = BinaryFunctions.element(operation.operation, returnsBool: operation.returnsBool) else {
            if operation.operation.isSetOperator {
                throw QueryError.invalid(
                    "set operator \"\(operation.operation.rawValue)\" not allowed in binary scalar expression"
                )
            }
            if !vector.isEmpty { informAboutTypes(operation) }
            return []
        }
        let keepsVectorValue = operation.operation.isComparison && !operation.returnsBool
        let dropsName = !operation.operation.isComparison || operation.returnsBool
        var result: [VectorSeries] = []
        result.reserveCapacity(vector.count)
        for var series in vector {
            for step in series.column.values.indices {
                let value = series.column.values[step]
                guard StepColumn.isPresent(value) else { continue }
                let other = scalar[step]
                var combined = isSwapped ? function(other, value) : function(value, other)
                // A comparison yields the series' value also when the series stands on the right.
                if keepsVectorValue && StepColumn.isPresent(combined) { combined = value }
                series.column.values[step] = combined
            }
            if dropsName { dropName(&series) }
            result.append(series)
        }
        return dropsName ? try mergingIfNamesAreDropped(result) : result
    }

    private func informAboutTypes(_ operation: BinaryOperation) {
        let name = operation.operation.rawValue
        annotations.inform(
            "incompatible sample types encountered for binary operator \"\(name)\": float \(name) float",
            operation.position
        )
    }

    /// `and`, `or` and `unless`.
    private func combineSets(
        _ operation: BinaryOperation,
        _ matching: VectorMatching,
        _ left: [VectorSeries],
        _ right: [VectorSeries],
        _ grid: TimeGrid
    ) throws(QueryError) -> [VectorSeries] {
        var signatures = MatchSignatures(matching)
        let leftKeys = left.map { signatures.index(of: $0.labels) }
        let rightKeys = right.map { signatures.index(of: $0.labels) }
        let isUnion = operation.operation == .or
        // Which match groups the other side has at each step.
        var presence = [[Bool]](repeating: [], count: signatures.count)
        for (index, series) in (isUnion ? left : right).enumerated() {
            let key = isUnion ? leftKeys[index] : rightKeys[index]
            if presence[key].isEmpty { presence[key] = [Bool](repeating: false, count: grid.count) }
            for step in 0..<grid.count where StepColumn.isPresent(series.column.values[step]) {
                presence[key][step] = true
            }
        }
        let keepsPresent = operation.operation == .and
        var result: [VectorSeries] = isUnion ? left : []
        for (index, var series) in (isUnion ? right : left).enumerated() {
            let steps = presence[isUnion ? rightKeys[index] : leftKeys[index]]
            for step in 0..<grid.count where (!steps.isEmpty && steps[step]) != keepsPresent {
                series.column.values[step] = StepColumn.absent
            }
            if !series.column.isEmpty { result.append(series) }
        }
        return isUnion ? try merging(result) : result
    }
}

/// Numbers the match groups of a binary operation.
struct MatchSignatures {
    private let selection: LabelSelection
    private var indexByLabels: [Labels: Int] = [:]
    /// The labels of each group.
    private(set) var labels: [Labels] = []

    init(_ matching: VectorMatching) {
        selection = LabelSelection(matching.labels, isKept: matching.isOn)
    }

    var count: Int { labels.count }

    mutating func index(of labels: Labels) -> Int {
        let key = selection(labels)
        if let index = indexByLabels[key] { return index }
        let index = self.labels.count
        indexByLabels[key] = index
        self.labels.append(key)
        return index
    }
}
