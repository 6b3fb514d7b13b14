internal import Synchronization

/// Which of the newest events this server has appended itself: who follows the log for what others do need not read them.
///
/// Concurrency: any thread.
final class OwnEvents: Sendable {
    private struct Entry {
        var position: Int64 = 0
        var kind: EventKind = .projectCreated
    }

    /// How many it remembers; an older one counts as another server's, which costs a look and nothing else.
    private static let countMax = 8192

    /// Each at its position modulo their number.
    private let entries = Mutex([Entry](repeating: Entry(), count: countMax))

    func note(_ position: Int64, _ kind: EventKind) {
        entries.withLock { $0[Self.place(position)] = Entry(position: position, kind: kind) }
    }

    /// The last position behind `start` up to which, without a hole, all events are own ones of certain kinds.
    func end(after start: Int64, where isSkipped: (EventKind) -> Bool) -> Int64 {
        entries.withLock { entries in
            var end = start
            while case let next = entries[Self.place(end + 1)], next.position == end + 1, isSkipped(next.kind) {
                end += 1
            }
            return end
        }
    }

    func contains(_ position: Int64) -> Bool { entries.withLock { $0[Self.place(position)].position == position } }

    private static func place(_ position: Int64) -> Int { Int(position % Int64(countMax)) }
}

extension EventLog {
    /// The last position behind `start` up to which, without a hole, this server has appended all events itself and they are of
    /// kinds that the caller skips, as far as is remembered: `start` when the next one is another's.
    package func ownEnd(after start: Int64, where isSkipped: (EventKind) -> Bool) -> Int64 {
        own.end(after: start, where: isSkipped)
    }

    /// Whether this server has appended the event, as far as is remembered.
    package func isOwn(_ position: Int64) -> Bool { own.contains(position) }
}
