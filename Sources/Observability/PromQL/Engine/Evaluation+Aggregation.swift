import Basics
import MetricModel

extension Evaluation {
    /// Evaluates an aggregation.
    func aggregate(_ aggregation: Aggregation, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        switch aggregation.aggregator {
        case .countValues: return try countValues(aggregation, on: grid)
        case .topk, .bottomk, .limitk: return try selectSome(aggregation, on: grid)
        case .limitRatio: return try limitRatio(aggregation, on: grid)
        case .quantile: return try quantile(aggregation, on: grid)
        default: break
        }
        let series = try vector(aggregation.expression, on: grid)
        let grouping = Grouping(series, by: aggregation.grouping, isWithout: aggregation.isWithout)
        try hold(series: grouping.labels.count, steps: grid.count)
        let columns: [StepColumn]
        switch aggregation.aggregator {
        case .sum: columns = sums(series, grouping, grid.count)
        case .avg: columns = means(series, grouping, grid.count)
        case .min: columns = fold(series, grouping, grid.count) { $0 > $1 || $0.isNaN ? $1 : $0 }
        case .max: columns = fold(series, grouping, grid.count) { $0 < $1 || $0.isNaN ? $1 : $0 }
        case .count: columns = counts(series, grouping, grid.count)
        case .group: columns = counts(series, grouping, grid.count).map(Self.ones)
        case .stddev: columns = variances(series, grouping, grid.count, isRoot: true)
        default: columns = variances(series, grouping, grid.count, isRoot: false)
        }
        return named(columns, grouping)
    }

    private func named(_ columns: [StepColumn], _ grouping: Grouping) -> [VectorSeries] {
        columns.indices.map {
            VectorSeries(labels: grouping.labels[$0], column: columns[$0], dropsName: grouping.dropsName[$0])
        }
    }

    private static func ones(_ column: StepColumn) -> StepColumn {
        StepColumn(column.values.map { StepColumn.isPresent($0) ? 1 : $0 })
    }

    private func fold(
        _ series: [VectorSeries],
        _ grouping: Grouping,
        _ steps: Int,
        _ combine: (Double, Double) -> Double
    ) -> [StepColumn] {
        var columns = [StepColumn](repeating: StepColumn(count: steps), count: grouping.labels.count)
        for (index, one) in series.enumerated() {
            let group = grouping.groups[index]
            for step in 0..<steps {
                let value = one.column.values[step]
                guard StepColumn.isPresent(value) else { continue }
                let current = columns[group].values[step]
                columns[group].values[step] = StepColumn.isPresent(current) ? combine(current, value) : value
            }
        }
        return columns
    }

    private func counts(_ series: [VectorSeries], _ grouping: Grouping, _ steps: Int) -> [StepColumn] {
        var columns = [StepColumn](repeating: StepColumn(count: steps), count: grouping.labels.count)
        for (index, one) in series.enumerated() {
            let group = grouping.groups[index]
            for step in 0..<steps where StepColumn.isPresent(one.column.values[step]) {
                let current = columns[group].values[step]
                columns[group].values[step] = StepColumn.isPresent(current) ? current + 1 : 1
            }
        }
        return columns
    }

    private func sums(_ series: [VectorSeries], _ grouping: Grouping, _ steps: Int) -> [StepColumn] {
        var columns = [StepColumn](repeating: StepColumn(count: steps), count: grouping.labels.count)
        var compensations = [[Double]](
            repeating: [Double](repeating: 0, count: steps),
            count: grouping.labels.count
        )
        for (index, one) in series.enumerated() {
            let group = grouping.groups[index]
            for step in 0..<steps {
                let value = one.column.values[step]
                guard StepColumn.isPresent(value) else { continue }
                let current = columns[group].values[step]
                guard StepColumn.isPresent(current) else {
                    columns[group].values[step] = value
                    continue
                }
                var sum = KahanSum(current)
                sum.compensation = compensations[group][step]
                sum.add(value)
                columns[group].values[step] = sum.sum
                compensations[group][step] = sum.compensation
            }
        }
        for group in columns.indices {
            for step in 0..<steps where StepColumn.isPresent(columns[group].values[step]) {
                columns[group].values[step] += compensations[group][step]
            }
        }
        return columns
    }

    private func means(_ series: [VectorSeries], _ grouping: Grouping, _ steps: Int) -> [StepColumn] {
        var means = [[Mean?]](repeating: [Mean?](repeating: nil, count: steps), count: grouping.labels.count)
        for (index, one) in series.enumerated() {
            let group = grouping.groups[index]
            for step in 0..<steps {
                let value = one.column.values[step]
                guard StepColumn.isPresent(value) else { continue }
                if means[group][step] == nil {
                    means[group][step] = Mean(value)
                } else {
                    means[group][step]?.add(value)
                }
            }
        }
        return means.map { StepColumn($0.map { $0?.value ?? StepColumn.absent }) }
    }

