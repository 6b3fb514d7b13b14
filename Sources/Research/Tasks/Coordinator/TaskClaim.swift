internal import Basics
internal import Coordination
internal import Database
internal import Events
internal import JSON
internal import Projects
internal import Records

/// What became of the decisions that a transaction was to make leases of.
private struct ClaimOutcome: Sendable {
    var leased: [ProjectTask] = []
    var refused: [(offer: SchedulerDecision, obstacle: LeaseObstacle)] = []
    /// Tasks as the database has them, for the image.
    var seen: [ProjectTask] = []
    /// Offered tasks that are not there any more.
    var gone: [UUIDv7] = []
    var held: Set<UUIDv7> = []
}

extension TaskRepository {
    /// Makes leases of what the scheduler decided, as far as the database bears it out; the image learns of the rest.
    func claim(
        _ offers: [SchedulerDecision],
        _ request: LeaseRequest,
        _ recheck: LeaseRecheck? = nil
    ) async throws -> [ProjectTask] {
        let outcome: ClaimOutcome
        do {
            outcome = try await store.database.write("tasks.lease") { connection in
                try claim(offers, request, recheck, connection)
            }
        } catch {
            for _ in offers { board.metrics.refused(.failed) }
            board.giveBack(offers)
            throw error
        }
        for (_, obstacle) in outcome.refused { board.metrics.refused(obstacle) }
        if !outcome.refused.isEmpty {
            board.change { state in
                for project in outcome.held { state.setHeld(true, project: project) }
                for id in outcome.gone { state.forgetDeleted(id) }
                for task in outcome.seen { state.note(task, isTruth: true) }
            }
        }
        return outcome.leased
    }

    private func claim(
        _ offers: [SchedulerDecision],
        _ asked: LeaseRequest,
        _ recheck: LeaseRecheck?,
        _ connection: any SQLConnection
    ) throws -> ClaimOutcome {
        var outcome = ClaimOutcome()
        let table = TaskTable(connection: connection)
        // All servers lock in the same order: keys, the agent, tasks.
        try table.lockKeys(Set(offers.flatMap(\.task.keys).map(\.key)))
        // Its tasks are counted below; whoever reads the agent again locks its row.
        if recheck == nil { try connection.lock(.leases, of: asked.agentID) }
        let request = recheck == nil ? asked : try recheck?(connection)
        let tasks = try table.lockUnlessBusy(offers.map(\.task.id))
        var room = (request?.concurrency ?? 0) - (try table.runningCount(of: asked.agentID))
        let origin = ChangeOrigin(.agent(asked.agentID.description))
        var isOpen: [UUIDv7: Bool] = [:]
        for offer in offers {
            func refuse(_ obstacle: LeaseObstacle) { outcome.refused.append((offer, obstacle)) }
            guard let task = tasks[offer.task.id] else {
                // Locked by another, or deleted: as it is for all others to see.
                if let row = try ProjectTask.table.find(offer.task.id, connection) {
                    outcome.seen.append(try ProjectTask(row))
                } else {
                    outcome.gone.append(offer.task.id)
                }
                refuse(.changed)
                continue
            }
            outcome.seen.append(task)
            let isReady = task.progress.status == .queued && task.progress.runAt <= store.clock.now
            guard isReady else {
                refuse(.changed)
                continue
            }
            guard let request, room > 0, task.needs.isMet(by: request) else {
                if room <= 0 { outcome.seen += try table.running(of: asked.agentID) }
                refuse(.agent)
                continue
            }
            let project = task.fields.projectID
            let isProjectOpen = try isOpen[project] ?? table.isOpen(project: project)
            isOpen[project] = isProjectOpen
            guard isProjectOpen else {
                outcome.held.insert(project)
                refuse(.projectHeld)
                continue
            }
            if let full = try task.fields.concurrencyKeys.first(where: { try table.isFull($0.key, limit: $0.value) }) {
                outcome.seen += try table.holders(of: full.key)
                refuse(.keyFull)
                continue
            }
            outcome.seen.removeLast()
            let result = AttemptResult(reasons: offer.reasons.json)
            outcome.leased.append(try step(task, .lease(agentID: asked.agentID), result, by: origin, connection))
            room -= 1
        }
        return outcome
    }
}

