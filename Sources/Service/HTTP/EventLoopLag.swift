package import Basics
package import Instruments
import NIOCore
import NIOPosix

/// How late the event loops are: the time that a job waits before a loop takes it up.
///
/// NIO does not report this itself. A loop that is late delays every connection on it.
package struct EventLoopLag: Sendable {
    private let clock: any WallClock
    private let lag: Histogram

    /// Registers the metric.
    package init(clock: any WallClock, registry: Registry) {
        self.clock = clock
        lag = registry.histogram(
            "kaskman_http_event_loop_lag_seconds",
            help: "How long a job waited before an event loop took it up.",
            buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]
        )
    }

    /// Asks every loop once; the answers are observed when they come.
    package func measure() {
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            let begin = clock.uptime
            loop.execute { lag.observe(clock.uptime - begin) }
        }
    }
}
