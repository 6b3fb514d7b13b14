package import Basics
internal import Coordination
internal import Database
internal import Instruments
package import Records

extension TaskRepository {
    /// Makes the tasks that a coordinator wants while it runs; the plan's merge waits for them from then on.
    ///
    /// The key belongs to the coordinator's task and not to the agent, and the first request with it counts, whatever a later
    /// one asks for: an attempt that follows a lost one does not make everything twice.
    /// - Parameters:
    ///   - id: the coordinator's task.
    ///   - claim: its lease.
    ///   - children: what to make; they belong to the coordinator's project, whatever they say.
    ///   - idempotencyKey: when tasks were made with this key for this coordinator in the last 24 hours, they are returned as
    ///     they are now, and nothing happens.
    ///   - origin: who asks.
    /// - Returns: the tasks, in their order, and whether an earlier request made them.
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `leaseLost`, `noCoordinator`, `tooManyChildren`, `notPossible` when
    ///   the merge has ended, `uniqueKeyTaken`, `invalidParameter` for the key, `event`, `database`.
    package func spawn(
        from id: UUIDv7,
        _ claim: LeaseClaim,
        _ children: [NewTask],
        idempotencyKey: String? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> (tasks: [ProjectTask], isReplay: Bool) {
        try await store.perform(.spawn) {
            try IdempotencyKeys.check(idempotencyKey)
            try store.refuse(Self.violations(of: children))
            let spawnID = store.ids.next()
            let ids = children.map { _ in store.ids.next() }
            let project = children.first?.fields.projectID ?? id
            let (tasks, isReplay) = try await unique(children.compactMap(\.fields.uniqueKey), in: project) {
                try await store.database.write("tasks.spawn") { connection in
                    let coordinator = try store.locked(id, nil, connection)
                    guard coordinator.progress.holds(claim) else {
                        throw try refusal(of: claim, on: coordinator, connection)
                    }
                    return try spawn(children, spawnID, ids, from: coordinator, idempotencyKey, origin, connection)
                }
            }
            if isReplay {
                metrics.idempotentReplays.increment()
            } else {
                metrics.children.increment(by: tasks.count)
            }
            return (tasks, isReplay)
        }
    }

    private static func violations(of children: [NewTask]) -> [FieldViolation] {
        var list = ViolationList()
        if children.isEmpty || children.count > TaskLimits.childrenMax {
            list.add("/tasks", "their number must be from 1 to \(TaskLimits.childrenMax)")
        }
        for (index, child) in children.prefix(TaskLimits.childrenMax).enumerated() {
            for violation in child.violations { list.add("/tasks/\(index)\(violation.pointer)", violation.message) }
        }
        return list.violations
    }

    private func spawn(
        _ children: [NewTask],
        _ spawnID: UUIDv7,
        _ ids: [UUIDv7],
        from coordinator: ProjectTask,
        _ key: String?,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> (tasks: [ProjectTask], isReplay: Bool) {
        guard let place = coordinator.fields.plan, place.role == .coordinator else { throw TaskRefusal.noCoordinator }
        let table = TaskTable(connection: connection)
        if let key {
            let keys = IdempotencyKeys(of: ProjectTask.table.one, connection)
            let owner = "coordinator:\(coordinator.id)"
            // Not bound to the content: a coordinator may say something else the second time.
            if let earlier = try keys.claim(key, owner, hash: "children", id: spawnID, at: store.clock.now) {
                return (try table.planned(place.planID, spawn: earlier.id), true)
            }
        }
        guard try table.childCount(of: place.planID) + children.count <= TaskLimits.childrenMax else {
            throw TaskRefusal.tooManyChildren(childrenMax: TaskLimits.childrenMax)
        }
        // Locked before the children are made, in the order in which the coordinator's end locks them too.
        let merges = try table.planned(place.planID, spawn: nil).filter { $0.fields.plan?.role == .merge }.map {
            try store.locked($0.id, nil, connection)
        }
        for merge in merges where !merge.progress.status.isUnstarted {
            throw TaskRefusal.notPossible(from: merge.progress.status)
        }
        let made = try zip(children, ids).map { child, id in
            var child = child
            child.fields.projectID = coordinator.fields.projectID
            child.fields.plan = PlanPlace(planID: place.planID, role: .child, spawnID: spawnID)
            child.dependencies = []
            return try create(child, id: id, nil, origin, connection).task
        }
        for merge in merges { try extend(merge, with: made, of: coordinator, origin, connection) }
        return (made, false)
    }

    /// Has a merge wait for some children as it waits for their coordinator.
    private func extend(
        _ merge: ProjectTask,
        with children: [ProjectTask],
        of coordinator: ProjectTask,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws {
        let table = TaskTable(connection: connection)
        let known = try table.dependencies(of: merge.id)
        guard known.count + children.count <= TaskLimits.dependenciesMax else {
            throw TaskRefusal.tooManyChildren(childrenMax: TaskLimits.childrenMax)
        }
        let condition = known.first { $0.dependency.taskID == coordinator.id }?.dependency.condition ?? .success
        for child in children { try table.insert(TaskDependency(on: child.id, condition), of: merge.id) }
        _ = try depending(merge, origin, connection)
    }
}
