/// What servers tell each other; closed, so that nobody can subscribe to what nobody sends.
package enum FanOutChannel: String, CaseIterable, Sendable {
    /// A server has appended to the event log.
    case events
}

/// What a subscriber is told.
package enum FanOutNews: Hashable, Sendable {
    case message([UInt8])
    /// Messages may have been missed: look for yourself what there is.
    case gap
}

/// Hints from one server to all others: small, quick and without a promise.
///
/// A message is no fact: it tells where to look for one. Several on one channel may melt into the newest, none reaches its own sender, and what a lost
/// connection swallowed is announced as a gap.
///
/// Concurrency: may be shared.
package protocol FanOut: Sendable {
    /// Tells the other servers, soon; returns at once, whatever the state of the connection.
    ///
    /// - Parameters:
    ///   - channel: who is interested.
    ///   - payload: at most ``FanOutLimits/payloadBytesMax`` bytes, or our own mistake.
    func publish(_ channel: FanOutChannel, _ payload: [UInt8])

    /// Lets `receive` know what other servers publish, from now on and for as long as this lives.
    ///
    /// - Parameters:
    ///   - channel: what is of interest.
    ///   - receive: called on any thread; must return at once.
    func subscribe(_ channel: FanOutChannel, _ receive: @escaping @Sendable (FanOutNews) -> Void)
}

/// The limits of fan-out.
package enum FanOutLimits {
    /// The most bytes of a message.
    package static let payloadBytesMax = 4096
}

/// Who wants to know what.
struct FanOutSubscribers: Sendable {
    private var receivers: [FanOutChannel: [@Sendable (FanOutNews) -> Void]] = [:]

    mutating func add(_ channel: FanOutChannel, _ receive: @escaping @Sendable (FanOutNews) -> Void) {
        receivers[channel, default: []].append(receive)
    }

    func of(_ channel: FanOutChannel) -> [@Sendable (FanOutNews) -> Void] { receivers[channel] ?? [] }

    var all: [@Sendable (FanOutNews) -> Void] { receivers.values.flatMap(\.self) }
}
