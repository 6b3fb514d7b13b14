import Dispatch
import Synchronization

/// Runs blocking work on threads of its own, so many at once, and keeps a bounded number waiting.
///
/// Work that computes or blocks for long would starve the cooperative pool, which has a thread a core.
///
/// Concurrency: any thread.
final class WorkerThreads: Sendable {
    /// Why work was not begun.
    enum Refusal: Error {
        /// As many wait as may.
        case full
    }

    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
        var firstWaiting = 0

        var waitingCount: Int { waiting.count - firstWaiting }

        mutating func takeNext() -> (@Sendable () -> Void)? {
            guard firstWaiting < waiting.count else { return nil }
            let next = waiting[firstWaiting]
            firstWaiting += 1
            if firstWaiting == waiting.count {
                waiting.removeAll(keepingCapacity: true)
                firstWaiting = 0
            }
            return next
        }
    }

    private let runningMax: Int
    private let waitingMax: Int
    private let queue: DispatchQueue
    private let state = Mutex(State())

    init(label: String, runningMax: Int, waitingMax: Int) {
        precondition(runningMax > 0 && waitingMax >= 0, "BUG: worker threads need a positive number of threads")
        self.runningMax = runningMax
        self.waitingMax = waitingMax
        queue = DispatchQueue(label: label, attributes: .concurrent)
    }

    /// How much work runs and how much waits.
    var load: (running: Int, waiting: Int) { state.withLock { ($0.running, $0.waitingCount) } }

    /// Runs `work` and returns what it returns.
    /// - Throws: ``Refusal/full``.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws(Refusal) -> Result {
        let result: Result? = await withCheckedContinuation { continuation in
            let isTaken = begin { continuation.resume(returning: work()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
        guard let result else { throw .full }
        return result
    }

    private func begin(_ job: @escaping @Sendable () -> Void) -> Bool {
        enum Outcome {
            case run, wait, refuse
        }
        let outcome: Outcome = state.withLock { state in
            if state.running < runningMax {
                state.running += 1
                return .run
            }
            guard state.waitingCount < waitingMax else { return .refuse }
            state.waiting.append(job)
            return .wait
        }
        if outcome == .run { start(job) }
        return outcome != .refuse
    }

    private func start(_ job: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            var job: (@Sendable () -> Void)? = job
            while let current = job {
                current()
                job = state.withLock { state in
                    let next = state.takeNext()
                    if next == nil { state.running -= 1 }
                    return next
                }
            }
        }
    }
}
