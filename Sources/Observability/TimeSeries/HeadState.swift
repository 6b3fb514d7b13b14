import Basics
import MetricModel

/// A label set as a dictionary key whose hash is computed over the bytes at once.
struct SeriesKey: Hashable, Sendable {
    let labels: Labels

    func hash(into hasher: inout Hasher) {
        // SAFETY: the pointer is used only inside the closure.
        unsafe labels.packed.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}

/// A series and the slot it has; stays right when the series is removed, since another in the slot has another
/// sequence.
struct SeriesReference: Sendable {
    var slot: UInt32 = 0
    /// Zero: refers to nothing.
    var sequence: UInt64 = 0
}

/// The range of times in which a batch's samples must lie.
struct TimeWindow {
    let oldest: Int64
    let newest: Int64

    func refuses(_ timestamp: Int64) -> RejectedSample.Reason? {
        if timestamp < oldest { return .tooOld }
        return timestamp > newest ? .tooFarInFuture : nil
    }
}

/// Everything that a ``Head``'s lock guards.
struct HeadState: Sendable {
    /// What a series costs besides its bytes: the slot, the key, dictionary entries, array headers.
    ///
    /// Measured roughly.
    static let seriesOverheadBytes = 480
    /// What an entry of the index costs besides its slots.
    static let labelPairOverheadBytes = 160

    let configuration: HeadConfiguration
    var series: [MemorySeries] = []
    var index = LabelIndex()
    var sources: [RegistrySourceState] = []
    /// What is older than this is not stored or read any more.
    var minValidTime = Int64.min
    var maxTime = Int64.min
    var isClosed = false
    var lastSequence: UInt64 = 0

    private var slotOf: [SeriesKey: UInt32] = [:]
    private var freeSlots: [UInt32] = []
    /// How many series have room that is kept for alerts.
    private var reservedCount = 0
    private var labelBytes = 0
    private var counters = HeadStatistics()
    private var rejected = [UInt64](repeating: 0, count: RejectedSample.Reason.allCases.count)

    init(configuration: HeadConfiguration) {
        self.configuration = configuration
    }

    /// The times that samples may have at a moment.
    func window(at now: Int64) -> TimeWindow {
        let moment = Timestamp(milliseconds: now)
        return TimeWindow(
            oldest: max(minValidTime, moment.advanced(by: .zero - configuration.retention).milliseconds),
            newest: moment.advanced(by: configuration.futureMax).milliseconds
        )
    }

    /// Stores a sample of a series that is known or not.
    mutating func append(
        _ sample: LabeledSample,
        _ window: TimeWindow,
        mayUseReserve: Bool = false
    ) -> RejectedSample.Reason? {
        if let reason = window.refuses(sample.timestamp) { return reject(reason) }
        switch resolve(sample.labels, mayUseReserve: mayUseReserve) {
        case .success(let reference):
            return append(timestamp: sample.timestamp, value: sample.value, at: Int(reference.slot))
        case .failure(let refusal):
            return reject(refusal.reason)
        }
    }

    /// Stores a sample in a slot that is in use.
    mutating func append(timestamp: Int64, value: Double, at slot: Int) -> RejectedSample.Reason? {
        let bytesBefore = series[slot].open.bytes.count
        let outcome = series[slot].append(timestamp: timestamp, value: value)
        switch outcome {
        case .stored:
            counters.chunkBytes += series[slot].open.bytes.count - bytesBefore
        case .storedInNewChunk:
            counters.chunks += 1
            counters.chunkBytes += series[slot].open.bytes.count
        case .repeated:
            counters.repeatedTotal += 1
            return nil
        case .refused(let reason):
            return reject(reason)
        }
        counters.samples += 1
        counters.appendedTotal += 1
        maxTime = max(maxTime, timestamp)
        return nil
    }

    /// Counts a refusal.
    mutating func reject(_ reason: RejectedSample.Reason) -> RejectedSample.Reason {
        rejected[RejectedSample.Reason.allCases.firstIndex(of: reason) ?? 0] += 1
        return reason
    }

    /// Counts a stale marker.
    mutating func countStaleMarker() {
        counters.staleMarkersTotal += 1
    }

