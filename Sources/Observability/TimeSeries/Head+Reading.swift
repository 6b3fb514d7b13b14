public import MetricModel
import Synchronization

/// The chunks of one series as they were at one moment.
struct SeriesView: Sendable {
    let labels: Labels
    let closed: [ClosedChunk]
    let open: XORChunkEncoder
    let openMinTime: Int64

    /// Calls `body` with each chunk that may have samples in the range.
    func forEachChunk<Failure: Error>(
        from start: Int64,
        through end: Int64,
        _ body: (_ bytes: [UInt8], _ minTime: Int64, _ maxTime: Int64, _ count: Int) throws(Failure) -> Void
    ) throws(Failure) {
        for chunk in closed where chunk.minTime <= end && chunk.maxTime >= start {
            try body(chunk.bytes, chunk.minTime, chunk.maxTime, chunk.count)
        }
        if open.count > 0 && openMinTime <= end && open.lastTimestamp >= start {
            try body(open.bytes, openMinTime, open.lastTimestamp, open.count)
        }
    }

    /// Whether a sample lies in the range.
    func hasSample(from start: Int64, through end: Int64) throws(SeriesReadError) -> Bool {
        var isFound = false
        try forEachChunk(from: start, through: end) { bytes, minTime, maxTime, _ throws(SeriesReadError) in
            if isFound { return }
            // A chunk's first and last times are samples; only a range between them has to be decoded.
            if minTime >= start || maxTime <= end {
                isFound = true
                return
            }
            var times: [Int64] = []
            var values: [Double] = []
            try decode(bytes, from: start, through: end, into: &times, &values)
            isFound = !times.isEmpty
        }
        return isFound
    }

    /// The samples in the range; nil when there are more than `samplesMax`.
    func columns(from start: Int64, through end: Int64, samplesMax: Int) throws(SeriesReadError) -> SeriesColumns? {
        var expected = 0
        forEachChunk(from: start, through: end) { _, _, _, count in expected += count }
        var columns = SeriesColumns(labels: labels, timestamps: [], values: [])
        columns.timestamps.reserveCapacity(expected)
        columns.values.reserveCapacity(expected)
        var isOver = false
        try forEachChunk(from: start, through: end) { bytes, minTime, maxTime, count throws(SeriesReadError) in
            if minTime >= start && maxTime <= end && columns.count + count > samplesMax { isOver = true }
            if isOver { return }
            try decode(bytes, from: start, through: end, into: &columns.timestamps, &columns.values)
            if columns.count > samplesMax { isOver = true }
        }
        return isOver ? nil : columns
    }

    private func decode(
        _ bytes: [UInt8],
        from start: Int64,
        through end: Int64,
        into timestamps: inout [Int64],
        _ values: inout [Double]
    ) throws(SeriesReadError) {
        do throws(ChunkError) {
            try XORChunkDecoder.decode(bytes, from: start, through: end, into: &timestamps, &values)
        } catch {
            throw .corrupted("chunk of \(labels) in memory: \(error)")
        }
    }
}

extension Head: SeriesReader {
    /// The samples of the series that fit.
    ///
    /// - Throws: ``SeriesReadError/tooManySamples(limit:)`` as soon as the answer would exceed `samplesMax`.
    public func select(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64,
        samplesMax: Int
    ) throws(SeriesReadError) -> [SeriesColumns] {
        let (views, start) = views(matchers, from: start, through: end)
        var selected: [SeriesColumns] = []
        selected.reserveCapacity(views.count)
        var total = 0
        for view in views {
            guard let columns = try view.columns(from: start, through: end, samplesMax: samplesMax - total) else {
                throw .tooManySamples(limit: samplesMax)
            }
            if columns.count > 0 { selected.append(columns) }
            total += columns.count
        }
        return selected
    }

    /// The series that fit and have a sample in the range.
    ///
    /// Only chunks that begin before and end behind the range are decoded for it.
    public func series(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) throws(SeriesReadError) -> [Labels] {
        let (views, start) = views(matchers, from: start, through: end)
        var found: [Labels] = []
        for view in views where try view.hasSample(from: start, through: end) { found.append(view.labels) }
        return found
    }

    /// The label names of ``series(_:from:through:)``.
    public func labelNames(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) throws(SeriesReadError) -> [String] {
        var names: Set<[UInt8]> = []
        for labels in try series(matchers, from: start, through: end) {
            labels.forEachRange { name, _ in
                names.insert(Array(labels.packed[name]))
                return true
            }
        }
        return Self.sortedText(names)
    }

    /// The values of a label in ``series(_:from:through:)``.
    public func labelValues(
        _ name: String,
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) throws(SeriesReadError) -> [String] {
        let name = Array(name.utf8)
        var values: Set<[UInt8]> = []
        for labels in try series(matchers, from: start, through: end) {
            if let range = labels.valueRange(of: name) { values.insert(Array(labels.packed[range])) }
        }
        return Self.sortedText(values)
    }

    private static func sortedText(_ texts: Set<[UInt8]>) -> [String] {
        texts.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The series that fit and may have samples in the range, sorted by labels, and the first time that may be read.
    private func views(
        _ matchers: [LabelMatcher],
        from start: Int64,
        through end: Int64
    ) -> (views: [SeriesView], start: Int64) {
        let (index, newest) = state.withLock { ($0.index, $0.lastSequence) }
        let slots = index.slots(matching: matchers)
        var (views, first) = state.withLock { state in
            let first = max(start, state.minValidTime)
            var views: [SeriesView] = []
            views.reserveCapacity(slots.count)
            for slot in slots {
                let series = state.series[Int(slot)]
                // Between the two looks a series can have been removed and its slot given to another.
                guard series.sequence != 0 && series.sequence <= newest else { continue }
                guard series.minTime <= end && series.lastTimestamp >= first else { continue }
                views.append(
                    SeriesView(
                        labels: series.labels,
                        closed: series.closed,
                        open: series.open,
                        openMinTime: series.openMinTime
                    )
                )
            }
            return (views, first)
        }
        if first > end { views = [] }
        views.sort { LabelOrder.precedes($0.labels.packed, $1.labels.packed) }
        return (views, first)
    }
}
