import Basics
import KeyValue
import Testing

@Suite struct RedisConnectionStateTests {
    private let limits = RedisConnectionState.Limits(
        delayMin: .milliseconds(100),
        delayMax: .seconds(1),
        steadyAfter: .seconds(5)
    )

    @Test("A connection is made, greeted and served")
    func life() {
        var state = RedisConnectionState(limits: limits)
        #expect(state.phase == .connecting)
        let actions = [state.connected(), state.greeted(at: .seconds(1))]
        #expect(actions == [.greet, .serve])
        #expect(state.phase == .ready)
        let last = state.close()
        #expect(last == .stop)
        #expect(state.phase == .closed)
    }

    @Test("Delays double up to the longest, a quarter of each is chance")
    func delays() {
        var state = RedisConnectionState(limits: limits)
        var random = SeededGenerator(seed: 7)
        for expected in [100, 200, 400, 800, 1000, 1000, 1000] {
            guard case .wait(let delay) = state.failed(at: .zero, random: &random) else {
                Issue.record("no delay")
                return
            }
            #expect(delay <= .milliseconds(expected) && delay > .milliseconds(expected * 3 / 4 - 1), "\(delay)")
            #expect(state.phase == .backingOff)
            let next = state.waited()
            #expect(next == .connect)
        }
    }

    @Test("Only a connection that was steady is forgiven what was before it")
    func forgiveness() {
        for (lasted, expected) in [
            (Duration.seconds(4), Duration.milliseconds(800)), (.seconds(5), .milliseconds(100)),
        ] {
            var state = RedisConnectionState(limits: limits)
            var random = SeededGenerator(seed: 7)
            for _ in 0..<3 {
                _ = state.failed(at: .zero, random: &random)
                _ = state.waited()
            }
            _ = state.connected()
            _ = state.greeted(at: .seconds(10))
            guard case .wait(let delay) = state.failed(at: .seconds(10) + lasted, random: &random) else {
                Issue.record("no delay")
                return
            }
            #expect(delay <= expected && delay > expected * 0.74, "\(lasted): \(delay)")
        }
    }

    @Test("What comes out of turn stops it, and closed is for good")
    func order() {
        var random = SeededGenerator(seed: 7)
        var state = RedisConnectionState(limits: limits)
        let early = [state.greeted(at: .zero), state.waited()]
        #expect(early == [.stop, .stop])
        let twice = [state.connected(), state.connected()]
        #expect(twice == [.greet, .stop])
        _ = state.close()
        let late = [
            state.failed(at: .zero, random: &random), state.waited(), state.connected(), state.greeted(at: .zero),
        ]
        #expect(late.allSatisfy { $0 == .stop })
    }
}
