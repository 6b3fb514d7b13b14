import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import TimeSeries

/// A store as simple as can be: what a head must agree with.
private struct Model {
    let configuration: HeadConfiguration
    var samples: [Labels: [(time: Int64, bits: UInt64)]] = [:]
    var minTime = Int64.min

    mutating func append(_ sample: LabeledSample, now: Int64) -> RejectedSample.Reason? {
        let oldest = max(minTime, now - configuration.retention.wholeMilliseconds)
        if sample.timestamp < oldest { return .tooOld }
        if sample.timestamp > now + configuration.futureMax.wholeMilliseconds { return .tooFarInFuture }
        guard let last = samples[sample.labels]?.last else {
            if samples.count >= configuration.seriesMax { return .seriesLimit }
            samples[sample.labels] = [(sample.timestamp, sample.value.bitPattern)]
            return nil
        }
        if sample.timestamp < last.time { return .outOfOrder }
        if sample.timestamp == last.time { return sample.value.bitPattern == last.bits ? nil : .duplicateTimestamp }
        samples[sample.labels]?.append((sample.timestamp, sample.value.bitPattern))
        return nil
    }

    mutating func collectGarbage(now: Int64) {
        minTime = max(minTime, now - configuration.retention.wholeMilliseconds)
        let oldest = minTime
        samples = samples.filter { ($0.value.last?.time ?? .min) >= oldest }
    }

    func select(_ matchers: [LabelMatcher], _ start: Int64, _ end: Int64) -> [(Labels, [Int64], [UInt64])] {
        let fitting = samples.filter { entry in matchers.allSatisfy { $0.matches(entry.key) } }
        let start = max(start, minTime)
        return fitting.sorted { $0.key < $1.key }.compactMap { labels, samples in
            let inRange = samples.filter { $0.time >= start && $0.time <= end }
            return inRange.isEmpty ? nil : (labels, inRange.map(\.time), inRange.map(\.bits))
        }
    }
}

private func randomLabels(_ random: inout SeededGenerator) -> Labels {
    var labels = [Label(Label.metricName, ["up", "http_requests_total", "é"].randomElement(using: &random) ?? "up")]
    for name in ["job", "zone", "code"] where Bool.random(using: &random) {
        labels.append(Label(name, ["", "a", "ab", "abc", "b", "500"].randomElement(using: &random) ?? ""))
    }
    return Labels(labels)
}

private func randomMatchers(_ random: inout SeededGenerator) throws -> [LabelMatcher] {
    let operations: [LabelMatcher.Operation] = [.equal, .notEqual, .matches, .notMatches]
    return try (0..<Int.random(in: 0...3, using: &random)).map { _ in
        let operation = operations.randomElement(using: &random) ?? .equal
        let values = ["", "a", "ab", "abc", "b", "500", "up"]
        let patterns = ["", "a.*", "a|b", "ab?|", ".+", ".*", "[0-9]+", "up", "(a|500)"]
        let isPattern = operation == .matches || operation == .notMatches
        return try LabelMatcher(
            [Label.metricName, "job", "zone", "code", "missing"].randomElement(using: &random) ?? "job",
            operation,
            (isPattern ? patterns : values).randomElement(using: &random) ?? ""
        )
    }
}

