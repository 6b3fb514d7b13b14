package import Basics
import HTTP
import Synchronization

/// One-time tickets: what a page shows instead of its token when it opens a stream, since a browser can send no header
/// with a WebSocket, and an address is no place for a token.
///
/// Pure: time and the tickets' texts are handed in. A ticket is good once and for a short time; beyond the bounds the oldest
/// of the same caller goes, or nobody gets one.
struct TicketStore {
    private struct Entry {
        let caller: LiveCaller
        let expires: Timestamp
    }

    private let ticketsMax: Int
    private let perCallerMax: Int
    private let lifetime: Duration
    private var entries: [String: Entry] = [:]
    /// Oldest first; what was redeemed is left in it until it is found.
    private var order: [(text: String, callerID: String)] = []

    init(ticketsMax: Int, perCallerMax: Int, lifetime: Duration) {
        self.ticketsMax = ticketsMax
        self.perCallerMax = perCallerMax
        self.lifetime = lifetime
    }

    var count: Int { entries.count }

    /// Takes a new ticket; false when there are too many.
    mutating func issue(_ text: String, to caller: LiveCaller, at now: Timestamp) -> Bool {
        order.removeAll { entry in
            guard let known = entries[entry.text] else { return true }
            guard known.expires <= now else { return false }
            entries[entry.text] = nil
            return true
        }
        let own = order.indices.filter { order[$0].callerID == caller.principal.id }
        if own.count >= perCallerMax, let oldest = own.first {
            entries[order[oldest].text] = nil
            order.remove(at: oldest)
        }
        guard order.count < ticketsMax else { return false }
        entries[text] = Entry(caller: caller, expires: now.advanced(by: lifetime))
        order.append((text, caller.principal.id))
        return true
    }

    /// Who has a ticket, which is used up by this; nil for one that is not known, or not any more.
    mutating func redeem(_ text: String, at now: Timestamp) -> LiveCaller? {
        guard let entry = entries.removeValue(forKey: text), entry.expires > now else { return nil }
        return entry.caller
    }
}

/// The tickets of this server.
///
/// Concurrency: any thread.
package final class LiveTickets: Sendable {
    /// How long a ticket is good.
    package static let lifetime = Duration.seconds(30)
    /// The tickets that are open at once.
    package static let ticketsMax = 4096
    /// The tickets that one caller has open at once; for one more the oldest goes.
    package static let perCallerMax = 64

    private static let randomBytes = 24

    private let store = Mutex(TicketStore(ticketsMax: ticketsMax, perCallerMax: perCallerMax, lifetime: lifetime))
    private let clock: any WallClock

    package init(clock: any WallClock) { self.clock = clock }

    /// A new ticket; nil when there are too many.
    func issue(to caller: LiveCaller) -> String? {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<Self.randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let text = "kmt_" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return store.withLock { $0.issue(text, to: caller, at: clock.now) } ? text : nil
    }

    func redeem(_ text: String) -> LiveCaller? { store.withLock { $0.redeem(text, at: clock.now) } }
}
