public import Basics

/// When a group is evaluated: at a fixed phase of its interval that its name decides, so that groups spread evenly and
/// keep their times over restarts.
public struct EvaluationSchedule: Sendable, Equatable {
    /// The time between two evaluations.
    public let interval: Duration
    /// The distance of the evaluation times from multiples of the interval.
    public let offset: Duration

    /// Makes the schedule of a group; an interval below a millisecond counts as one.
    public init(group identifier: String, interval: Duration) {
        let milliseconds = max(1, interval.wholeMilliseconds)
        self.interval = .milliseconds(milliseconds)
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in identifier.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        offset = .milliseconds(Int64(hash % UInt64(milliseconds)))
    }

    /// The latest evaluation time at or before `now`.
    public func slot(atOrBefore now: Timestamp) -> Timestamp {
        let size = interval.wholeMilliseconds
        let shift = offset.wholeMilliseconds
        let remainder = (now.milliseconds &- shift) % size
        return Timestamp(milliseconds: now.milliseconds &- (remainder < 0 ? remainder + size : remainder))
    }

    /// The first evaluation time after `now`.
    public func slot(after now: Timestamp) -> Timestamp { slot(atOrBefore: now).advanced(by: interval) }

    /// The time to evaluate next after an evaluation for `slot` has ended at `now`, and how many were missed meanwhile.
    ///
    /// A group that overran evaluates once, for the latest time that has passed. When the clock was set back by more
    /// than an interval the schedule starts again from `now`.
    public func next(after slot: Timestamp, now: Timestamp) -> (slot: Timestamp, missed: Int) {
        let late = now.since(slot).wholeMilliseconds / interval.wholeMilliseconds
        if late >= 2 { return (self.slot(atOrBefore: now), Int(clamping: late - 1)) }
        let next = slot.advanced(by: interval)
        if next.since(now) > interval * 2 { return (self.slot(after: now), 0) }
        return (next, 0)
    }
}
