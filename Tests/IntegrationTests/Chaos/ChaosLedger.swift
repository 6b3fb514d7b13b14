import Basics
import Synchronization

/// What the run has seen so far, shared by those who make tasks and those who make faults.
final class ChaosLedger: Sendable {
    private struct State {
        /// The identifiers of the tasks whose creation was answered, by place in the plan.
        var ids: [Int: String] = [:]
        var groups = 0
        var replays = 0
        var retries = 0
        var workerFaults = 0
        var kills = 0
        var stops = 0
        var serverKills = 0
        var storeFaults = 0
        var serverKilledAt: [Timestamp] = []
        var databaseAway: [ClosedRange<Timestamp>] = []
    }

    private let state = Mutex(State())
    let scale: ChaosScale

    init(_ scale: ChaosScale) { self.scale = scale }

    // MARK: Tasks

    var ids: [Int: String] { state.withLock { $0.ids } }

    func id(at place: Int) -> String? { state.withLock { $0.ids[place] } }

    /// A creation was answered; `isReplay`: whether an earlier request had made it, whose answer was lost.
    func created(_ place: Int, _ id: String, isReplay: Bool) {
        state.withLock { state in
            state.ids[place] = id
            if isReplay { state.replays += 1 }
        }
    }

    /// The next group of tasks that nobody makes yet.
    func nextGroup() -> Int {
        state.withLock { state in
            defer { state.groups += 1 }
            return state.groups
        }
    }

    func createdNot() { state.withLock { $0.retries += 1 } }

    /// Whether the task at a place may be made already: the load lasts as long as the faults do.
    func mayCreate(_ place: Int) -> Bool {
        let done = state.withLock { Double($0.workerFaults) } / Double(scale.workerFaults)
        return Double(place) < Double(scale.tasks) * (0.1 + 0.9 * done)
    }

    // MARK: Faults

    func killedWorker() {
        state.withLock { state in
            state.kills += 1
            state.workerFaults += 1
        }
    }

    func stoppedWorker() {
        state.withLock { state in
            state.stops += 1
            state.workerFaults += 1
        }
    }

    /// The server was killed, not before a time, and another listens.
    func killedServer(at time: Timestamp) {
        state.withLock { state in
            state.serverKills += 1
            state.serverKilledAt.append(time)
        }
    }

    /// PostgreSQL or Redis was hurt; `away`: for how long there was no database.
    func hurtStore(_ away: ClosedRange<Timestamp>?) {
        state.withLock { state in
            state.storeFaults += 1
            if let away { state.databaseAway.append(away) }
        }
    }

    var serverKilledAt: [Timestamp] { state.withLock { $0.serverKilledAt } }

    var databaseAway: [ClosedRange<Timestamp>] { state.withLock { $0.databaseAway } }

    /// The faults and creations, for the summary.
    var summary: String {
        state.withLock { state in
            """
            kills \(state.kills), stops \(state.stops), server kills \(state.serverKills), \
            faults of PostgreSQL and Redis \(state.storeFaults), answered creations \(state.ids.count) \
            (\(state.replays) by replay, \(state.retries) requests unanswered or refused)
            """
        }
    }
}
