import Basics
import Testing

/// What a fuzz run saw.
struct FuzzTally {
    private(set) var statuses: [Int: Int] = [:]
    private(set) var accepted = 0
    private(set) var total = 0
    private var slowest = (duration: Duration.zero, input: "")

    /// Sends one input through `body`, and takes note of the answer.
    mutating func note(_ input: String, _ body: () async throws -> Reply) async rethrows -> Reply {
        let begin = ContinuousClock.now
        let reply = try await body()
        let duration = ContinuousClock.now - begin
        if duration > slowest.duration { slowest = (duration, input) }
        total += 1
        statuses[reply.status, default: 0] += 1
        if reply.status < 300 { accepted += 1 }
        return reply
    }

    var acceptedShare: Double { total == 0 ? 0 : Double(accepted) / Double(total) }

    /// The line that a run ends with.
    func summary(_ what: String, seed: UInt64) -> String {
        let counts = statuses.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        let percent = (acceptedShare * 1000).rounded() / 10
        let time = (slowest.duration.inSeconds * 1000).rounded()
        return "fuzz seed \(seed): \(total) \(what), \(accepted) accepted (\(percent) %); \(counts); "
            + "slowest \(Int(time)) ms: \(slowest.input.prefix(120).debugDescription)"
    }
}
