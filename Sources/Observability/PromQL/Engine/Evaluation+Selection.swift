import Basics
import MetricModel

/// Aggregations that keep some of the series as they are.
extension Evaluation {
    /// `topk`, `bottomk` and `limitk`.
    func selectSome(_ aggregation: Aggregation, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        let parameter = try self.parameter(aggregation, on: grid)
        // Among equal values the order of labels decides.
        let series = try vector(aggregation.expression, on: grid).sorted { $0.labels < $1.labels }
        let parameters = parameter.all
        if parameters.contains(where: \.isNaN) { throw QueryError.evaluation("Parameter value is NaN") }
        for value in parameters {
            if value <= -9_223_372_036_854_775_808 {
                throw QueryError.evaluation("Scalar value \(FloatText.shortest(value)) underflows int64")
            }
            if value >= 9_223_372_036_854_775_808 {
                throw QueryError.evaluation("Scalar value \(FloatText.shortest(value)) overflows int64")
            }
        }
        let grouping = Grouping(series, by: aggregation.grouping, isWithout: aggregation.isWithout)
        let members = grouping.members
        try hold(series: series.count, steps: grid.count)
        var columns = [StepColumn](repeating: StepColumn(count: grid.count), count: series.count)
        var order: [Int] = []
        for step in 0..<grid.count {
            if step & 63 == 0 { try poll() }
            let count = Int(min(max(parameter[step], 0), Double(series.count)))
            if count < 1 { continue }
            for group in members {
                let chosen = choose(aggregation.aggregator, count, of: group, series, step)
                for index in chosen { columns[index].values[step] = series[index].column.values[step] }
                if grid.count == 1 { order += chosen }
            }
        }
        return kept(series, columns, order: grid.count == 1 ? order : Array(series.indices))
    }

    private func choose(
        _ aggregator: Aggregator,
        _ count: Int,
        of group: [Int],
        _ series: [VectorSeries],
        _ step: Int
    ) -> [Int] {
        let present = group.filter { StepColumn.isPresent(series[$0].column.values[step]) }
        if aggregator == .limitk { return Array(present.prefix(count)) }
        let sign: Double = aggregator == .topk ? -1 : 1
        if count > 64 || count >= present.count {
            return Array(
                present.sorted { left, right in
                    let leftValue = sign * series[left].column.values[step]
                    let rightValue = sign * series[right].column.values[step]
                    if Self.precedes(leftValue, rightValue) { return true }
                    return !Self.precedes(rightValue, leftValue) && left < right
                }.prefix(count)
            )
        }
        // The best so far, in order: few, so that insertion is cheaper than a heap.
        var best: [Int] = []
        var bestValues: [Double] = []
        for index in present {
            let value = sign * series[index].column.values[step]
            if best.count == count {
                guard let worst = bestValues.last, Self.precedes(value, worst) else { continue }
                best.removeLast()
                bestValues.removeLast()
            }
            var position = best.count
            while position > 0 && Self.precedes(value, bestValues[position - 1]) { position -= 1 }
            best.insert(index, at: position)
            bestValues.insert(value, at: position)
        }
        return best
    }

    /// `limit_ratio`: the series whose hash falls into a part of the range of hashes.
    func limitRatio(_ aggregation: Aggregation, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        let parameter = try self.parameter(aggregation, on: grid)
        let series = try vector(aggregation.expression, on: grid)
        let parameters = parameter.all
        if parameters.contains(where: \.isNaN) { throw QueryError.evaluation("Ratio value is NaN") }
        if let position = aggregation.parameter?.position {
            let greatest = parameters.max() ?? 0
            let least = parameters.min() ?? 0
            if greatest > 1 { warnAboutRatio(greatest, "1", position) }
            if least < -1 { warnAboutRatio(least, "-1", position) }
        }
        try hold(series: series.count, steps: grid.count)
        var columns = [StepColumn](repeating: StepColumn(count: grid.count), count: series.count)
        for (index, one) in series.enumerated() {
            let place = Double(XXHash64.hash(one.labels.packed)) / Double(UInt64.max)
            for step in 0..<grid.count {
                let ratio = min(max(parameter[step], -1), 1)
                if ratio >= 0 ? place < ratio || ratio == 1 : place >= 1 + ratio {
                    columns[index].values[step] = one.column.values[step]
                }
            }
        }
        return kept(series, columns, order: Array(series.indices))
    }

    private func warnAboutRatio(_ ratio: Double, _ cap: String, _ position: SourceRange) {
        annotations.warn(
            "ratio value should be between -1 and 1, got \(FloatText.shortest(ratio)), capping to \(cap)",
            position
        )
    }

    private func kept(_ series: [VectorSeries], _ columns: [StepColumn], order: [Int]) -> [VectorSeries] {
        var result: [VectorSeries] = []
        for index in order where !columns[index].isEmpty {
            var one = series[index]
            one.column = columns[index]
            result.append(one)
        }
        return result
    }
}
