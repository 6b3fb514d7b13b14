public import Basics
public import MetricModel
import Synchronization

/// A registry whose snapshots a ``Head`` takes; made by ``Head/addRegistry(targetLabels:)``.
public struct RegistrySource: Sendable, Hashable {
    let index: Int
}

/// What the head remembers of a registry: for each of its series, by number, where it is stored.
struct RegistrySourceState: Sendable {
    struct Entry: Sendable {
        var reference = SeriesReference()
        /// The last snapshot that had the series.
        var round: UInt64 = 0
    }

    let targetLabels: [Label]
    var entries: [Entry] = []
    /// The number of the snapshot; the first is 1.
    var round: UInt64 = 0

    /// The labels as stored: with the target's, to which the series' own give way as in a scrape (`exported_job`).
    func storedLabels(of labels: Labels) -> Labels {
        var builder = LabelsBuilder(labels)
        for label in targetLabels where label.name != Label.metricName {
            let own = labels[label.name]
            if !own.isEmpty {
                var renamed = "exported_" + label.name
                while labels.contains(renamed) { renamed = "exported_" + renamed }
                builder.set(renamed, own)
            }
            builder.set(label.name, label.value)
        }
        return builder.labels
    }
}

extension Head {
    /// Makes a registry known, with the labels (`job`, `instance`) that its series get in the store.
    ///
    /// The head keeps a small table for each registry for as long as it lives: for the few registries of a process.
    public func addRegistry(targetLabels: [Label]) -> RegistrySource {
        state.withLock { state in
            state.sources.append(RegistrySourceState(targetLabels: targetLabels))
            return RegistrySource(index: state.sources.count - 1)
        }
    }

    /// Stores all values of a snapshot at one time, and ends the series that the last snapshot had and this one has
    /// not.
    ///
    /// A series is looked up when it is first seen, later by its number alone: no hash and no allocation a sample. A
    /// series that is missing gets a stale marker at `timestamp`.
    /// - Parameters:
    ///   - snapshot: All snapshots of a source come from the same registry.
    ///   - source: From ``addRegistry(targetLabels:)`` of this head.
    ///   - timestamp: The time of all samples.
    /// - Returns: What was refused; the index counts through the families' series in order.
    /// - Throws: ``SampleAppendError/closed``.
    public func append(
        _ snapshot: RegistrySnapshot,
        from source: RegistrySource,
        at timestamp: Timestamp
    ) throws(SampleAppendError) -> [RejectedSample] {
        let now = clock.now.milliseconds
        let rejected: [RejectedSample]? = state.withLock { state in
            guard !state.isClosed else { return nil }
            return state.append(snapshot, from: source.index, at: timestamp.milliseconds, state.window(at: now))
        }
        guard let rejected else { throw .closed }
        return rejected
    }
}

extension HeadState {
    mutating func append(
        _ snapshot: RegistrySnapshot,
        from source: Int,
        at timestamp: Int64,
        _ window: TimeWindow
    ) -> [RejectedSample] {
        precondition(sources.indices.contains(source), "BUG: a source of another head")
        let refusal = window.refuses(timestamp)
        sources[source].round += 1
        let round = sources[source].round
        var rejected: [RejectedSample] = []
        var position = 0
        for family in snapshot.families {
            for (index, identity) in family.series.enumerated() {
                let reason: RejectedSample.Reason?
                if let refusal {
                    sources[source].mark(identity.number, round)
                    reason = reject(refusal)
                } else {
                    reason = append(family.values[index], of: identity, from: source, at: timestamp, round)
                }
                if let reason { rejected.append(RejectedSample(index: position, reason: reason)) }
                position += 1
            }
        }
        if refusal == nil { endMissing(from: source, at: timestamp, round) }
        return rejected
    }

    private mutating func append(
        _ value: Double,
        of identity: RegistrySeries,
        from source: Int,
        at timestamp: Int64,
        _ round: UInt64
    ) -> RejectedSample.Reason? {
        sources[source].mark(identity.number, round)
        let reference = sources[source].entries[identity.number].reference
        let slot = Int(reference.slot)
        if reference.sequence != 0 && series[slot].sequence == reference.sequence {
            return append(timestamp: timestamp, value: value, at: slot)
        }
        switch resolve(sources[source].storedLabels(of: identity.labels)) {
        case .success(let resolved):
            sources[source].entries[identity.number].reference = resolved
            return append(timestamp: timestamp, value: value, at: Int(resolved.slot))
        case .failure(let refusal):
            return reject(refusal.reason)
        }
    }

    /// Writes stale markers to the series of the round before that are not in this one.
    private mutating func endMissing(from source: Int, at timestamp: Int64, _ round: UInt64) {
        for number in sources[source].entries.indices {
            let entry = sources[source].entries[number]
            guard entry.round != 0 && entry.round != round else { continue }
            sources[source].entries[number].round = 0
            let slot = Int(entry.reference.slot)
            guard entry.reference.sequence != 0 && series[slot].sequence == entry.reference.sequence else { continue }
            guard !series[slot].isStale && series[slot].lastTimestamp < timestamp else { continue }
            if append(timestamp: timestamp, value: StaleMarker.value, at: slot) == nil { countStaleMarker() }
        }
    }
}

extension RegistrySourceState {
    /// Notes that a snapshot has a series.
    mutating func mark(_ number: Int, _ round: UInt64) {
        precondition(number >= 0, "BUG: a negative series number")
        if number >= entries.count {
            entries.append(contentsOf: repeatElement(Entry(), count: number + 1 - entries.count))
        }
        entries[number].round = round
    }
}
