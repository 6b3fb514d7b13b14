package import Basics
package import Client
import Instruments
import Synchronization

/// The log of one attempt on its way to the server.
///
/// Concurrency: any thread writes; one task sends.
package final class AttemptLog: Sendable {
    /// How long lines are collected before they are sent: a person who watches does not notice, the server does.
    package static let interval = Duration.milliseconds(250)

    private let buffer = Mutex(LogBuffer())
    private let wakeup = WakeSignal()
    private let isEnding = Mutex(false)
    private let clock: any WallClock
    private let metrics: WorkerMetrics

    package init(clock: any WallClock, metrics: WorkerMetrics) {
        self.clock = clock
        self.metrics = metrics
    }

    /// Whether whoever writes should wait.
    package var isFull: Bool { buffer.withLock { $0.isFull } }

    package func append(_ texts: [String], _ stream: TaskLogLine.Stream) {
        guard !texts.isEmpty else { return }
        let now = clock.now
        let isFull = buffer.withLock { buffer in
            buffer.append(texts, stream, at: now)
            return buffer.isFull
        }
        if isFull { wakeup.set() }
    }

    /// Says something to whoever reads the task's log.
    package func note(_ text: String) {
        var cutter = LineCutter()
        append(cutter.feed(Array((text + "\n").utf8)[...]), .system)
    }

    /// Nothing more will be written: ``send(_:to:)`` returns once everything has arrived.
    package func end() {
        isEnding.withLock { $0 = true }
        wakeup.set()
    }

    /// Sends what is written until ``end()``, or until the task is cancelled; `notTaken` is told when the server has no such
    /// route.
    package func send(_ lease: LeaseKey, to client: AgentClient, notTaken: () -> Void) async {
        var retry = RetryDelay(longest: .seconds(5))
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            let lines = buffer.withLock { $0.next }
            if lines.isEmpty {
                if isEnding.withLock({ $0 }) { break }
                await wakeup.wait(atMost: Self.interval, by: clock)
                continue
            }
            do throws(AgentCallError) {
                try await client.appendLogs(lease, lines)
                buffer.withLock { $0.sent(lines.count) }
                metrics.logLines[.sent].increment(by: lines.count)
                retry.succeed()
                // Lines that come one by one are sent together; at the end, whose wake-up the wait before may have had, no more come.
                let mayGrow = lines.count < TaskLogLine.linesPerRequestMax && !isEnding.withLock { $0 }
                if mayGrow { await pause(Self.interval) }
            } catch {
                switch error {
                case .later(_, let retryAfter): await pause(retry.next(retryAfter, &random))
                case .notFound:
                    notTaken()
                    close()
                case .refused: buffer.withLock { $0.refused(lines.count) }
                case .leaseLost, .notAllowed, .wrongOffset, .unexpectedAnswer: close()
                }
            }
        }
        close()
        metrics.logLines[.dropped].increment(by: buffer.withLock { $0.dropped })
    }

    private func close() { buffer.withLock { $0.close() } }

    private func pause(_ duration: Duration) async {
        // A wake-up ends it: at the end of the attempt nobody waits for the interval.
        await wakeup.wait(atMost: duration, by: clock)
    }
}
