import Basics
import MetricModel
import Testing

@testable import TimeSeries

@Suite("Head: snapshots of a registry")
struct RegistrySourceTests {
    private let target = [Label("job", "kaskman"), Label("instance", "here")]

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test("series get the target's labels, and give way to them")
    func targetLabels() throws {
        let test = TestHead()
        let source = test.head.addRegistry(targetLabels: target)
        let own = identity(0, ["job": "mine", "exported_job": "older"])
        #expect(try test.head.append(snapshot([(own, 1), (identity(1), 2)]), from: source, at: at(9_000_000)).isEmpty)
        #expect(
            try test.head.series([], from: .min, through: .max)
                == [
                    series(
                        "g",
                        [
                            "n": "0", "job": "kaskman", "instance": "here", "exported_job": "older",
                            "exported_exported_job": "mine",
                        ]
                    ),
                    series("g", ["n": "1", "job": "kaskman", "instance": "here"]),
                ].sorted()
        )
    }

    @Test("a series that is missing ends with a stale marker, once, and may come back")
    func staleMarkers() throws {
        let test = TestHead()
        let source = test.head.addRegistry(targetLabels: [])
        let (a, b) = (identity(0), identity(1))
        for (time, present) in [(1, [a, b]), (2, [a]), (3, [a]), (4, [a, b]), (5, [])] as [(Int64, [RegistrySeries])] {
            let values = snapshot(present.map { ($0, Double(time)) })
            #expect(try test.head.append(values, from: source, at: at(9_000_000 + time)).isEmpty)
        }
        let selected = try test.head.select([], from: .min, through: .max, samplesMax: 100)
        func f(_ columns: SeriesColumns, _ expected: [(Int64, Double?)]) {
            #expect(columns.timestamps == expected.map { 9_000_000 + $0.0 })
            #expect(columns.values.map(\.bitPattern) == expected.map { ($0.1 ?? StaleMarker.value).bitPattern })
        }
        try #require(selected.count == 2)
        f(selected[0], [(1, 1), (2, 2), (3, 3), (4, 4), (5, nil)])
        f(selected[1], [(1, 1), (2, nil), (4, 4), (5, nil)])
        #expect(test.head.statistics.staleMarkersTotal == 3)
    }

    @Test("two registries with the same numbers do not meet")
    func sources() throws {
        let test = TestHead()
        let one = test.head.addRegistry(targetLabels: [Label("job", "one")])
        let two = test.head.addRegistry(targetLabels: [Label("job", "two")])
        _ = try test.head.append(snapshot([(identity(0), 1)]), from: one, at: at(9_000_000))
        _ = try test.head.append(snapshot([(identity(0), 2)]), from: two, at: at(9_000_000))
        _ = try test.head.append(snapshot([]), from: one, at: at(9_000_001))
        let selected = try test.head.select([], from: .min, through: .max, samplesMax: 100)
        #expect(selected.map { $0.labels["job"] } == ["one", "two"])
        #expect(selected.map(\.count) == [2, 1])
    }

    @Test("a series that was removed is found or made again")
    func removal() throws {
        let test = TestHead(now: 1_000_000, HeadConfiguration(retention: .seconds(10)))
        let source = test.head.addRegistry(targetLabels: [])
        _ = try test.head.append(snapshot([(identity(0), 1)]), from: source, at: at(1_000_000))
        test.clock.advance(by: .seconds(60))
        test.head.collectGarbage(now: test.clock.now)
        #expect(test.head.statistics.series == 0)
        // Another series takes the slot before the registry comes back.
        #expect(try test.append(series("other"), 1_060_000, 7) == nil)
        #expect(try test.head.append(snapshot([(identity(0), 2)]), from: source, at: at(1_060_000)).isEmpty)
        let selected = try test.head.select([], from: .min, through: .max, samplesMax: 100)
        #expect(selected.map(\.labels.metricName) == ["g", "other"])
        #expect(selected.map(\.values) == [[2], [7]])
    }

    @Test("refusals name the position, and a refused snapshot ends nothing")
    func rejections() throws {
        var configuration = HeadConfiguration()
        configuration.seriesMax = 1
        let test = TestHead(configuration)
        let source = test.head.addRegistry(targetLabels: [])
        let values = snapshot([(identity(0), 1), (identity(1), 2)])
        let limit = RejectedSample(index: 1, reason: .seriesLimit)
        #expect(try test.head.append(values, from: source, at: at(9_000_000)) == [limit])
        #expect(try test.head.append(values, from: source, at: at(9_000_000)) == [limit])
        let late = try test.head.append(values, from: source, at: at(8_000_000))
        #expect(late.map(\.reason) == [.outOfOrder, .seriesLimit])
        let old = try test.head.append(snapshot([(identity(1), 2)]), from: source, at: at(-9_000_000))
        #expect(old == [RejectedSample(index: 0, reason: .tooOld)])
        #expect(test.head.statistics.staleMarkersTotal == 0)
        #expect(test.head.statistics.samples == 1)
    }
}
