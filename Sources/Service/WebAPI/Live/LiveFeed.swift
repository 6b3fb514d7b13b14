/// Where one client is in the log, and what it needs next.
///
/// Pure. A client at the tail takes from the tail; one that is behind, since it came late or reads slowly, gets pages of
/// the database, one at a time, until the tail reaches back to it. The position only grows by what was handed to the
/// client or is not for it, so that nothing is lost and nothing comes twice, however the two ways alternate.
struct LiveFeed<Element: Positioned> {
    /// What comes next.
    enum Step {
        /// Hand out the events, as far as there is room; then all up to the position is done.
        case send(ArraySlice<Element>, through: Int64)
        /// Ask for the page after the position.
        case read(after: Int64)
        /// Nothing to do until the tail grows or the page is there.
        case wait
    }

    /// Up to where everything was handed out.
    private(set) var position: Int64
    /// The page that was asked for; nil when none was.
    private var asked: Int64?
    /// Where the database had nothing more while the tail ended there; not asked again until the tail has grown.
    private var exhausted: (position: Int64, tailEnd: Int64)?
    private var askedAtEnd: Int64 = 0
    private let pageEventsMax: Int

    init(after position: Int64, pageEventsMax: Int) {
        self.position = position
        self.pageEventsMax = pageEventsMax
    }

    /// Whether a page is under way.
    var isReading: Bool { asked != nil }

    mutating func step(_ tail: LiveTail<Element>) -> Step {
        guard asked == nil else { return .wait }
        // Another server may have told the client of more than this one has read, or the log is not the one it was.
        if position <= tail.end, let (events, through) = tail.events(after: position, limit: pageEventsMax) {
            return through > position ? .send(events, through: through) : .wait
        }
        if let exhausted, exhausted == (position, tail.end) { return .wait }
        asked = position
        askedAtEnd = tail.end
        return .read(after: position)
    }

    /// Hands out events, then says that all up to a position is done.
    ///
    /// `take`: false when there was no room; that event and what follows come again then.
    mutating func handOut(
        _ events: ArraySlice<Element>,
        through last: Int64,
        take: (Element) -> Bool
    ) {
        for event in events where event.position > position {
            guard take(event) else { return }
            passed(event.position)
        }
        passed(last)
    }

    /// Everything up to a position was handed out, or is not for the client.
    mutating func passed(_ position: Int64) { self.position = max(self.position, position) }

    /// A page has come, which may be empty; false when it is not the one that is wanted any more.
    mutating func answered(after position: Int64, isEmpty: Bool) -> Bool {
        guard asked == position else { return false }
        asked = nil
        if isEmpty { exhausted = (position, askedAtEnd) }
        return true
    }

    /// The client goes on from elsewhere; a page that is under way is of no use then.
    mutating func jump(to position: Int64) {
        self.position = position
        exhausted = nil
        asked = nil
    }
}