@Suite("Head against a model")
struct ModelTests {
    @Test("random work gives the same answers", arguments: Chaos.seeds(1...25))
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var configuration = HeadConfiguration(retention: .seconds(600), futureMax: .seconds(60))
        configuration.seriesMax = 40
        let test = TestHead(now: 1_000_000_000, configuration)
        var model = Model(configuration: configuration)
        for step in 0..<400 {
            let now = test.clock.now.milliseconds
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                test.head.collectGarbage(now: test.clock.now)
                model.collectGarbage(now: now)
            case 1...6:
                let batch = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                    let isNear = Int.random(in: 0..<20, using: &random) != 0
                    let spread: ClosedRange<Int64> = isNear ? -2_000...1_000 : -900_000...90_000
                    let values = [1.0, 2.0, StaleMarker.value, .infinity, Double.random(in: 0...1, using: &random)]
                    return LabeledSample(
                        labels: randomLabels(&random),
                        timestamp: now + Int64.random(in: spread, using: &random),
                        value: values.randomElement(using: &random) ?? 0
                    )
                }
                let rejected = try test.head.append(batch)
                let expected = batch.enumerated().compactMap { index, sample in
                    model.append(sample, now: now).map { RejectedSample(index: index, reason: $0) }
                }
                #expect(rejected == expected, "SEED=\(seed) step \(step)")
                test.clock.advance(by: .milliseconds(Int64.random(in: 0...8_000, using: &random)))
            default:
                try compare(test, model, &random, now, "SEED=\(seed) step \(step)")
            }
        }
        #expect(test.head.statistics.series == model.samples.count, "SEED=\(seed)")
    }

    private func compare(
        _ test: TestHead,
        _ model: Model,
        _ random: inout SeededGenerator,
        _ now: Int64,
        _ comment: Comment
    ) throws {
        let matchers = try randomMatchers(&random)
        let start = now + Int64.random(in: -800_000...10_000, using: &random)
        let end = Bool.random(using: &random) ? .max : start + Int64.random(in: -10...400_000, using: &random)
        let expected = model.select(matchers, start, end)
        let selected = try test.head.select(matchers, from: start, through: end, samplesMax: .max)
        let isSame = selected.elementsEqual(expected) {
            $0.labels == $1.0 && $0.timestamps == $1.1 && $0.values.map(\.bitPattern) == $1.2
        }
        #expect(isSame, comment)
        #expect(try test.head.series(matchers, from: start, through: end) == expected.map(\.0), comment)
        let values = Set(expected.map { $0.0["job"] }).subtracting([""]).sorted()
        #expect(try test.head.labelValues("job", matchers, from: start, through: end) == values, comment)
        let names = Set(expected.flatMap { $0.0.map(\.name) }).sorted()
        #expect(try test.head.labelNames(matchers, from: start, through: end) == names, comment)
    }
}

@Suite("Head from several tasks")
struct ConcurrencyTests {
    @Test("appenders, readers and the collector do not lose or tear anything")
    func tasks() async throws {
        let test = TestHead(now: 1_000_000_000)
        let head = test.head
        let (appenders, rounds, perBatch) = (4, 150, 20)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for appender in 0..<appenders {
                group.addTask {
                    for round in 0..<rounds {
                        let batch = (0..<perBatch).map { index in
                            // The value says the time, so that a reader can check that the two belong together.
                            LabeledSample(
                                labels: series(
                                    "m",
                                    ["appender": "\(appender)", "n": "\(round < 75 ? index : index + perBatch)"]
                                ),
                                timestamp: 999_000_000 + Int64(round),
                                value: Double(999_000_000 + round)
                            )
                        }
                        #expect(try head.append(batch).isEmpty)
                        let mine = LabelMatcher("appender", equals: "\(appender)")
                        let own = try head.select([mine], from: .min, through: .max, samplesMax: .max)
                        // Everything whose append has returned is there, and nothing else.
                        #expect(own.reduce(0) { $0 + $1.count } == (round + 1) * perBatch)
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<100 {
                        for columns in try head.select([], from: .min, through: .max, samplesMax: .max) {
                            let first = columns.timestamps.first ?? 0
                            #expect(columns.timestamps == (0..<columns.count).map { first + Int64($0) })
                            #expect(columns.values == columns.timestamps.map(Double.init))
                        }
                        head.collectGarbage(now: Timestamp(milliseconds: 1_000_000_000))
                    }
                }
            }
            try await group.waitForAll()
        }
        let statistics = head.statistics
        #expect(statistics.series == appenders * perBatch * 2)
        #expect(statistics.appendedTotal == UInt64(appenders * rounds * perBatch))
        #expect(statistics.samples == appenders * rounds * perBatch)
    }
}
