import Basics
import MetricModel

@testable import TimeSeries

/// A head under a manual clock, with short names for the tests.
struct TestHead {
    let clock: ManualClock
    let head: Head

    init(now: Int64 = 10_000_000, _ configuration: HeadConfiguration = HeadConfiguration()) {
        clock = ManualClock(now: Timestamp(milliseconds: now))
        head = Head(configuration: configuration, clock: clock)
    }

    /// Appends one sample; nil when it was stored.
    func append(_ labels: Labels, _ timestamp: Int64, _ value: Double) throws -> RejectedSample.Reason? {
        try head.append([LabeledSample(labels: labels, timestamp: timestamp, value: value)]).first?.reason
    }

    /// The timestamps of the selected series by text.
    func times(
        _ matchers: [LabelMatcher],
        _ start: Int64 = .min,
        _ end: Int64 = .max
    ) throws -> [String: [Int64]] {
        let selected = try head.select(matchers, from: start, through: end, samplesMax: .max)
        return Dictionary(uniqueKeysWithValues: selected.map { ($0.labels.description, $0.timestamps) })
    }
}

func series(_ name: String, _ labels: [String: String] = [:]) -> Labels {
    Labels([Label(Label.metricName, name)] + labels.map { Label($0.key, $0.value) })
}

/// A snapshot of gauges with the given numbers and values, one family `g` with the label `n`.
func snapshot(_ values: [(RegistrySeries, Double)]) -> RegistrySnapshot {
    RegistrySnapshot(families: [
        FamilySnapshot(
            metadata: MetricMetadata(name: "g", type: .gauge, help: "A test gauge."),
            list: SeriesList(values.map(\.0)),
            values: values.map(\.1)
        )
    ])
}

func identity(_ number: Int, _ labels: [String: String] = [:]) -> RegistrySeries {
    RegistrySeries(
        number: number,
        labels: series("g", labels.merging(["n": "\(number)"]) { old, _ in old }),
        role: .value
    )
}
