import Basics
import MetricModel

/// The series that one running task has pushed: which there are, and how they end.
///
/// Pure: the owner appends what it is told to, and says what was taken.
struct TaskSeries {
    private let seriesMax: Int
    /// The newest sample of each series, in milliseconds since the Unix epoch.
    private(set) var newest: [Labels: Int64] = [:]

    init(seriesMax: Int) { self.seriesMax = seriesMax }

    /// The samples to append, in the order of their times, and how many have no room.
    ///
    /// Of several samples of a series that bring no time the last counts, as a scrape would see it: a program writes faster
    /// than it is read.
    ///
    /// - Parameters:
    ///   - samples: as they were sent.
    ///   - own: labels of the server, which win.
    ///   - now: the time of samples that bring none.
    /// - Returns: the samples, and the number of those that are left out.
    func admit(
        _ samples: [PushedSample],
        labeled own: [Label],
        at now: Int64
    ) -> (admitted: [LabeledSample], refused: Int) {
        var fresh: Set<Labels> = []
        var admitted: [LabeledSample] = []
        var undated: [Labels: Int] = [:]
        var refused = 0
        for sample in samples {
            var labels = LabelsBuilder(sample.labels)
            for label in own { labels.set(label.name, label.value) }
            let series = labels.labels
            if newest[series] == nil, !fresh.contains(series) {
                guard newest.count + fresh.count < seriesMax else {
                    refused += 1
                    continue
                }
                fresh.insert(series)
            }
            // One kind of NaN, so that no sender can end a series with the bits of the stale marker.
            let value = sample.value.isNaN ? Double(bitPattern: StaleMarker.normalNaNBitPattern) : sample.value
            let one = LabeledSample(labels: series, timestamp: sample.timestamp ?? now, value: value)
            if sample.timestamp == nil, let earlier = undated.updateValue(admitted.count, forKey: series) {
                undated[series] = earlier
                admitted[earlier] = one
            } else {
                admitted.append(one)
            }
        }
        // The store takes each series in order; of samples at the same time the order sent stays.
        let sorted = admitted.enumerated().sorted {
            ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset)
        }
        return (sorted.map(\.element), refused)
    }

    /// Notes what the store has taken.
    mutating func appended(_ sample: LabeledSample) {
        newest[sample.labels] = max(newest[sample.labels] ?? .min, sample.timestamp)
    }

    /// The samples that end all series: behind the newest one of each.
    func ending(at now: Int64) -> [LabeledSample] {
        newest.map { labels, last in
            LabeledSample(labels: labels, timestamp: max(now, last + 1), value: StaleMarker.value)
        }
    }
}
