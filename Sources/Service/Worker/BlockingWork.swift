import Dispatch

/// Work that waits for a disk, on threads of its own: the cooperative pool has a thread a core, and renewals need them.
enum BlockingWork {
    private static let queue = DispatchQueue(label: "kaskman-worker-disk", attributes: .concurrent)

    /// Runs the work, and returns what it returns.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }

    /// Runs work that may fail.
    static func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await run { Result { () throws(Failure) in try work() } }
        return try result.get()
    }
}
