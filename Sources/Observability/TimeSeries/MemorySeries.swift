import MetricModel

/// A chunk that takes no more samples.
struct ClosedChunk: Sendable {
    let bytes: [UInt8]
    let minTime: Int64
    let maxTime: Int64
    let count: Int
}

/// One series of the head: closed chunks in time order and the open one.
struct MemorySeries: Sendable {
    /// What has become of a sample.
    enum Outcome {
        case stored
        case storedInNewChunk
        /// The same sample once more.
        case repeated
        case refused(RejectedSample.Reason)
    }

    /// The samples that a chunk takes, as in Prometheus: enough to compress well, few enough to read a part of a
    /// series cheaply.
    static let samplesPerChunkMax = 120

    /// A slot without a series.
    static let vacant = MemorySeries(labels: .empty, sequence: 0)

    let labels: Labels
    /// The number of the series among all that were created; tells it from another that later takes its slot.
    ///
    /// Zero in a vacant slot.
    let sequence: UInt64
    /// Whether it has room that is kept for alerts.
    let isReserved: Bool
    private(set) var closed: [ClosedChunk] = []
    private(set) var open = XORChunkEncoder()
    private(set) var openMinTime: Int64 = 0

    init(labels: Labels, sequence: UInt64, isReserved: Bool = false) {
        self.labels = labels
        self.sequence = sequence
        self.isReserved = isReserved
    }

    /// The time of the newest sample; meaningless before the first.
    var lastTimestamp: Int64 { open.lastTimestamp }
    /// Whether the newest sample is a stale marker.
    var isStale: Bool { open.count > 0 && open.lastBits == StaleMarker.bitPattern }
    /// The time of the oldest sample that is stored.
    var minTime: Int64 { closed.first?.minTime ?? openMinTime }
    /// The number of chunks, with the open one.
    var chunkCount: Int { closed.count + (open.count > 0 ? 1 : 0) }
    /// The number of samples.
    var sampleCount: Int { closed.reduce(open.count) { $0 + $1.count } }
    /// The bytes of all chunks.
    var byteCount: Int { closed.reduce(open.bytes.count) { $0 + $1.bytes.count } }

    /// Stores a sample that is newer than all before it.
    mutating func append(timestamp: Int64, value: Double) -> Outcome {
        if open.count == 0 {
            openMinTime = timestamp
            open.append(timestamp: timestamp, value: value)
            return .storedInNewChunk
        }
        guard timestamp > open.lastTimestamp else {
            if timestamp < open.lastTimestamp { return .refused(.outOfOrder) }
            return value.bitPattern == open.lastBits ? .repeated : .refused(.duplicateTimestamp)
        }
        guard open.count == Self.samplesPerChunkMax else {
            open.append(timestamp: timestamp, value: value)
            return .stored
        }
        // A copy no longer than the chunk: the encoder's buffer has grown in steps.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(open.bytes.count)
        bytes.append(contentsOf: open.bytes)
        closed.append(ClosedChunk(bytes: bytes, minTime: openMinTime, maxTime: open.lastTimestamp, count: open.count))
        open = XORChunkEncoder()
        openMinTime = timestamp
        open.append(timestamp: timestamp, value: value)
        return .storedInNewChunk
    }

    /// Drops the closed chunks that end before a time, and says what they held.
    mutating func dropChunks(before time: Int64) -> (chunks: Int, samples: Int, bytes: Int) {
        var dropped = (chunks: 0, samples: 0, bytes: 0)
        while dropped.chunks < closed.count && closed[dropped.chunks].maxTime < time {
            dropped.samples += closed[dropped.chunks].count
            dropped.bytes += closed[dropped.chunks].bytes.count
            dropped.chunks += 1
        }
        closed.removeFirst(dropped.chunks)
        return dropped
    }
}
