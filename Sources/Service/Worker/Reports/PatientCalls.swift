import Basics
import Client

/// Calls about an attempt that are made again while the server does not answer.
package struct PatientCalls: Sendable {
    /// How long a server that does not answer is waited for, in all.
    package static let patienceMax = Duration.seconds(300)

    /// Why a call came to nothing.
    package enum Fault: Error, Hashable, Sendable {
        /// The server has no such route.
        case notTaken
        /// The attempt is over.
        case stopped
        case refused(String)
    }

    private let clock: any WallClock
    private let stop: Latch<StopReason>

    init(clock: any WallClock, stop: Latch<StopReason>) {
        self.clock = clock
        self.stop = stop
    }

    /// Makes a call, for as long as the attempt is wanted.
    func make<Value>(_ call: () async throws(AgentCallError) -> Value) async throws(Fault) -> Value {
        var retry = RetryDelay()
        var random = SystemRandomNumberGenerator()
        let end = clock.uptime + Self.patienceMax
        while true {
            do throws(AgentCallError) {
                return try await call()
            } catch {
                switch error {
                case .later(let reason, let retryAfter):
                    guard clock.uptime < end else { throw .refused(reason) }
                    let delay = retry.next(retryAfter, &random)
                    let isStopped = await stop.isSet(within: delay, by: clock)
                    if isStopped { throw .stopped }
                case .notFound: throw .notTaken
                case .leaseLost: throw .stopped
                case .notAllowed, .refused, .unexpectedAnswer, .wrongOffset: throw .refused("\(error)")
                }
            }
        }
    }
}
