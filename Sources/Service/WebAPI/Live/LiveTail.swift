/// Something with a place in the log.
protocol Positioned: Sendable {
    var position: Int64 { get }
}

/// The newest part of the log, in memory, from which all who are up to date are served.
///
/// Pure. It has every event behind ``start`` up to ``end``, without a hole; a reader whose position is before that has
/// to read from the database until it is not.
struct LiveTail<Element: Positioned> {
    private let eventsMax: Int
    private var events: [Element] = []
    /// How many at the beginning of the array are gone; they are removed many at a time.
    private var gone = 0
    /// The position behind which the tail has everything.
    private(set) var start: Int64
    /// The position up to which the log was read.
    private(set) var end: Int64

    /// An empty tail behind a position; `eventsMax` is positive.
    init(after position: Int64, eventsMax: Int) {
        self.eventsMax = eventsMax
        start = position
        end = position
    }

    /// Takes what the log has after ``end``, up to a position.
    mutating func append(_ new: [Element], through position: Int64) {
        events.append(contentsOf: new.filter { $0.position > end })
        end = max(end, position)
        let excess = events.count - gone - eventsMax
        guard excess > 0 else { return }
        start = events[gone + excess - 1].position
        gone += excess
        if gone > eventsMax {
            events.removeFirst(gone)
            gone = 0
        }
    }

    /// Forgets everything and goes on behind a position: what was between was removed from the log by age.
    mutating func skip(to position: Int64) {
        guard position > end else { return }
        self = LiveTail(after: position, eventsMax: eventsMax)
    }

    /// What comes after a position, and up to where; nil when the tail does not reach back that far.
    func events(after position: Int64, limit: Int) -> (events: ArraySlice<Element>, through: Int64)? {
        guard position >= start else { return nil }
        guard position < end else { return ([], position) }
        var low = gone
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].position > position { high = middle } else { low = middle + 1 }
        }
        let rest = events[low...]
        let page = rest.prefix(limit)
        guard page.count < rest.count, let last = page.last else { return (page, end) }
        return (page, last.position)
    }
}