extension ProjectTask {
    fileprivate var needs: AgentNeeds {
        AgentNeeds(capabilities: Set(fields.capabilities), labels: fields.labels)
    }
}

extension AgentNeeds {
    fileprivate func isMet(by request: LeaseRequest) -> Bool {
        areMet(capabilities: Set(request.capabilities), labels: request.labels)
    }
}

/// The statements of leases, inside the caller's transaction.
extension TaskTable {
    /// How many running tasks an obstacle is explained by at most.
    private static let holdersMax = 1000

    /// Keeps other servers from counting the users of the keys until this transaction ends.
    func lockKeys(_ keys: Set<String>) throws(DatabaseError) {
        guard connection.dialect == .postgresql, !keys.isEmpty else { return }
        // Two keys with the same hash only wait for each other needlessly.
        for number in Set(keys.map { Self.lockNumber(of: $0) }).sorted() {
            // The function gives nothing that has a kind.
            let sql = "SELECT CASE WHEN pg_advisory_xact_lock(?1) IS NULL THEN 0 ELSE 1 END AS locked"
            _ = try connection.query(sql, [.integer(number)])
        }
    }

    /// FNV-1a of a key, in a range of its own.
    private static func lockNumber(of key: String) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "task key \(key)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }

    /// The tasks, for a change in this transaction; those that another transaction is changing are left out.
    func lockUnlessBusy(_ ids: [UUIDv7]) throws(DatabaseError) -> [UUIDv7: ProjectTask] {
        try lock(ids, " FOR UPDATE SKIP LOCKED")
    }

    /// The tasks, for a change in this transaction.
    func lock(_ ids: [UUIDv7]) throws(DatabaseError) -> [UUIDv7: ProjectTask] { try lock(ids, " FOR UPDATE") }

    private func lock(_ ids: [UUIDv7], _ suffix: String) throws(DatabaseError) -> [UUIDv7: ProjectTask] {
        var tasks: [UUIDv7: ProjectTask] = [:]
        let ids = ids.sorted()
        for start in stride(from: 0, to: ids.count, by: Self.lockedTogether) {
            let some = ids[start..<min(start + Self.lockedTogether, ids.count)]
            // Always as many places, so that there are two statements and not one for each number of tasks.
            let places = some.count == 1 ? 1 : Self.lockedTogether
            let filled = some + Array(repeating: some[some.startIndex], count: places - some.count)
            let sql = Self.selection(of: places) + (connection.dialect == .postgresql ? suffix : "")
            let rows = try connection.query(sql, filled.map { .id($0) })
            for row in rows {
                let task = try ProjectTask(row)
                tasks[task.id] = task
            }
        }
        return tasks
    }

    /// How many tasks one statement locks.
    private static let lockedTogether = 10

    private static func selection(of count: Int) -> String {
        let places = (1...count).map { "?\($0)" }.joined(separator: ", ")
        return """
            SELECT \(ProjectTask.table.columns) FROM tasks WHERE id IN (\(places)) AND \(RecordTable.isKept) ORDER BY id
            """
    }

    func runningCount(of agent: UUIDv7) throws(DatabaseError) -> Int {
        try connection.queryFirst(
            "SELECT count(*) AS tasks FROM tasks WHERE agent_id = ?1 AND status = 'running' AND deleted_at IS NULL",
            [.id(agent)]
        )?.int("tasks") ?? 0
    }

