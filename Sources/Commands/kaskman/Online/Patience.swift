import Basics
import Client

/// Looks again and again at a server that may be away in between, as while it is restarted.
///
/// A server that has not answered once is not waited for: more likely its address is wrong.
struct Patience {
    /// The time between two tries.
    static let interval: Duration = .seconds(2)

    private let environment: CommandEnvironment
    /// When it is over, by the time that the clock has run; nil for never.
    private let end: Duration?
    private var hasAnswered = false
    private var isAway = false

    init(_ environment: CommandEnvironment, until end: Duration? = nil) {
        self.environment = environment
        self.end = end
    }

    /// Does what asks the server, until it answers; says once on the standard error that it does not.
    /// - Throws: what `body` throws, also a failure that may pass once the time is over.
    mutating func ask<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        while true {
            do {
                let answer = try await body()
                (hasAnswered, isAway) = (true, false)
                return answer
            } catch let error as ClientError where hasAnswered && error.isPassing {
                let left = end.map { $0 - environment.clock.uptime } ?? Self.interval
                guard left > .zero else { throw error }
                if !isAway { environment.message("kaskman: \(error); trying again") }
                isAway = true
                try await environment.clock.sleep(for: min(left, Self.interval))
            }
        }
    }
}
