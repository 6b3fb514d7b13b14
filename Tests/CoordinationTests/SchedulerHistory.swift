import Basics
import Coordination
import Testing

/// A random history: tasks come and end, agents ask and go, projects are held and let go.
struct SchedulerHistory {
    struct Shape {
        var projects = 4
        var agents = 5
        var capabilities = ["a", "b"]
        var keys = ["k", "l", "m"]
        var holds = true
        var steps = 60
        /// How many groups of tasks there are that are better done by different agents.
        var spreads = 0
    }

    let shape: Shape
    var random: SeededGenerator
    let ids: UUIDv7Generator
    let projects: [UUIDv7]
    let agents: [UUIDv7]
    let spreads: [UUIDv7]
    var now = Timestamp(milliseconds: 1_700_000_000_000)
    var running: [UUIDv7] = []
    var open: [UUIDv7] = []
    var waiting: [WaiterID] = []

    init(_ shape: Shape, seed: UInt64) {
        self.shape = shape
        random = SeededGenerator(seed: seed)
        let ids = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: seed))
        self.ids = ids
        projects = (0..<shape.projects).map { _ in ids.next() }
        agents = (0..<shape.agents).map { _ in ids.next() }
        spreads = (0..<shape.spreads).map { _ in ids.next() }
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func task() -> SchedulerTask {
        let capabilities = shape.capabilities.filter { _ in chance(30) }
        let labels = chance(10) ? ["zone": chance(50) ? "x" : "y"] : [:]
        let keys = shape.keys.filter { _ in chance(15) }.map {
            ConcurrencyKey($0, limit: Int.random(in: 1...3, using: &random))
        }
        let delay = chance(20) ? Int.random(in: 1...900, using: &random) : 0
        var spread: UUIDv7?
        if !spreads.isEmpty, chance(40) { spread = spreads.randomElement(using: &random) }
        return SchedulerTask(
            id: ids.next(),
            projectID: projects.randomElement(using: &random) ?? projects[0],
            kind: chance(50) ? "train" : "shell",
            needs: AgentNeeds(capabilities: Set(capabilities), labels: labels),
            keys: keys,
            priority: Int.random(in: 1...10, using: &random),
            readyAt: now.advanced(by: .seconds(delay)),
            spread: spread
        )
    }

    mutating func agent() -> WaitingAgent {
        let id = agents.randomElement(using: &random) ?? agents[0]
        // What an agent is follows from its identifier, so that it is the same each time it asks.
        var own = SeededGenerator(seed: id.low)
        let capabilities = shape.capabilities.filter { _ in Int.random(in: 0..<100, using: &own) < 70 }
        return WaitingAgent(
            agentID: id,
            capabilities: Set(capabilities),
            labels: ["zone": Bool.random(using: &own) ? "x" : "y"],
            concurrency: Int.random(in: 1...4, using: &own),
            countMax: Int.random(in: 1...3, using: &random),
            records: [
                "train": SuccessRecord(
                    successes: Int.random(in: 0...40, using: &own),
                    failures: Int.random(in: 0...40, using: &own)
                )
            ],
            since: now
        )
    }
}

extension WaitingAgent {
    func meets(_ needs: AgentNeeds) -> Bool { needs.areMet(capabilities: capabilities, labels: labels) }
}
