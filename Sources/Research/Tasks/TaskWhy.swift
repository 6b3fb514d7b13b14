package import Basics
internal import Coordination
internal import Database
package import JSON
internal import Records

/// Why a task is where it is, for people.
package struct TaskWhy: Hashable, Sendable {
    package let status: TaskStatus
    /// What stands in the way, or led to the end; never empty.
    package let reasons: [TaskReason]
    /// Why the newest attempt went to its agent, as the scheduler decided: a JSON object; nil before the first.
    package let decision: JSONValue?
}

/// The agents, as far as one task is concerned.
package struct AgentRoster: Hashable, Sendable {
    /// How many have the capabilities and labels that it needs.
    package var able = 0
    /// How many of those are online and take tasks.
    package var online = 0
    /// How many of those are in quarantine.
    package var quarantined = 0

    package init() {}
}

/// One reason.
package struct TaskReason: Hashable, Sendable {
    /// The kinds; the raw values are those of the API.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Another task has not ended, or ended otherwise than is asked for.
        case dependency
        /// A person has to approve it.
        case approval
        /// Its project is paused, closed or deleted.
        case project
        /// A concurrency key is at its limit, or kept free for a task that comes before it.
        case concurrencyKey = "concurrency_key"
        /// No agent has the capabilities and labels that it needs.
        case noCapableAgent = "no_capable_agent"
        /// The agents that can do it have as many tasks as they may, or do not ask for work.
        case agentsBusy = "agents_busy"
        /// Other tasks of its project go first.
        case turn
        /// A person holds it back.
        case paused
        /// Its time has not come.
        case notBefore = "not_before"
        /// It waits after a failed attempt.
        case retryDelay = "retry_delay"
        /// It may be begun: no agent that can do it has asked, or others go first.
        case noAgent = "no_agent"
        /// An agent does it.
        case leased
        /// It ended.
        case ended
    }

    package let kind: Kind
    /// In a sentence.
    package let detail: String
    /// The other task, where one is the reason.
    package var taskID: UUIDv7?
    /// The tasks that use a concurrency key, at most ``holdersShownMax`` of them.
    package var holders: [UUIDv7] = []

    package static let holdersShownMax = 10
}

extension TaskWhy {
    /// The reasons that follow from a task with its dependencies, from what the scheduler says and from the agents.
    ///
    /// Pure.
    init(_ details: TaskRepository.Details, _ waits: [WaitReason], _ roster: AgentRoster?, at now: Timestamp) {
        decision = details.attempts.last?.reasons
        let progress = details.task.progress
        status = progress.status
        func one(_ kind: TaskReason.Kind, _ detail: String) -> [TaskReason] { [TaskReason(kind: kind, detail: detail)] }
        switch progress.status {
        case .waiting, .skipped:
            let unmet = details.dependencies.filter { $0.verdict != .met }
            reasons = unmet.map { observed in
                let dependency = observed.dependency
                return TaskReason(
                    kind: .dependency,
                    detail: "task \(dependency.taskID) is \(observed.status.rawValue); the condition is "
                        + dependency.condition.rawValue,
                    taskID: dependency.taskID
                )
            }
        case .awaitingApproval:
            let end = progress.deadline(details.task.fields.rules.timeouts)
            reasons = one(.approval, "a person has to approve it" + (end.map { " before \($0.rfc3339)" } ?? ""))
        case .paused: reasons = one(.paused, "a person holds it back; resume it")
        case .queued where progress.runAt > now:
            let time = progress.runAt.rfc3339
            reasons =
                progress.failures > 0
                ? one(.retryDelay, "attempt \(progress.token) failed; the next one is not before \(time)")
                : one(.notBefore, "it is not to be begun before \(time)")
        case .queued:
            let found = waits.compactMap { TaskReason($0, details.task.fields, roster) }
            reasons = found.isEmpty ? one(.noAgent, "an agent gets it at its next look") : found
        case .running:
            let agent = progress.lease.map { "\($0.agentID)" } ?? "an agent"
            reasons = one(.leased, "agent \(agent) does attempt \(progress.token)")
        case .succeeded where progress.isCounted: reasons = one(.ended, "the votes gave a result")
        case .succeeded: reasons = one(.ended, "attempt \(progress.token) succeeded")
        case .cancelled: reasons = one(.ended, "a person cancelled it")
        case .dead:
            let error = details.task.failure.map { "; the newest error is \($0.errorClass)" } ?? ""
            reasons = one(.ended, "\(progress.reason?.rawValue ?? "dead")\(error)")
        }
    }
}

