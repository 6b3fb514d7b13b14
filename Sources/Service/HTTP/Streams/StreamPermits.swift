import APIModel
import HTTPTypes
package import Instruments
import Synchronization

/// Counts the streams that are open or about to be, and refuses one too many.
package final class StreamPermits: Sendable {
    private let max: Int
    private let count = Mutex(0)
    private let refused: Counter

    /// `max`: how many streams there may be at once.
    package init(max: Int, registry: Registry) {
        self.max = max
        refused = registry.counter(
            "kaskman_live_refused_total",
            help: "Streams refused because there were as many as there may be."
        )
        registry.gauge("kaskman_live_connections_max", help: "The limit of open streams.").set(Double(max))
    }

    /// A place for one stream, given back when the last reference to it goes.
    /// - Throws: ``ProblemError``: `tooManyConnections`.
    package func take() throws(ProblemError) -> StreamPermit {
        let isFree = count.withLock { count in
            guard count < max else { return false }
            count += 1
            return true
        }
        guard isFree else {
            refused.increment()
            throw ProblemError(
                .tooManyConnections,
                "there are \(max) live connections (live.connections_max)",
                headers: [.retryAfter: "5"]
            )
        }
        return StreamPermit(self)
    }

    fileprivate func giveBack() { count.withLock { $0 -= 1 } }
}

/// A place among the open streams.
package final class StreamPermit: Sendable {
    private let permits: StreamPermits

    fileprivate init(_ permits: StreamPermits) { self.permits = permits }

    deinit { permits.giveBack() }
}
