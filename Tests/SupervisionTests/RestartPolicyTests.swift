import Basics
import Supervision
import Testing

@Suite("The restart policy")
struct RestartPolicyTests {
    private let limits = RestartPolicy.Limits(
        delayMin: .milliseconds(100),
        delayMax: .seconds(2),
        failuresMax: 6,
        window: .seconds(60)
    )

    private func seconds(_ decision: RestartPolicy.Decision) -> Double? {
        if case .restart(let delay) = decision { delay.inSeconds } else { nil }
    }

    @Test("Delays double up to the longest, less at most a quarter; one failure too many quarantines")
    func growth() throws {
        var random = SeededGenerator(seed: 7)
        var policy = RestartPolicy(limits: limits)
        for (index, full) in [0.1, 0.2, 0.4, 0.8, 1.6, 2.0].enumerated() {
            let decision = policy.failed(at: .seconds(index), random: &random)
            let delay = try #require(seconds(decision))
            #expect(delay > full * 0.7499 && delay <= full, "failure \(index): \(delay)")
        }
        let last = policy.failed(at: .seconds(7), random: &random)
        #expect(last == .quarantine)
    }

    @Test("Failures older than the window are forgotten")
    func window() throws {
        var random = SeededGenerator(seed: 8)
        var policy = RestartPolicy(limits: limits)
        for index in 0..<100 {
            let decision = policy.failed(at: .seconds(index * 61), random: &random)
            let delay = try #require(seconds(decision))
            #expect(delay <= 0.1)
        }
    }
}
