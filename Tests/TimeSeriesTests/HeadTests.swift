import Basics
import MetricModel
import Testing

@testable import TimeSeries

@Suite("Head")
struct HeadTests {
    @Test("samples are refused for a reason, and counted")
    func rejections() throws {
        var configuration = HeadConfiguration(retention: .seconds(100), futureMax: .seconds(10))
        configuration.seriesMax = 2
        configuration.labelsMax = 3
        configuration.labelNameBytesMax = 8
        configuration.labelValueBytesMax = 16
        let test = TestHead(now: 1_000_000, configuration)
        func f(_ labels: Labels, _ timestamp: Int64, _ value: Double, _ expected: RejectedSample.Reason?) throws {
            #expect(try test.append(labels, timestamp, value) == expected, "\(labels) \(timestamp) \(value)")
        }
        try f(series("a"), 1_000_000, 1, nil)
        try f(series("a"), 1_000_000, 1, nil)  // the same again
        try f(series("a"), 1_000_000, 2, .duplicateTimestamp)
        try f(series("a"), 999_999, 1, .outOfOrder)
        try f(series("a"), 899_999, 1, .tooOld)
        try f(series("a"), 1_010_001, 1, .tooFarInFuture)
        try f(series("b"), 900_000, 1, nil)
        try f(series("b"), 1_010_000, 1, nil)
        try f(series("c"), 1_000_000, 1, .seriesLimit)
        try f(Labels([Label("no", "name")]), 1_000_000, 1, .invalidLabels)
        try f(.empty, 1_000_000, 1, .invalidLabels)
        try f(series("c", ["x": "1", "y": "2"]), 1_000_000, 1, .seriesLimit)
        try f(series("c", ["x": "1", "y": "2", "z": "3"]), 1_000_000, 1, .invalidLabels)
        try f(series("c", ["ninebytes": "1"]), 1_000_000, 1, .invalidLabels)
        try f(series("c", ["x": "more than 16 bytes"]), 1_000_000, 1, .invalidLabels)
        let statistics = test.head.statistics
        #expect(statistics.series == 2)
        #expect(statistics.samples == 3)
        #expect(statistics.repeatedTotal == 1)
        #expect(
            statistics.rejectedTotal == [
                .outOfOrder: 1, .duplicateTimestamp: 1, .tooOld: 1, .tooFarInFuture: 1, .seriesLimit: 2,
                .invalidLabels: 5,
            ]
        )
    }

    @Test("a full head has room for alerts of its own, as much as its limit says; what leaves gives it back")
    func alertSeries() throws {
        var configuration = HeadConfiguration(retention: .seconds(100))
        configuration.seriesMax = 2
        configuration.alertSeriesMax = 2
        let test = TestHead(now: 1_000_000, configuration)
        func f(_ labels: Labels, at time: Int64 = 1_000_000, isAlert: Bool, _ expected: RejectedSample.Reason?) throws {
            let sample = LabeledSample(labels: labels, timestamp: time, value: 1)
            let rejected = try isAlert ? test.head.appendAlerts([sample]) : test.head.append([sample])
            #expect(rejected.first?.reason == expected, "\(labels) at \(time)")
        }
        try f(series("ALERTS", ["n": "0"]), isAlert: true, nil)
        #expect(test.head.statistics.reservedSeries == 0, "as long as there is room an alert is a series as others are")
        try f(series("a"), isAlert: false, nil)
        try f(series("b"), isAlert: false, .seriesLimit)
        try f(series("ALERTS", ["n": "1"]), isAlert: true, nil)
        try f(series("ALERTS", ["n": "2"]), isAlert: true, nil)
        try f(series("ALERTS", ["n": "3"]), isAlert: true, .seriesLimit)
        try f(series("ALERTS", ["n": "2"]), at: 1_000_001, isAlert: true, nil)
        try f(series("b"), isAlert: false, .seriesLimit)
        #expect(test.head.statistics.series == 4 && test.head.statistics.reservedSeries == 2)
        // One alert and the series `a` go on; the rest is past the retention.
        test.clock.advance(by: .seconds(150))
        try f(series("ALERTS", ["n": "1"]), at: 1_100_000, isAlert: true, nil)
        try f(series("a"), at: 1_100_000, isAlert: false, nil)
        test.head.collectGarbage(now: test.clock.now)
        #expect(test.head.statistics.series == 2 && test.head.statistics.reservedSeries == 1)
        try f(series("b"), at: 1_100_000, isAlert: false, nil)
        try f(series("c"), at: 1_100_000, isAlert: false, .seriesLimit)
        try f(series("ALERTS", ["n": "3"]), at: 1_100_000, isAlert: true, nil)
        try f(series("ALERTS", ["n": "4"]), at: 1_100_000, isAlert: true, .seriesLimit)
    }

    @Test("a batch is stored but for what is refused, which is named by position")
    func batch() throws {
        let test = TestHead()
        let samples = [
            LabeledSample(labels: series("a"), timestamp: 9_000_000, value: 1),
            LabeledSample(labels: series("a"), timestamp: 8_999_999, value: 2),
            LabeledSample(labels: .empty, timestamp: 9_000_000, value: 3),
            LabeledSample(labels: series("a"), timestamp: 9_000_001, value: 4),
        ]
        #expect(
            try test.head.append(samples) == [
                RejectedSample(index: 1, reason: .outOfOrder), RejectedSample(index: 2, reason: .invalidLabels),
            ]
        )
        #expect(try test.times([]) == ["a": [9_000_000, 9_000_001]])
    }

    @Test("a closed head refuses samples and still answers")
    func close() throws {
        let test = TestHead()
        _ = try test.append(series("a"), 9_000_000, 1)
        let source = test.head.addRegistry(targetLabels: [])
        test.head.close()
        #expect(throws: SampleAppendError.closed) { try test.append(series("a"), 9_000_001, 1) }
        #expect(throws: SampleAppendError.closed) {
            try test.head.append(snapshot([]), from: source, at: Timestamp(milliseconds: 9_000_001))
        }
        #expect(try test.times([]) == ["a": [9_000_000]])
    }

    @Test("values come back bit by bit, over many chunks, sorted by labels")
    func values() throws {
        let test = TestHead()
        let bits: [UInt64] = [
            StaleMarker.bitPattern, 0x7ff8_0000_0000_00aa, 0x7ff0_0000_0000_0000, 0x8000_0000_0000_0000,
        ]
        for index in 0..<500 {
            for name in ["b", "a"] {
                let value = Double(bitPattern: bits[index % bits.count])
                #expect(try test.append(series(name), 9_000_000 + Int64(index), value) == nil)
            }
        }
        let selected = try test.head.select([], from: .min, through: .max, samplesMax: 1000)
        #expect(selected.map(\.labels.metricName) == ["a", "b"])
        for columns in selected {
            #expect(columns.timestamps == (0..<500).map { 9_000_000 + $0 })
            #expect(columns.values.map(\.bitPattern) == (0..<500).map { bits[$0 % bits.count] })
        }
        #expect(test.head.statistics.chunks == 10)
        #expect(test.head.statistics.samples == 1000)
        #expect(test.head.statistics.minTime == 9_000_000)
        #expect(test.head.statistics.maxTime == 9_000_499)
    }

    @Test("an answer holds no more samples than allowed")
    func samplesMax() throws {
        let test = TestHead()
        for index in 0..<300 { _ = try test.append(series("a"), 9_000_000 + Int64(index), 1) }
        func f(_ start: Int64, _ end: Int64, _ limit: Int, _ isAllowed: Bool) throws {
            let start = 9_000_000 + start
            let end = 9_000_000 + end
            if isAllowed {
                #expect(try test.head.select([], from: start, through: end, samplesMax: limit).first?.count == limit)
            } else {
                #expect(throws: SeriesReadError.tooManySamples(limit: limit)) {
                    try test.head.select([], from: start, through: end, samplesMax: limit)
                }
            }
        }
        try f(0, 299, 300, true)
        try f(0, 299, 299, false)
        try f(0, 99, 100, true)
        try f(0, 100, 100, false)
        try f(130, 131, 2, true)
        try f(130, 131, 1, false)
    }

    @Test("a range between two samples of a chunk holds no series")
    func emptyRange() throws {
        let test = TestHead()
        for time in [9_000_000, 9_000_010, 9_000_020] as [Int64] {
            _ = try test.append(series("a", ["x": "1"]), time, 1)
        }
        func f(_ start: Int64, _ end: Int64, _ isThere: Bool) throws {
            let head = test.head
            #expect(try head.select([], from: start, through: end, samplesMax: 10).isEmpty != isThere)
            #expect(try head.series([], from: start, through: end).isEmpty != isThere)
            #expect(try head.labelNames([], from: start, through: end) == (isThere ? ["__name__", "x"] : []))
            #expect(try head.labelValues("x", [], from: start, through: end) == (isThere ? ["1"] : []))
        }
        try f(9_000_001, 9_000_009, false)
        try f(9_000_001, 9_000_010, true)
        try f(9_000_020, 9_000_020, true)
        try f(9_000_021, .max, false)
        try f(.min, 8_999_999, false)
        try f(9_000_020, 9_000_000, false)
    }

    @Test("garbage collection drops old chunks and ended series, and frees their slots")
    func garbage() throws {
        let test = TestHead(now: 0, HeadConfiguration(retention: .seconds(100), futureMax: .seconds(1000)))
        for index in 0..<300 { _ = try test.append(series("long"), Int64(index) * 1000, 1) }
        for index in 0..<10 { _ = try test.append(series("short"), Int64(index) * 1000, 1) }
        #expect(test.head.statistics.chunks == 4)

        // 230 s - 100 s = 130 s: the chunk 0…119 s goes, the chunk 120…239 s stays for its newer half.
        test.head.collectGarbage(now: Timestamp(milliseconds: 230_000))
        #expect(test.head.statistics.series == 1)
        #expect(test.head.statistics.chunks == 2)
        #expect(test.head.statistics.samples == 180)
        #expect(test.head.statistics.minTime == 130_000)
        #expect(try test.times([]) == ["long": (130..<300).map { $0 * 1000 }])
        #expect(try test.head.labelValues(Label.metricName, [], from: .min, through: .max) == ["long"])
        #expect(try test.append(series("new"), 129_999, 1) == .tooOld)

        // An earlier time changes nothing; the freed slot serves the next series.
        test.head.collectGarbage(now: Timestamp(milliseconds: 0))
        #expect(test.head.statistics.minTime == 130_000)
        #expect(try test.append(series("new"), 130_000, 1) == nil)
        #expect(try test.times([LabelMatcher(Label.metricName, equals: "short")]).isEmpty)
        #expect(try test.times([LabelMatcher(Label.metricName, equals: "new")]) == ["new": [130_000]])

        test.head.collectGarbage(now: Timestamp(milliseconds: 1_000_000))
        let statistics = test.head.statistics
        #expect(
            statistics.series == 0 && statistics.chunks == 0 && statistics.samples == 0 && statistics.chunkBytes == 0
        )
        #expect(statistics.labelPairs == 0 && statistics.bytes == 0)
        #expect(statistics.seriesCreatedTotal == 3 && statistics.seriesRemovedTotal == 3)
        #expect(statistics.minTime == nil && statistics.maxTime == nil)
    }

    @Test("extreme clocks do not overflow")
    func extremes() throws {
        for now in [Int64.min, .max] {
            let test = TestHead(now: now)
            #expect(try test.append(series("a"), now, 1) == nil)
            #expect(
                try test.append(series("b"), now == .min ? .max : .min, 1) == (now == .min ? .tooFarInFuture : .tooOld)
            )
            test.head.collectGarbage(now: Timestamp(milliseconds: now))
            #expect(try test.times([]) == ["a": [now]])
        }
    }
}
