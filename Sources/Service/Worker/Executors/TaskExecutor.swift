package import Client

/// One attempt as an executor sees it.
package struct Attempt: Sendable {
    package let grant: LeaseGrant
    package let folder: AttemptFolder
    /// Says that the attempt is to end before its work is done.
    package let stop: Latch<StopReason>
    package let log: AttemptLog
    package let artefacts: ArtefactUpload
    package let children: ChildTasks
}

/// Does tasks of one kind.
///
/// Concurrency: any number of attempts may run.
package protocol TaskExecutor: Sendable {
    /// The kind of tasks that it does, which is also the capability that the agent needs.
    var name: String { get }

    /// Does the work of an attempt; returns soon after `attempt.stop` is set, with nothing of it left running.
    func run(_ attempt: Attempt) async -> AttemptOutcome
}
