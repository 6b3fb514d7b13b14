import Basics
import Client
import Instruments
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Pushes what a program writes to its metrics file, every second and once more at the end.
///
/// Concurrency: one task runs it.
package struct MetricsPush: Sendable {
    package static let interval = Duration.seconds(1)
    /// How often a push is tried at the end, where time is short.
    static let lastTriesMax = 3

    let path: String
    let lease: LeaseKey
    let client: AgentClient
    let log: AttemptLog
    let clock: any WallClock
    let metrics: WorkerMetrics

    /// Runs until `end` is set and the rest has been pushed, or the server takes no metrics.
    func run(until end: Latch<Void>, wakeup: WakeSignal, notTaken: () -> Void) async {
        var file = MetricsFile()
        var failures = 0
        while !Task.isCancelled {
            let isLast = end.value != nil
            let bytes = Self.read(path, from: file.offset)
            let part = file.part(of: bytes, isLast: isLast)
            if part.isEmpty {
                if isLast { return }
                await wakeup.wait(atMost: Self.interval, by: clock)
                continue
            }
            let isDone: Bool
            do throws(AgentCallError) {
                let receipt = try await client.pushMetrics(lease, text: part)
                metrics.metricPushes[.sent].increment()
                if receipt.rejected > 0 { log.note("the server refused \(receipt.rejected) samples") }
                isDone = true
            } catch {
                switch error {
                case .later:
                    failures += 1
                    isDone = false
                case .notFound:
                    notTaken()
                    return
                case .refused(_, let reason):
                    log.note("the server refused metrics: \(reason)")
                    metrics.metricPushes[.dropped].increment()
                    isDone = true
                case .leaseLost, .notAllowed, .wrongOffset, .unexpectedAnswer: return
                }
            }
            if isDone {
                file.advance(by: min(part.count, bytes.count))
                failures = 0
            }
            if isLast && failures >= Self.lastTriesMax {
                metrics.metricPushes[.dropped].increment()
                return
            }
            // A backlog is pushed at once; otherwise the beat is kept.
            if !isDone || bytes.count < MetricsFile.pushBytesMax, !(isLast && isDone) {
                await wakeup.wait(atMost: Self.interval, by: clock)
            }
        }
    }

    /// The file from a place on, at most a push; nothing when it cannot be read or is no file.
    private static func read(_ path: String, from offset: Int) -> [UInt8] {
        // The program may have put a pipe or a link there, on which to wait forever, or which leads elsewhere.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
        var buffer = [UInt8](repeating: 0, count: MetricsFile.pushBytesMax)
        let count = buffer.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        return count > 0 ? Array(buffer[..<count]) : []
    }
}
