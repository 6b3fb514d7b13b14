import MetricModel

extension Evaluation {
    /// Marks that an operation drops the metric name, or drops it at once, as the options say.
    func dropName(_ series: inout VectorSeries) {
        if options.delayedNameRemoval {
            series.dropsName = true
        } else {
            series.labels = series.labels.droppingMetadata
        }
    }

    /// Joins series that have the same labels; they must not have a value at the same step.
    func merging(_ series: [VectorSeries]) throws(QueryError) -> [VectorSeries] {
        if series.count < 2 { return series }
        var indexByLabels: [Labels: Int] = Dictionary(minimumCapacity: series.count)
        var merged: [VectorSeries] = []
        merged.reserveCapacity(series.count)
        for one in series {
            guard let index = indexByLabels[one.labels] else {
                indexByLabels[one.labels] = merged.count
                merged.append(one)
                continue
            }
            for step in one.column.values.indices where StepColumn.isPresent(one.column.values[step]) {
                if StepColumn.isPresent(merged[index].column.values[step]) { throw QueryError.duplicateLabelSet }
                merged[index].column.values[step] = one.column.values[step]
            }
            if one.dropsName { merged[index].dropsName = true }
        }
        return merged
    }

    /// What operations on values need after names were dropped at once: joined series.
    func mergingIfNamesAreDropped(_ series: [VectorSeries]) throws(QueryError) -> [VectorSeries] {
        options.delayedNameRemoval ? series : try merging(series)
    }

    private func withFinalNames(_ series: [VectorSeries]) throws(QueryError) -> [VectorSeries] {
        var series = series
        for index in series.indices where series[index].dropsName {
            series[index].labels = series[index].labels.droppingMetadata
        }
        return try merging(series)
    }

    /// The samples of an instant query.
    func finalVector(_ series: [VectorSeries], at time: Int64) throws(QueryError) -> [Sample] {
        var samples: [Sample] = []
        for one in try withFinalNames(series) {
            guard let value = one.column.values.first, StepColumn.isPresent(value) else { continue }
            samples.append(Sample(labels: one.labels, timestamp: time, value: value))
        }
        return samples
    }

    /// The series of a range query, sorted.
    func finalMatrix(_ series: [VectorSeries], on grid: TimeGrid) throws(QueryError) -> [Series] {
        var matrix: [Series] = []
        for one in try withFinalNames(series) {
            var timestamps: [Int64] = []
            var values: [Double] = []
            for (index, value) in one.column.values.enumerated() where StepColumn.isPresent(value) {
                timestamps.append(grid.time(index))
                values.append(value)
            }
            if !values.isEmpty {
                matrix.append(Series(labels: one.labels, timestamps: timestamps, values: values))
            }
        }
        return matrix.sorted { $0.labels < $1.labels }
    }

    /// The series of an instant query for a range vector.
    func finalMatrix(_ source: RangeSource) throws(QueryError) -> [Series] {
        var matrix: [Series] = []
        var seen: Set<Labels> = []
        for one in source.series {
            var window = Window(one)
            source.slide(&window, to: 0)
            var points = source.selector.extent == .plain ? window.points : source.extendedPoints(window)
            if points.timestamps.isEmpty { continue }
            points.labels = one.dropsName ? one.labels.droppingMetadata : one.labels
            if !seen.insert(points.labels).inserted { throw QueryError.duplicateLabelSet }
            matrix.append(points)
        }
        return matrix.sorted { $0.labels < $1.labels }
    }
}
