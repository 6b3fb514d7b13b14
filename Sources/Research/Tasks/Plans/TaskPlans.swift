package import Basics
package import Coordination
internal import Database
internal import Instruments
package import Records

/// The tasks of a plan, as they are now.
package struct TaskPlan: Hashable, Sendable {
    /// One of them.
    package struct Entry: Hashable, Sendable {
        package let task: ProjectTask
        package let role: PlanRole
        package let dependencies: [TaskDependency]
        /// What it is for, for people.
        package let purpose: String
    }

    package let id: UUIDv7
    package let strategy: Strategy
    package let projectID: UUIDv7
    /// Those that it began with, in their order: none depends on a later one.
    package let entries: [Entry]
}

extension TaskRepository {
    /// What a creation of a plan gave.
    package struct PlanCreation: Hashable, Sendable {
        package let plan: TaskPlan
        /// Whether an earlier creation with the same key made it.
        package let isReplay: Bool
    }

    /// Makes all tasks of a plan, or none.
    ///
    /// - Parameters:
    ///   - new: what it is.
    ///   - idempotencyKey: when the same actor made this plan with this key in the last 24 hours, that one is returned as it is
    ///     now, and nothing happens.
    ///   - origin: who makes it.
    /// - Returns: the plan, and whether an earlier creation made it.
    /// - Throws: ``TaskError``: `invalid`, also for a project that is not there; `uniqueKeyTaken`, `invalidParameter` for the
    ///   key, `idempotencyConflict`, `event`, `database`.
    package func coordinate(
        _ new: NewPlan,
        idempotencyKey: String? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> PlanCreation {
        try await store.perform(.coordinate) {
            try IdempotencyKeys.check(idempotencyKey)
            let shape = try new.shape()
            let planID = store.ids.next()
            let ids = shape.nodes.map { _ in store.ids.next() }
            let creation = try await unique(new.uniqueKeys, in: new.projectID) {
                try await store.database.write("tasks.coordinate") { connection in
                    try create(new, shape, planID, ids, idempotencyKey, origin, connection)
                }
            }
            if creation.isReplay {
                metrics.idempotentReplays.increment()
            } else {
                metrics.planned(new.strategy)
            }
            return creation
        }
    }

    private func create(
        _ new: NewPlan,
        _ shape: Plan,
        _ planID: UUIDv7,
        _ ids: [UUIDv7],
        _ key: String?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> PlanCreation {
        if let key {
            let keys = IdempotencyKeys(of: ProjectTask.table.one, connection)
            let hash = IdempotencyKeys.hash(of: new.values)
            if let earlier = try keys.claim(key, origin.actorKey, hash: hash, id: planID, at: store.clock.now) {
                let tasks = try TaskTable(connection: connection).planned(earlier.id, spawn: nil)
                return PlanCreation(plan: try plan(earlier.id, new, shape, tasks, connection), isReplay: true)
            }
        }
        var tasks: [ProjectTask] = []
        for (index, node) in shape.nodes.enumerated() {
            guard let task = new.task(node, planID: planID, ids: ids) else { continue }
            tasks.append(try create(task, id: ids[index], nil, origin, connection).task)
        }
        return PlanCreation(plan: try plan(planID, new, shape, tasks, connection), isReplay: false)
    }

    private func plan(
        _ id: UUIDv7,
        _ new: NewPlan,
        _ shape: Plan,
        _ tasks: [ProjectTask],
        _ connection: any SQLConnection
    ) throws -> TaskPlan {
        let table = TaskTable(connection: connection)
        let entries = try tasks.enumerated().map { index, task in
            TaskPlan.Entry(
                task: task,
                role: task.fields.plan?.role ?? .part,
                dependencies: try table.dependencies(of: task.id).map(\.dependency),
                purpose: shape.purpose(of: index)
            )
        }
        return TaskPlan(id: id, strategy: new.strategy, projectID: new.projectID, entries: entries)
    }

    /// The votes that a vote is counted from.
    func ballot(of vote: ProjectTask, _ connection: any SQLConnection) throws -> Ballot {
        guard let place = vote.fields.plan, let rules = place.vote else { return Ballot([], VoteRules(quorum: 1)) }
        let members = try TaskTable(connection: connection).planned(place.planID, spawn: nil)
        let votes = members.filter { $0.fields.plan?.role == .member }
        return Ballot(votes.map { Ballot.Vote($0.id, $0.progress.status == .succeeded ? $0.output : nil) }, rules)
    }
}

extension TaskTable {
    /// The tasks that a plan began with, or those that one request of its coordinator made, in the order of their creation;
    /// deleted ones too.
    func planned(_ plan: UUIDv7, spawn: UUIDv7?) throws(DatabaseError) -> [ProjectTask] {
        var arguments: [SQLValue] = [.id(plan)]
        if let spawn { arguments.append(.id(spawn)) }
        let condition = spawn == nil ? "spawn_id IS NULL" : "spawn_id = ?2"
        let rows = try connection.query(
            "SELECT \(ProjectTask.table.columns) FROM tasks WHERE plan_id = ?1 AND \(condition) ORDER BY id",
            arguments
        )
        return try rows.map { row throws(DatabaseError) in try ProjectTask(row) }
    }

    func childCount(of plan: UUIDv7) throws(DatabaseError) -> Int {
        let sql = "SELECT count(*) AS tasks FROM tasks WHERE plan_id = ?1 AND spawn_id IS NOT NULL"
        return try connection.queryFirst(sql, [.id(plan)])?.int("tasks") ?? 0
    }
}
