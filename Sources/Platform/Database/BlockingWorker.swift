import Dispatch

/// Runs blocking work, a piece at a time, on a queue of its own: the cooperative pool has a thread a core, and none to lose.
///
/// A caller waits without holding a thread, and its closure need not escape.
package actor BlockingWorker {
    private nonisolated let executor: QueueExecutor

    package init(label: String) { executor = QueueExecutor(label: label) }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Runs the work after all that came before it.
    package func run<T: Sendable>(_ work: @Sendable () throws -> T) rethrows -> T { try work() }
}

/// A serial executor over a dispatch queue, which Dispatch has no type for on Linux.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
