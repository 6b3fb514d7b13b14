internal import Basics
internal import NIOCore
import Synchronization

/// What the callers of one connection and its event loop share: the commands that are to be sent.
///
/// Callers append the bytes of their commands; the first one wakes the loop, which sends all that have gathered with
/// one write. So many callers on one connection are pipelined without doing anything for it.
final class RedisPipeline: Sendable {
    typealias Answer = Result<RESPValue, RedisError>

    /// A caller that awaits its reply; replies come in the order of the commands.
    struct Waiter {
        let continuation: CheckedContinuation<Answer, Never>
        /// Points of uptime.
        let begin, deadline: Duration
    }

    /// What the loop takes at once.
    struct Batch {
        var bytes = ByteBuffer()
        var waiters: [Waiter] = []
    }

    private struct State {
        var batch = Batch()
        var inFlight = 0
        var wake: (@Sendable () -> Void)?
        var failure: RedisError?
        var endings: [CheckedContinuation<RedisError, Never>] = []
    }

    private let commandsInFlightMax: Int
    private let clock: any WallClock
    private let state = Mutex(State())

    init(commandsInFlightMax: Int, clock: any WallClock) {
        self.commandsInFlightMax = commandsInFlightMax
        self.clock = clock
    }

    /// How many commands have no reply yet.
    var inFlight: Int { state.withLock { $0.inFlight } }

    /// Sends a command and waits for its reply, at most for `timeout`.
    ///
    /// A caller that is cancelled still waits: the time is short, and the reply has to be read anyway.
    func send(_ command: RedisCommand, timeout: Duration) async -> Answer {
        let begin = clock.uptime
        return await withCheckedContinuation { continuation in
            let waiter = Waiter(continuation: continuation, begin: begin, deadline: begin + timeout)
            let (wake, refusal): ((@Sendable () -> Void)?, RedisError?) = state.withLock { state in
                if state.failure != nil { return (nil, RedisError(.unavailable, "the connection has ended")) }
                guard state.inFlight < commandsInFlightMax else {
                    return (nil, RedisError(.overloaded, "\(commandsInFlightMax) commands are in flight"))
                }
                let isFirst = state.batch.waiters.isEmpty
                state.inFlight += 1
                state.batch.waiters.append(waiter)
                command.write(to: &state.batch.bytes)
                return (isFirst ? state.wake : nil, nil)
            }
            wake?()
            if let refusal { continuation.resume(returning: .failure(refusal)) }
        }
    }

    /// Returns why the connection ended, when it has.
    func ended() async -> RedisError {
        await withCheckedContinuation { continuation in
            let failure = state.withLock { state in
                if state.failure == nil { state.endings.append(continuation) }
                return state.failure
            }
            if let failure { continuation.resume(returning: failure) }
        }
    }

    // MARK: The event loop's side

    /// Gives the pipeline a way to wake the loop.
    func attach(wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    /// What has gathered since the last time.
    func takeBatch() -> Batch {
        state.withLock { state in
            let batch = state.batch
            state.batch = Batch()
            // The next one is about as large: growing step by step would copy it several times, under the lock.
            state.batch.bytes.reserveCapacity(batch.bytes.readableBytes)
            state.batch.waiters.reserveCapacity(batch.waiters.count)
            return batch
        }
    }

    /// Notes that so many commands have their replies.
    func answered(_ count: Int) { state.withLock { $0.inFlight -= count } }

    /// Ends the connection for all: those that wait here, given back, and those that come.
    func fail(_ error: RedisError) -> [Waiter] {
        let (waiters, endings) = state.withLock { state in
            guard state.failure == nil else { return ([Waiter](), [CheckedContinuation<RedisError, Never>]()) }
            state.failure = error
            state.inFlight = 0
            state.wake = nil
            defer {
                state.batch = Batch()
                state.endings = []
            }
            return (state.batch.waiters, state.endings)
        }
        for ending in endings { ending.resume(returning: error) }
        return waiters
    }
}
