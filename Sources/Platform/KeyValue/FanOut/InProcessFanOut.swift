import Synchronization

/// The fan-out between several platforms in one process.
package final class InProcessFanOut: FanOut {
    /// What the members of one fan-out share.
    package final class Hub: Sendable {
        private struct State {
            var members = 0
            var subscribers: [Int: FanOutSubscribers] = [:]
        }

        private let state = Mutex(State())

        /// Makes a hub without members.
        package init() {}

        /// Makes a further member.
        package func member() -> InProcessFanOut {
            let number = state.withLock { state in
                state.members += 1
                return state.members
            }
            return InProcessFanOut(self, number: number)
        }

        fileprivate func add(
            _ member: Int,
            _ channel: FanOutChannel,
            _ receive: @escaping @Sendable (FanOutNews) -> Void
        ) {
            state.withLock { $0.subscribers[member, default: FanOutSubscribers()].add(channel, receive) }
        }

        fileprivate func others(of member: Int, _ channel: FanOutChannel) -> [@Sendable (FanOutNews) -> Void] {
            state.withLock { state in
                state.subscribers.filter { $0.key != member }.values.flatMap { $0.of(channel) }
            }
        }
    }

    private let hub: Hub
    private let number: Int

    private init(_ hub: Hub, number: Int) {
        self.hub = hub
        self.number = number
    }

    package func publish(_ channel: FanOutChannel, _ payload: [UInt8]) {
        precondition(payload.count <= FanOutLimits.payloadBytesMax, "BUG: a fan-out message is too long")
        for receive in hub.others(of: number, channel) { receive(.message(payload)) }
    }

    package func subscribe(_ channel: FanOutChannel, _ receive: @escaping @Sendable (FanOutNews) -> Void) {
        hub.add(number, channel, receive)
    }
}
