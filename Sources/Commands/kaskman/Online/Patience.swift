import Basics
import Client

/// Looks again and again at a server that may be away in between, as while it is restarted.
///
/// A server that has not answered once is not waited for: more likely its address is wrong.
struct Patience {
    /// The time between two tries.
    static let interval: Duration = .seconds(2)

    private let environment: CommandEnvironment
    private var hasAnswered = false
    private var isAway = false

    init(_ environment: CommandEnvironment) { self.environment = environment }

    /// Does what asks the server, until it answers; says once on the standard error that it does not.
    mutating func ask<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        while true {
            do {
                let answer = try await body()
                (hasAnswered, isAway) = (true, false)
                return answer
            } catch let error as ClientError where hasAnswered && error.isPassing {
                if !isAway { environment.message("kaskman: \(error); trying again") }
                isAway = true
                try await environment.clock.sleep(for: Self.interval)
            }
        }
    }
}
