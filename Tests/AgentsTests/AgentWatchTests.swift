import Agents
import Basics
import ChaosTesting
import Testing

@Suite struct AgentWatchTests {
    private let id = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1)).next()

    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test func theStatusFollowsFromTheSilence() {
        func f(_ silence: Duration, _ expected: AgentStatus, isDraining: Bool = false) {
            let presence = AgentPresence(lastHeartbeatAt: time(1000), timeout: .seconds(10), isDraining: isDraining)
            #expect(presence.status(at: time(1000).advanced(by: silence)) == expected, "\(silence)")
        }
        f(.zero, .online)
        f(.seconds(10), .online)
        f(.milliseconds(10_001), .late)
        f(.seconds(30), .late)
        f(.milliseconds(30_001), .offline)
        f(.seconds(1_000_000), .offline)
        f(.seconds(-5), .online)
        f(.seconds(10), .draining, isDraining: true)
        f(.seconds(11), .stopped, isDraining: true)
        f(.seconds(31), .stopped, isDraining: true)
        for isDraining in [false, true] {
            let never = AgentPresence(lastHeartbeatAt: nil, timeout: .seconds(10), isDraining: isDraining)
            #expect(never.status(at: time(5000)) == .neverSeen)
        }
        for silence: Int64 in [0, 11, 31, 100_000] {
            var presence = AgentPresence(lastHeartbeatAt: time(1000), timeout: .seconds(10), isDraining: false)
            presence.hasEnded = true
            #expect(presence.status(at: time(1000 + silence)) == .stopped, "it said so, whatever the time")
        }
    }

    @Test func aSignOfLifeIsNotedOnlyAfterAQuietTime() {
        func f(_ silence: Int64?, _ expected: Bool, hasEnded: Bool = false) {
            let heard = silence.map { time(1000 - $0) }
            var presence = AgentPresence(lastHeartbeatAt: heard, timeout: .seconds(10), isDraining: false)
            presence.hasEnded = hasEnded
            #expect(presence.isQuiet(at: time(1000)) == expected, "\(String(describing: silence))")
        }
        f(nil, true)
        f(0, false)
        f(5, false)
        f(6, true)
        f(-5, false)
        f(0, true, hasEnded: true)
    }

    /// What a round says of one agent with a timeout of 10 s.
    private func say(
        _ watch: inout AgentWatch,
        _ announced: AgentStatus,
        heard: Int64?,
        at now: Int64,
        isDraining: Bool = false
    ) -> AgentStatus? {
        let presence = AgentPresence(
            lastHeartbeatAt: heard.map(time),
            timeout: .seconds(10),
            isDraining: isDraining
        )
        let sighting = AgentWatch.Sighting(id: id, name: "a", announced: announced, presence: presence)
        let round = watch.round([sighting], at: time(now))
        #expect(round.counts == [round.transitions.first?.to ?? announced: 1])
        #expect(round.transitions.allSatisfy { $0.from == announced && $0.id == id })
        return round.transitions.first?.to
    }

    @Test func eachChangeIsSaidOnce() {
        var watch = AgentWatch(gapMax: .seconds(20))
        #expect(say(&watch, .neverSeen, heard: nil, at: 0) == nil)
        #expect(say(&watch, .neverSeen, heard: 3, at: 5) == .online)
        #expect(say(&watch, .online, heard: 3, at: 10) == nil)
        #expect(say(&watch, .online, heard: 3, at: 15) == .late)
        #expect(say(&watch, .late, heard: 3, at: 33) == nil)
        #expect(say(&watch, .late, heard: 3, at: 35) == .offline)
        #expect(say(&watch, .offline, heard: 3, at: 40) == nil)
        #expect(say(&watch, .offline, heard: 41, at: 45, isDraining: true) == .draining)
        #expect(say(&watch, .draining, heard: 41, at: 50) == .online)
    }

    @Test func silenceCountsOnlyWhileSomeoneListened() {
        var watch = AgentWatch(gapMax: .seconds(20))
        #expect(say(&watch, .online, heard: 0, at: 1000) == nil, "after a start")
        #expect(say(&watch, .online, heard: 0, at: 1010) == nil)
        #expect(say(&watch, .online, heard: 0, at: 1011) == .late)
        #expect(say(&watch, .late, heard: 0, at: 1031) == .offline)
        #expect(say(&watch, .online, heard: 1030, at: 2000) == nil, "after a gap")
        #expect(say(&watch, .late, heard: 1995, at: 2000) == .online, "good news are said at once")
        #expect(say(&watch, .online, heard: 1999, at: 500) == nil, "after the clock was set back")
        #expect(say(&watch, .online, heard: 1999, at: 515) == nil)
    }

    @Test func inAnyHistoryTheAnnouncementsFollowTheTruth() {
        for seed in Chaos.seeds(0...199) {
            var random = SeededGenerator(seed: seed)
            var watch = AgentWatch(gapMax: .seconds(20))
            var (announced, heard, now) = (AgentStatus.neverSeen, Int64?.none, Int64(0))
            for _ in 0..<100 {
                now += Int64.random(in: 1...8, using: &random)
                if Int.random(in: 0..<4, using: &random) == 0 { heard = now }
                let isDraining = Int.random(in: 0..<10, using: &random) == 0
                let said = say(&watch, announced, heard: heard, at: now, isDraining: isDraining)
                #expect(said != announced, "seed \(seed): nothing is said twice")
                announced = said ?? announced
                let truth = AgentPresence(
                    lastHeartbeatAt: heard.map(time),
                    timeout: .seconds(10),
                    isDraining: isDraining
                ).status(at: time(now))
                #expect(announced == truth, "seed \(seed): without gaps the truth is said")
            }
        }
    }
}