    fileprivate func running(of agent: UUIDv7) throws(DatabaseError) -> [ProjectTask] {
        let rows = try connection.query(
            """
            SELECT \(ProjectTask.table.columns) FROM tasks
            WHERE agent_id = ?1 AND status = 'running' AND deleted_at IS NULL ORDER BY id LIMIT ?2
            """,
            [.id(agent), .int(Self.holdersMax)]
        )
        return try rows.map { row throws(DatabaseError) in try ProjectTask(row) }
    }

    /// Whether the tasks of a project may be begun.
    func isOpen(project: UUIDv7) throws(DatabaseError) -> Bool {
        try connection.queryFirst(
            "SELECT 1 AS open FROM projects WHERE id = ?1 AND \(RecordTable.isKept) AND status IN \(Self.openStatuses)",
            [.id(project)]
        ) != nil
    }

    /// The statuses of projects whose tasks may be begun: people work on them, or have not said that they do not.
    static var openStatuses: String {
        let open: [ProjectStatus] = [.active, .pending]
        return "(\(open.map { "'\($0.rawValue)'" }.joined(separator: ", ")))"
    }

    // MARK: Concurrency keys

    /// Notes that a task uses its keys.
    func hold(_ keys: [String: Int], for id: UUIDv7) throws(DatabaseError) {
        for (key, limit) in keys.sorted(by: { $0.key < $1.key }) {
            try connection.post(
                "INSERT INTO task_key_holds (key, task_id, limit_max) VALUES (?1, ?2, ?3)",
                [.text(key), .id(id), .int(limit)]
            )
        }
    }

    func releaseKeys(of id: UUIDv7) throws(DatabaseError) {
        try connection.post("DELETE FROM task_key_holds WHERE task_id = ?1", [.id(id)])
    }

    /// Whether a task with a limit may not use a key now: it, or one that runs, allows no more.
    fileprivate func isFull(_ key: String, limit: Int) throws(DatabaseError) -> Bool {
        let row = try connection.queryFirst(
            "SELECT count(*) AS holders, min(limit_max) AS smallest FROM task_key_holds WHERE key = ?1",
            [.text(key)]
        )
        guard let row, case let holders = try row.int("holders"), holders > 0 else { return false }
        return try holders >= min(limit, Int(clamping: row.optionalInteger("smallest") ?? Int64(limit)))
    }

    fileprivate func holders(of key: String) throws(DatabaseError) -> [ProjectTask] {
        let columns = ProjectTask.table.columns
        let rows = try connection.query(
            """
            SELECT \(columns) FROM tasks WHERE id IN (SELECT task_id FROM task_key_holds WHERE key = ?1)
                AND \(RecordTable.isKept) ORDER BY id LIMIT ?2
            """,
            [.text(key), .int(Self.holdersMax)]
        )
        return try rows.map { row throws(DatabaseError) in try ProjectTask(row) }
    }
}

extension DecisionReasons {
    /// The reasons as an attempt keeps them.
    var json: JSONValue {
        let interval = record.interval
        func rounded(_ value: Double) -> JSONValue { JSONValue(floatLiteral: (value * 1000).rounded() / 1000) }
        var reasons: JSONObject = [
            "rule": .string(isByAge ? "oldest" : "fair_share"),
            "priority": .integer(Int64(priority)),
            "waited_seconds": rounded(waited.inSeconds),
            "projects": .integer(Int64(projects)),
            "starts_behind": .integer(startsBehind),
            "candidates": .integer(Int64(candidates)),
            "passed_over": .integer(Int64(passedOver)),
            "agent_tasks": .integer(Int64(agentTasks)),
            "agent_concurrency": .integer(Int64(agentConcurrency)),
            "record": [
                "successes": .integer(Int64(record.successes)), "failures": .integer(Int64(record.failures)),
                "rate_low": rounded(interval.lowerBound), "rate_high": rounded(interval.upperBound),
            ],
        ]
        // Only of tasks that are better done by different agents.
        if let spread {
            reasons["siblings"] = [
                "passed_over": .integer(Int64(spread.passedOver)), "same_agent": .boolean(spread.isRepeated),
            ]
        }
        return .object(reasons)
    }
}