    struct Refusal: Error {
        let reason: RejectedSample.Reason
    }

    /// Finds a series or creates it.
    mutating func resolve(_ labels: Labels, mayUseReserve: Bool = false) -> Result<SeriesReference, Refusal> {
        let key = SeriesKey(labels: labels)
        if let slot = slotOf[key] {
            return .success(SeriesReference(slot: slot, sequence: series[Int(slot)].sequence))
        }
        guard isValid(labels) else { return .failure(Refusal(reason: .invalidLabels)) }
        let isFull = slotOf.count - reservedCount >= configuration.seriesMax
        guard !isFull || (mayUseReserve && reservedCount < configuration.alertSeriesMax) else {
            return .failure(Refusal(reason: .seriesLimit))
        }
        lastSequence += 1
        let created = MemorySeries(labels: labels, sequence: lastSequence, isReserved: isFull)
        if isFull { reservedCount += 1 }
        let slot: UInt32
        if let free = freeSlots.popLast() {
            slot = free
            series[Int(slot)] = created
        } else {
            slot = UInt32(series.count)
            series.append(created)
        }
        slotOf[key] = slot
        index.insert(labels, at: slot)
        labelBytes += labels.packed.count
        counters.seriesCreatedTotal += 1
        return .success(SeriesReference(slot: slot, sequence: lastSequence))
    }

    private func isValid(_ labels: Labels) -> Bool {
        var count = 0
        var hasName = false
        var fits = true
        labels.forEachRange { name, value in
            count += 1
            fits =
                count <= configuration.labelsMax && !name.isEmpty && name.count <= configuration.labelNameBytesMax
                && value.count <= configuration.labelValueBytesMax
                && String(validating: labels.packed[name], as: UTF8.self) != nil
                && String(validating: labels.packed[value], as: UTF8.self) != nil
            if labels.packed[name].elementsEqual(Label.metricName.utf8) { hasName = true }
            return fits
        }
        return fits && hasName
    }

    /// Drops what is out of retention in some slots; returns the next slot, or nil behind the last.
    mutating func collect(before time: Int64, from first: Int, count: Int) -> Int? {
        minValidTime = max(minValidTime, time)
        let end = min(first + count, series.count)
        var removed: [UInt32] = []
        for slot in first..<max(first, end) where series[slot].sequence != 0 {
            if series[slot].lastTimestamp < minValidTime {
                remove(slot)
                removed.append(UInt32(slot))
            } else if series[slot].minTime < minValidTime {
                let dropped = series[slot].dropChunks(before: minValidTime)
                counters.chunks -= dropped.chunks
                counters.samples -= dropped.samples
                counters.chunkBytes -= dropped.bytes
            }
        }
        index.remove(removed)
        freeSlots.append(contentsOf: removed)
        return end < series.count ? end : nil
    }

    private mutating func remove(_ slot: Int) {
        let old = series[slot]
        counters.chunks -= old.chunkCount
        counters.samples -= old.sampleCount
        counters.chunkBytes -= old.byteCount
        counters.seriesRemovedTotal += 1
        if old.isReserved { reservedCount -= 1 }
        labelBytes -= old.labels.packed.count
        slotOf[SeriesKey(labels: old.labels)] = nil
        series[slot] = .vacant
    }

    /// The figures now.
    ///
    /// Complexity: linear in the series, for the oldest time.
    func statistics() -> HeadStatistics {
        var figures = counters
        figures.series = slotOf.count
        figures.reservedSeries = reservedCount
        figures.labelPairs = index.pairCount
        // A series stands in one list for each of its labels; five labels are typical.
        figures.bytes =
            counters.chunkBytes + labelBytes + slotOf.count * (Self.seriesOverheadBytes + 5 * 4)
            + index.pairCount * Self.labelPairOverheadBytes
        for (position, reason) in RejectedSample.Reason.allCases.enumerated() {
            figures.rejectedTotal[reason] = rejected[position]
        }
        if counters.samples > 0 {
            var oldest = Int64.max
            for one in series where one.sequence != 0 { oldest = min(oldest, one.minTime) }
            figures.minTime = max(oldest, minValidTime)
            figures.maxTime = maxTime
        }
        return figures
    }
}
