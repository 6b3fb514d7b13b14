package import Basics
internal import Database
internal import JSON
internal import Projects
package import Records

extension TaskRepository {
    /// Has a task that has not begun depend on a further one of its project; nothing happens when it does already.
    ///
    /// - Throws: ``TaskError``: `notFound`, `versionMismatch`, `invalid` for a task of another project, `cycle`,
    ///   `notPossible`, `tooManyDependents`, `graphTooLarge`, `event`, `database`.
    package func add(
        _ dependency: TaskDependency,
        to id: UUIDv7,
        expecting version: ExpectedVersion? = nil,
        by origin: ChangeOrigin
    ) async throws(TaskError) -> ProjectTask {
        try await store.perform(.depend) {
            try await store.database.write("tasks.depend") { connection in
                let project = try store.locked(id, version, connection).fields.projectID
                // One change of a project's graph at a time: two that each close half of a cycle cannot pass each other.
                _ = try Project.table.lock(project, connection)
                let task = try store.locked(id, version, connection)
                let table = TaskTable(connection: connection)
                let known = try table.dependencies(of: id)
                if known.contains(where: { $0.dependency == dependency }) { return task }
                let status = task.progress.status
                guard status.isUnstarted else { throw TaskRefusal.notPossible(from: status) }
                try check(dependency, known, of: task, connection)
                try table.insert(dependency, of: id)
                return try depending(task, origin, connection)
            }
        }
    }

    private func check(
        _ dependency: TaskDependency,
        _ known: [ObservedDependency],
        of task: ProjectTask,
        _ connection: any SQLConnection
    ) throws {
        if known.contains(where: { $0.dependency.taskID == dependency.taskID }) {
            throw TaskError.invalid([FieldViolation("/task_id", "is a dependency already, with another condition")])
        }
        if known.count >= TaskLimits.dependenciesMax {
            let reason = "the task has as many dependencies as may be, \(TaskLimits.dependenciesMax)"
            throw TaskError.invalid([FieldViolation("/task_id", reason)])
        }
        _ = try upstreamStatus(dependency.taskID, in: task.fields.projectID, "/task_id", connection)
        let graph = try graph(above: dependency.taskID, connection)
        if let cycle = graph.cycle(adding: task.id, dependsOn: dependency.taskID) { throw TaskRefusal.cycle(cycle) }
    }

    /// Notes new dependencies of a task that is locked, and what it means for the task's status.
    func depending(
        _ task: ProjectTask,
        _ origin: ChangeOrigin,
        _ connection: any SQLConnection
    ) throws -> ProjectTask {
        var noted = task
        noted.hasDependencies = true
        noted.version += 1
        noted.updatedAt = store.clock.now
        try store.update(task, to: noted, as: .dependencyAdded, by: origin, connection)
        connection.afterCommit { [board, noted] in board.note(noted) }
        return try step(noted, .dependencies(try verdict(on: task.id, connection)), by: origin, connection)
    }

    /// The status of a task that another one of a project may depend on.
    func upstreamStatus(
        _ id: UUIDv7,
        in project: UUIDv7,
        _ pointer: String,
        _ connection: any SQLConnection
    ) throws -> TaskStatus {
        // Locked, so that it cannot end between this look and the dependency's commit.
        guard let row = try ProjectTask.table.lock(id, connection), case let task = try ProjectTask(row),
            task.fields.projectID == project
        else { throw TaskError.invalid([FieldViolation(pointer, "is no task of this project")]) }
        guard try TaskTable(connection: connection).dependentCount(of: id) < TaskLimits.dependentsMax else {
            throw TaskRefusal.tooManyDependents(of: id, dependentsMax: TaskLimits.dependentsMax)
        }
        return task.progress.status
    }

    /// Everything that a task depends on, however long the way is.
    private func graph(above id: UUIDv7, _ connection: any SQLConnection) throws -> TaskGraph {
        let table = TaskTable(connection: connection)
        var graph = TaskGraph()
        var seen: Set<UUIDv7> = [id]
        var front = [id][...]
        while !front.isEmpty {
            let batch = front.prefix(TaskLimits.dependenciesMax)
            front = front.dropFirst(batch.count)
            for edge in try table.upstream(of: batch) {
                graph.insert(edge.task, dependsOn: edge.upstream)
                if seen.insert(edge.upstream).inserted { front.append(edge.upstream) }
            }
            guard seen.count <= TaskLimits.graphTasksMax else {
                throw TaskRefusal.graphTooLarge(tasksMax: TaskLimits.graphTasksMax)
            }
        }
        return graph
    }
}

extension NewTask {
    /// The fields as JSON: what an idempotency key is bound to.
    var values: [(String, JSONValue)] {
        // Left out where there is none, so that keys of before budgets were known stay good.
        let budget = fields.rules.budget
        guard budget != TaskBudget() else { return commonValues }
        let limits: JSONValue = [
            "cost_max": budget.costMax.map { JSONValue(floatLiteral: $0) } ?? .null,
            "seconds_max": budget.secondsMax.map { .integer(Int64($0)) } ?? .null,
        ]
        return commonValues + [("budget", limits)]
    }

    private var commonValues: [(String, JSONValue)] {
        let (retry, timeouts) = (fields.rules.retry, fields.rules.timeouts)
        func optional(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
        // What is at its default is left out, so that keys from before it came still mean the same.
        var later: [(String, JSONValue)] = []
        if !fields.labels.isEmpty { later.append(("labels", .object(JSONObject(fields.labels)))) }
        if !fields.concurrencyKeys.isEmpty { later.append(("concurrency_keys", fields.concurrencyKeysValue)) }
        if fields.needsApproval { later.append(("approval", optional(timeouts.approvalSeconds))) }
        return [
            ("project_id", .string(fields.projectID.description)), ("name", .string(fields.name)),
            ("kind", .string(fields.kind)), ("input", fields.input), ("capabilities", .strings(fields.capabilities)),
            ("priority", .integer(Int64(fields.priority))),
            ("unique_key", fields.uniqueKey.map { .string($0) } ?? .null),
            ("run_at", runAt.map { .string($0.rfc3339) } ?? .null),
            (
                "retry",
                [
                    "attempts_max": optional(retry.attemptsMax), "delay": optional(retry.firstDelaySeconds),
                    "factor": JSONValue(floatLiteral: retry.factor), "delay_max": optional(retry.delaySecondsMax),
                    "jitter": JSONValue(floatLiteral: retry.jitter), "non_retryable": .strings(retry.nonRetryable),
                ]
            ),
            (
                "timeouts",
                [
                    "schedule_to_start": optional(timeouts.scheduleToStartSeconds),
                    "start_to_close": optional(timeouts.startToCloseSeconds),
                    "heartbeat": optional(timeouts.heartbeatSeconds), "total": optional(timeouts.totalSeconds),
                ]
            ),
            (
                "dependencies",
                .array(dependencies.map { .strings([$0.taskID.description, $0.condition.rawValue]) })
            ),
        ] + later
    }
}
