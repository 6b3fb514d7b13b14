import Synchronization

/// Ties a connection's event loop to its task: the loop can stop a handler that is late.
final class ConnectionControl: Sendable {
    private let cutOffFlag = Atomic(false)
    private let goneFlag = Atomic(false)
    private let task: Mutex<Task<Void, Never>?> = Mutex(nil)

    /// Whether the client has been answered in the handler's place.
    var isCutOff: Bool { cutOffFlag.load(ordering: .acquiring) }

    /// Whether the client has closed its side: it may still read, but mostly it is gone.
    var isClientGone: Bool { goneFlag.load(ordering: .acquiring) }

    /// Notes that the client has closed its side.
    func clientLeft() { goneFlag.store(true, ordering: .releasing) }

    /// Takes the connection's task; cancels it at once if the handler was cut off already.
    func take(_ task: Task<Void, Never>) {
        self.task.withLock { $0 = task }
        if isCutOff { task.cancel() }
    }

    /// Marks the handler as late and cancels it.
    func cutOff() {
        cutOffFlag.store(true, ordering: .releasing)
        task.withLock { $0 }?.cancel()
    }

    /// Forgets the task, which would keep the connection alive.
    func release() { task.withLock { $0 = nil } }
}
