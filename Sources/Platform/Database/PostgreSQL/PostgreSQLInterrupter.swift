import CPostgres
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Stops what a connection does, from another thread: asks the server to cancel the statement, or cuts the connection.
///
/// Each operation on the connection has a number. Whoever comes too late, when another operation has the connection,
/// stops nothing.
///
/// Concurrency: any thread.
final class PostgreSQLInterrupter: Sendable {
    private struct State {
        var operation: UInt64 = 0
        var isRunning = false
        var wasCancelled = false
        var isCut = false
        /// nil once the connection is closed.
        var descriptor: CInt?
    }

    /// SAFETY: libpq lets any thread use the handle of a cancellation; it is freed with this object, which a request that is
    /// under way holds.
    private nonisolated(unsafe) let cancellation: OpaquePointer?
    private let state: Mutex<State>
    /// Entered for each request to cancel that is under way.
    private let requests = DispatchGroup()
    /// A request opens a connection of its own and waits for its end: not on the cooperative pool.
    private static let queue = DispatchQueue(label: "database.cancel", attributes: .concurrent)

    init(_ connection: OpaquePointer) {
        cancellation = PQgetCancel(connection)
        state = Mutex(State(descriptor: PQsocket(connection)))
    }

    deinit { PQfreeCancel(cancellation) }

    /// Begins an operation; returns its number.
    func begin() -> UInt64 {
        state.withLock { state in
            state.operation += 1
            state.isRunning = true
            state.wasCancelled = false
            return state.operation
        }
    }

    /// Ends the operation; returns whether the server was asked to cancel it, and whether that request is over.
    func end() -> (wasCancelled: Bool, isSettled: Bool) {
        let (wasCancelled, isCut) = state.withLock { state in
            state.isRunning = false
            return (state.wasCancelled, state.isCut)
        }
        guard wasCancelled else { return (false, !isCut) }
        // A request that is still on its way would hit whoever has the connection next.
        let isSettled = requests.wait(timeout: .now() + Self.settleTimeout) == .success
        return (true, isSettled && !isCut)
    }

    /// How long the end of an operation waits for a request to cancel it; beyond it the connection is given up.
    private static let settleTimeout = DispatchTimeInterval.milliseconds(500)

    /// How long a cancelled operation may go on before the server is asked again.
    private static let repeatInterval = DispatchTimeInterval.milliseconds(100)

    /// Asks the server to end the statement of an operation; returns at once.
    ///
    /// A request that comes before its statement ends nothing, so it is repeated for as long as the operation runs.
    func cancel(_ operation: UInt64) {
        let isWanted = state.withLock { state in
            guard state.isRunning, state.operation == operation, !state.isCut else { return false }
            state.wasCancelled = true
            requests.enter()
            return true
        }
        guard isWanted else { return }
        Self.queue.async { [self] in
            var message = [CChar](repeating: 0, count: 256)
            _ = PQcancel(cancellation, &message, Int32(message.count))
            requests.leave()
            Self.queue.asyncAfter(deadline: .now() + Self.repeatInterval) { [weak self] in self?.cancel(operation) }
        }
    }

    /// Cuts the connection under an operation: a server that does not answer any more holds its thread no longer.
    func cut(_ operation: UInt64) {
        state.withLock { state in
            guard state.isRunning, state.operation == operation, let descriptor = state.descriptor else { return }
            state.isCut = true
            _ = shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    /// The socket is about to be closed, and its number may soon be another one's.
    func forgetSocket() { state.withLock { $0.descriptor = nil } }
}