    /// Welford's running variance.
    private func variances(
        _ series: [VectorSeries],
        _ grouping: Grouping,
        _ steps: Int,
        isRoot: Bool
    ) -> [StepColumn] {
        var states = [[Variance]](
            repeating: [Variance](repeating: Variance(), count: steps),
            count: grouping.labels.count
        )
        for (index, one) in series.enumerated() {
            let group = grouping.groups[index]
            for step in 0..<steps where StepColumn.isPresent(one.column.values[step]) {
                states[group][step].add(one.column.values[step])
            }
        }
        return states.map { column in
            StepColumn(
                column.map { state in
                    guard state.count > 0 else { return StepColumn.absent }
                    let variance = state.squares / state.count
                    return isRoot ? variance.squareRoot() : variance
                }
            )
        }
    }

    private func quantile(_ aggregation: Aggregation, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        let parameter = try self.parameter(aggregation, on: grid)
        let series = try vector(aggregation.expression, on: grid)
        if !series.isEmpty, let position = aggregation.parameter?.position {
            for value in parameter.all where Quantile.isInvalid(value) { warnAboutQuantile(value, position) }
        }
        let grouping = Grouping(series, by: aggregation.grouping, isWithout: aggregation.isWithout)
        try hold(series: grouping.labels.count, steps: grid.count)
        var columns: [StepColumn] = []
        for members in grouping.members {
            try poll()
            var column = StepColumn(count: grid.count)
            for step in 0..<grid.count {
                var values: [Double] = []
                for member in members where StepColumn.isPresent(series[member].column.values[step]) {
                    values.append(series[member].column.values[step])
                }
                if !values.isEmpty { column.values[step] = Quantile.of(parameter[step], &values) }
            }
            columns.append(column)
        }
        return named(columns, grouping)
    }

    private func countValues(_ aggregation: Aggregation, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        guard let parameter = aggregation.parameter else { throw QueryError.invalid("count_values takes a label name") }
        let label = try string(parameter, on: grid)
        var isValid = !label.isEmpty
        if case .string(let literal) = parameter.unparenthesized, literal.invalidUTF8 != nil { isValid = false }
        if !isValid { throw QueryError.evaluation("invalid label name \(parameter.unparenthesized.description)") }
        let series = try vector(aggregation.expression, on: grid)
        let isLabelDropped = aggregation.isWithout && aggregation.grouping.contains(label)
        let names = aggregation.grouping.filter { $0 != label } + (aggregation.isWithout ? [label] : [])
        let grouping = Grouping(series, by: names, isWithout: aggregation.isWithout)
        var indexByKey: [CountedValue: Int] = [:]
        var result: [VectorSeries] = []
        for (index, one) in series.enumerated() {
            try poll()
            for step in 0..<grid.count where StepColumn.isPresent(one.column.values[step]) {
                let value = one.column.values[step]
                let key = CountedValue(
                    group: grouping.groups[index],
                    bits: isLabelDropped ? 0 : value.isNaN ? 1 : value.bitPattern
                )
                let column: Int
                if let known = indexByKey[key] {
                    column = known
                } else {
                    column = result.count
                    indexByKey[key] = column
                    try hold(series: 1, steps: grid.count)
                    try holdLabel(label, "")
                    let labels = grouping.labels[key.group]
                    result.append(
                        VectorSeries(
                            labels: isLabelDropped ? labels : labels.setting(label, to: FloatText.decimal(value)),
                            column: StepColumn(count: grid.count)
                        )
                    )
                }
                let current = result[column].column.values[step]
                result[column].column.values[step] = StepColumn.isPresent(current) ? current + 1 : 1
            }
        }
        // In the order of labels, not of steps: what is evaluated step by step gives the same.
        return result.sorted { $0.labels < $1.labels }
    }

    /// The number that an aggregation takes, at each step.
    func parameter(_ aggregation: Aggregation, on grid: TimeGrid) throws(QueryError) -> ScalarColumn {
        guard let parameter = aggregation.parameter else {
            throw QueryError.invalid("\(aggregation.aggregator.rawValue) takes a parameter")
        }
        return try scalar(parameter, on: grid)
    }
}

/// A group and a value in it.
private struct CountedValue: Hashable {
    var group: Int
    var bits: UInt64
}

/// The squared distances from the mean, summed as values come in.
private struct Variance {
    var count = 0.0
    var mean = 0.0
    var squares = 0.0

    mutating func add(_ value: Double) {
        count += 1
        if count == 1 {
            mean = value
            // A first value that is no number spoils the rest.
            squares = value.isFinite ? 0 : .nan
            return
        }
        let delta = value - mean
        mean += delta / count
        squares += delta * (value - mean)
    }
}
