import Basics
import ChaosTesting
import MetricModel
import PromQL
import Testing

/// The engine against the slowest possible reading of the language: one step, one series, one sample at a time.
@Suite struct ReferenceEvaluationTests {
    private static let lookback: Int64 = 300_000

    @Test(arguments: Chaos.seeds(1...20)) func sumOfRates(seed: UInt64) throws {
        try check(seed, "sum by (x) (rate(b_total[4m] offset 30s))") { storage, time in
            var sums: [Labels: Double] = [:]
            for series in try storage.select(
                [LabelMatcher("__name__", equals: "b_total")],
                from: .min,
                through: .max,
                samplesMax: .max
            ) {
                guard let rate = Self.rate(series, from: time - 270_000, to: time - 30_000) else { continue }
                sums[["x": series.labels["x"]], default: 0] += rate
            }
            return sums
        }
    }

    @Test(arguments: Chaos.seeds(1...20)) func additionOnLabels(seed: UInt64) throws {
        try check(seed, "a + on (x, y) b_total") { storage, time in
            var sums: [Labels: Double] = [:]
            let all = try storage.select([], from: .min, through: .max, samplesMax: .max)
            for left in all where left.labels.metricName == "a" {
                for right in all where right.labels.metricName == "b_total" {
                    guard left.labels["x"] == right.labels["x"], left.labels["y"] == right.labels["y"],
                        let leftValue = Self.latest(left, time), let rightValue = Self.latest(right, time)
                    else { continue }
                    sums[["x": left.labels["x"], "y": left.labels["y"]]] = leftValue + rightValue
                }
            }
            return sums
        }
    }

    @Test(arguments: Chaos.seeds(1...20)) func countOfSeries(seed: UInt64) throws {
        try check(seed, "count by (y) ({x!=\"0\",y=~\".+\"} > 5)") { storage, time in
            var counts: [Labels: Double] = [:]
            for series in try storage.select([], from: .min, through: .max, samplesMax: .max)
            where series.labels["x"] != "0" {
                if let value = Self.latest(series, time), value > 5 {
                    counts[["y": series.labels["y"]], default: 0] += 1
                }
            }
            return counts
        }
    }

    @Test(arguments: Chaos.seeds(1...20)) func maximumOverSubquery(seed: UInt64) throws {
        try check(seed, "max_over_time(a[6m:50s])") { storage, time in
            var maxima: [Labels: Double] = [:]
            for series in try storage.select(
                [LabelMatcher("__name__", equals: "a")],
                from: .min,
                through: .max,
                samplesMax: .max
            ) {
                var values: [Double] = []
                for inner in stride(from: Int64(-400_000), through: time, by: 50_000) where inner > time - 360_000 {
                    if let value = Self.latest(series, inner) { values.append(value) }
                }
                let numbers = values.filter { !$0.isNaN }
                if !values.isEmpty { maxima[series.labels.removing("__name__")] = numbers.max() ?? .nan }
            }
            return maxima
        }
    }

    private func check(
        _ seed: UInt64,
        _ text: String,
        _ reference: (ScriptStorage, Int64) throws -> [Labels: Double]
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let storage = try randomStorage(&generator)
        let start = Int64.random(in: 0..<300_000, using: &generator)
        let step = Int64.random(in: 1000...90_000, using: &generator)
        let engine = QueryEngine(options: EngineOptions(lookback: Self.lookback))
        let end = start + 15 * step
        let result = try engine.range(try parsed(text), from: start, through: end, step: step, reader: storage)
        guard case .matrix(let matrix) = result.value else {
            Issue.record("no matrix")
            return
        }
        for time in stride(from: start, through: end, by: Int(step)) {
            var found: [Labels: Double] = [:]
            for series in matrix {
                if let index = series.timestamps.firstIndex(of: time) { found[series.labels] = series.values[index] }
            }
            let wanted = try reference(storage, time)
            #expect(Set(found.keys) == Set(wanted.keys), "seed \(seed) at \(time)")
            for (labels, value) in wanted {
                let other = try #require(found[labels], "seed \(seed) at \(time)")
                let isEqual =
                    value == other || (value.isNaN && other.isNaN)
                    || (value - other).magnitude <= 1e-9 * (value.magnitude + other.magnitude)
                #expect(isEqual, "seed \(seed) at \(time): \(labels) is \(other), should be \(value)")
            }
        }
    }

    /// The newest sample within the lookback; nothing after a stale marker.
    private static func latest(_ series: SeriesColumns, _ time: Int64) -> Double? {
        var found: Double?
        for index in series.timestamps.indices
        where series.timestamps[index] <= time && series.timestamps[index] > time - lookback {
            found = series.values[index]
        }
        return found.flatMap { StaleMarker.isStale($0) ? nil : $0 }
    }

    private static func rate(_ series: SeriesColumns, from start: Int64, to end: Int64) -> Double? {
        var samples: [(time: Double, value: Double)] = []
        for index in series.timestamps.indices
        where series.timestamps[index] > start && series.timestamps[index] <= end
            && !StaleMarker.isStale(series.values[index])
        {
            samples.append((Double(series.timestamps[index]) / 1000, series.values[index]))
        }
        guard samples.count > 1, let first = samples.first, let last = samples.last else { return nil }
        var increase = last.value - first.value
        for index in 1..<samples.count where samples[index].value < samples[index - 1].value {
            increase += samples[index - 1].value
        }
        let covered = last.time - first.time
        let average = covered / Double(samples.count - 1)
        var before = first.time - Double(start) / 1000
        var after = Double(end) / 1000 - last.time
        if before >= 1.1 * average { before = average / 2 }
        if after >= 1.1 * average { after = average / 2 }
        if increase > 0 && first.value >= 0 { before = min(before, covered * first.value / increase) }
        return increase * (covered + before + after) / covered / (Double(end - start) / 1000)
    }
}