extension TaskRepository {
    /// Why a task is where it is.
    ///
    /// `roster` looks at the agents for a task that waits for one; nil when nothing is known of them.
    /// - Throws: ``TaskError``: `notFound`, `database`.
    package func why(
        _ id: UUIDv7,
        roster: (@Sendable (AgentNeed) async throws -> AgentRoster)? = nil
    ) async throws(TaskError) -> TaskWhy {
        try await store.perform(.why) {
            let now = store.clock.now
            let (details, isOpen) = try await store.database.read("tasks.why") { connection in
                guard let row = try ProjectTask.table.find(id, connection) else { throw TaskError.notFound(id) }
                let task = try ProjectTask(row)
                let table = TaskTable(connection: connection)
                let details = Details(
                    task: task,
                    dependencies: try table.dependencies(of: id),
                    attempts: try table.attempts(of: id, limit: 1)
                )
                return (details, try table.isOpen(project: task.fields.projectID))
            }
            guard details.task.progress.status == .queued else { return TaskWhy(details, [], nil, at: now) }
            try await loadBoard()
            board.change { state in
                state.note(details.task)
                state.setHeld(!isOpen, project: details.task.fields.projectID)
            }
            let fields = details.task.fields
            let need = AgentNeed(capabilities: fields.capabilities, labels: fields.labels)
            return TaskWhy(details, board.explain(id), try await roster?(need), at: now)
        }
    }
}

/// What a task needs of its agent.
package struct AgentNeed: Hashable, Sendable {
    package let capabilities: [String]
    package let labels: [String: String]

    /// Whether an agent has it.
    package func isMet(capabilities have: [String], labels marks: [String: String]) -> Bool {
        AgentNeeds(capabilities: Set(capabilities), labels: labels).areMet(capabilities: Set(have), labels: marks)
    }
}

extension TaskReason {
    /// The same for people; nil for what goes without saying.
    fileprivate init?(_ wait: WaitReason, _ fields: TaskFields, _ roster: AgentRoster?) {
        switch wait {
        case .notBefore(let time): self.init(kind: .notBefore, detail: "it is not to be begun before \(time.rfc3339)")
        case .projectHeld:
            self.init(
                kind: .project,
                detail: "its project is paused, closed or deleted; it goes on when that is open again"
            )
        case .keyFull(let key, let limit, let holders):
            self.init(
                kind: .concurrencyKey,
                detail: "the concurrency key \(key) is at its limit of \(limit)",
                holders: Array(holders.prefix(Self.holdersShownMax))
            )
        case .keyReserved(let key, let other):
            self.init(
                kind: .concurrencyKey,
                detail: "the concurrency key \(key) is kept free for task \(other), which comes before it",
                taskID: other
            )
        case .nobodyWaits: self.init(nobody: fields, roster)
        case .behind(let tasks):
            self.init(kind: .turn, detail: "\(tasks) ready tasks of its project go before it, by priority and age")
        }
    }

    /// "1 agent with gpu is", "2 agents are".
    private static func agents(_ count: Int, _ need: String) -> String {
        count == 1 ? "1 agent\(need) is" : "\(count) agents\(need) are"
    }

    private init(nobody fields: TaskFields, _ roster: AgentRoster?) {
        let needs = fields.capabilities + fields.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let need = needs.isEmpty ? "" : " with \(needs.joined(separator: ", "))"
        guard let roster else {
            self.init(kind: .noAgent, detail: "no agent\(need) asks for work now")
            return
        }
        if roster.able == 0 {
            self.init(kind: .noCapableAgent, detail: "no agent\(need) is registered")
        } else if roster.online == 0 {
            self.init(
                kind: .noAgent,
                detail: "\(Self.agents(roster.able, need)) registered; none is online and takes tasks"
            )
        } else {
            let quarantined = roster.quarantined == 0 ? "" : ", \(roster.quarantined) of them in quarantine"
            self.init(
                kind: .agentsBusy,
                detail: "\(Self.agents(roster.online, need)) online\(quarantined); none has room and asks for work now"
            )
        }
    }
}
