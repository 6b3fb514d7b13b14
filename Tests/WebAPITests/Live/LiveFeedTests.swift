import ChaosTesting
import Testing

@testable import WebAPI

/// The place of an event, which is all that feeds look at.
private struct Place: Positioned, Equatable {
    let position: Int64
}

@Suite("Live feeds")
struct LiveFeedTests {
    @Test("The tail keeps the newest events, and says when it does not reach back far enough")
    func tail() {
        var tail = LiveTail<Place>(after: 10, eventsMax: 3)
        #expect(tail.events(after: 9, limit: 5) == nil)
        #expect(tail.events(after: 10, limit: 5)?.events.isEmpty == true)
        tail.append([11, 12, 15].map { Place(position: $0) }, through: 16)
        func f(after: Int64, limit: Int = 5, expect events: [Int64]?, through: Int64 = 0) {
            let found = tail.events(after: after, limit: limit)
            #expect(found.map { $0.events.map(\.position) } == events)
            if events != nil { #expect(found?.through == through) }
        }
        f(after: 10, expect: [11, 12, 15], through: 16)
        f(after: 10, limit: 2, expect: [11, 12], through: 12)
        f(after: 12, expect: [15], through: 16)
        f(after: 15, expect: [], through: 16)
        f(after: 16, expect: [], through: 16)
        f(after: 99, expect: [], through: 99)
        tail.append([17, 18].map { Place(position: $0) }, through: 18)
        f(after: 11, expect: nil)
        f(after: 12, expect: [15, 17, 18], through: 18)
        // What came already is not taken again; a hole in the log makes the tail begin behind it.
        tail.append([17, 18, 19].map { Place(position: $0) }, through: 19)
        f(after: 17, expect: [18, 19], through: 19)
        tail.skip(to: 30)
        f(after: 29, expect: nil)
        f(after: 30, expect: [], through: 30)
    }

    @Test("A feed reads the database until the tail reaches back to it, and asks for one page at a time")
    func steps() {
        var tail = LiveTail<Place>(after: 5, eventsMax: 3)
        var feed = LiveFeed<Place>(after: 2, pageEventsMax: 2)
        guard case .read(after: 2) = feed.step(tail) else { return #expect(Bool(false), "reads behind the tail") }
        guard case .wait = feed.step(tail) else { return #expect(Bool(false), "one page at a time") }
        #expect(feed.answered(after: 2, isEmpty: false) == true)
        feed.handOut([3, 4].map { Place(position: $0) }[...], through: 5) { _ in true }
        #expect(feed.position == 5)
        guard case .wait = feed.step(tail) else { return #expect(Bool(false), "nothing is there") }
        tail.append([Place(position: 6)], through: 6)
        guard case .send(let events, through: 6) = feed.step(tail) else {
            return #expect(Bool(false), "the tail has it")
        }
        // No room: it comes again.
        feed.handOut(events, through: 6) { _ in false }
        #expect(feed.position == 5)
        // A page that was asked for before a jump is of no use.
        feed.jump(to: 1)
        guard case .read(after: 1) = feed.step(tail) else { return #expect(Bool(false), "reads again") }
        feed.jump(to: 6)
        #expect(feed.answered(after: 1, isEmpty: false) == false)
        guard case .wait = feed.step(tail) else { return #expect(Bool(false), "at the end") }
        // Beyond the end of what was followed: the database is asked once.
        feed.jump(to: 50)
        guard case .read(after: 50) = feed.step(tail) else { return #expect(Bool(false), "asks") }
        #expect(feed.answered(after: 50, isEmpty: true) == true)
        guard case .wait = feed.step(tail) else { return #expect(Bool(false), "waits") }
    }

    // MARK: The property

    /// A client that comes, reads at its own pace, goes and comes again.
    private struct Client {
        let began: Int64
        let wants: Int64
        var feed: LiveFeed<Place>
        var asked: Int64?
        var got: [Int64] = []
        var gaps: [ClosedRange<Int64>] = []
        /// What the client itself knows: where it would resume.
        var last: Int64

        func isWanted(_ position: Int64) -> Bool { position % wants == 0 }

        mutating func handOut(_ events: ArraySlice<Place>, through: Int64, room: inout Int) {
            let (wants, before) = (wants, room)
            var taken: [Int64] = []
            feed.handOut(events, through: through) { event in
                guard event.position % wants == 0 else { return true }
                guard taken.count < before else { return false }
                taken.append(event.position)
                return true
            }
            room -= taken.count
            got += taken
            last = max(last, taken.last ?? 0)
        }
    }

    /// The log, its follower, and what the database would answer.
    private struct World {
        var log: [Int64] = []
        var earliest: Int64 = 1
        var latest: Int64 = 0
        var tail = LiveTail<Place>(after: 0, eventsMax: 8)

        mutating func append(_ random: inout SeededNumbers) {
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                latest += Int64.random(in: 1...2, using: &random)
                log.append(latest)
            }
        }

        mutating func follow() {
            let new = log.filter { $0 > tail.end }.prefix(6)
            let isWhole = new.last == log.last || new.isEmpty
            tail.skip(to: earliest - 1)
            tail.append(new.map { Place(position: $0) }, through: isWhole ? latest : new.last ?? latest)
        }

        mutating func prune(_ random: inout SeededNumbers) {
            guard log.count > 4 else { return }
            log.removeFirst(Int.random(in: 1...3, using: &random))
            earliest = log[0]
        }

        func page(after position: Int64) -> (events: [Place], through: Int64) {
            let rest = log.filter { $0 > position }
            let page = rest.prefix(3)
            return (page.map { Place(position: $0) }, page.count < rest.count ? page.last ?? latest : latest)
        }
    }

    @Test(
        "Whoever comes late, reads slowly, goes and comes again gets every event once and in order, or is told of the gap"
    )
    func property() {
        var gaps = 0
        var pages = 0
        for seed in Chaos.seeds(1...300) {
            var random = SeededNumbers(seed)
            var world = World()
            // What was ever in the log.
            var all: [Int64] = []
            var clients: [Client] = []
            for _ in 0..<200 {
                switch Int.random(in: 0...11, using: &random) {
                case 0...2:
                    world.append(&random)
                    all += world.log.filter { $0 > all.last ?? 0 }
                case 3...4: world.follow()
                case 5: if Bool.random(using: &random) { world.prune(&random) }
                case 6 where clients.count < 6:
                    let start = Int64.random(in: 0...max(0, world.tail.end), using: &random)
                    let feed = LiveFeed<Place>(after: start, pageEventsMax: 4)
                    let wants = Int64.random(in: 1...3, using: &random)
                    clients.append(Client(began: start, wants: wants, feed: feed, last: start))
                case 7:
                    // A connection breaks: a new feed goes on behind what the client has.
                    guard let index = clients.indices.randomElement(using: &random) else { continue }
                    clients[index].feed = LiveFeed(after: clients[index].last, pageEventsMax: 4)
                    clients[index].asked = nil
                default:
                    guard let index = clients.indices.randomElement(using: &random) else { continue }
                    var room = Int.random(in: 0...4, using: &random)
                    Self.turn(&clients[index], &world, &room, &random, &gaps, &pages)
                }
            }
            for _ in 0..<50 { world.follow() }
            for index in clients.indices {
                for _ in 0..<400 {
                    var room = 1000
                    Self.turn(&clients[index], &world, &room, &random, &gaps, &pages)
                }
                let client = clients[index]
                let expected = all.filter { position in
                    position > client.began && client.isWanted(position)
                        && (client.got.contains(position) || !client.gaps.contains { $0.contains(position) })
                }
                #expect(client.got == expected, "seed \(seed)")
            }
        }
        #expect(gaps > 0 && pages > 0, "the rare ways were gone")
    }

    /// A client's turn: the page that it asked for comes, or it takes what it can.
    private static func turn(
        _ client: inout Client,
        _ world: inout World,
        _ room: inout Int,
        _ random: inout SeededNumbers,
        _ gaps: inout Int,
        _ pages: inout Int
    ) {
        if let after = client.asked {
            client.asked = nil
            let page = world.page(after: after)
            guard client.feed.answered(after: after, isEmpty: page.through <= after) else { return }
            pages += 1
            if world.earliest - 1 > after {
                gaps += 1
                client.gaps.append((after + 1)...(world.earliest - 1))
                client.feed.passed(world.earliest - 1)
                client.last = max(client.last, world.earliest - 1)
            }
            client.handOut(page.events[...], through: page.through, room: &room)
            return
        }
        while room > 0 {
            switch client.feed.step(world.tail) {
            case .wait: return
            case .read(let after):
                client.asked = after
                return
            case .send(let events, let through): client.handOut(events, through: through, room: &room)
            }
        }
    }
}

/// A generator of random numbers whose seed repeats a failure (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
