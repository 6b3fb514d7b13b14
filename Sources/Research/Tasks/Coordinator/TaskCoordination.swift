internal import Basics
internal import Coordination
internal import Database
internal import Events
internal import Records
internal import Synchronization

/// Where the coordinator stands in the event log, and when it last compared everything.
package struct CoordinationCursor: Sendable {
    var position: Int64?
    var comparedAt: Timestamp?
    /// Whether there may be open tasks of projects that were deleted.
    var mayHaveOrphans = false

    package init() {}
}

extension TaskRepository {
    /// The time between two comparisons of the whole image with the database.
    package static let compareInterval: Duration = .seconds(60)
    /// How many rows one read of a comparison takes.
    static let compareRowsMax = 1000
    /// How many events one look takes.
    private static let lookEventsMax = 500

    /// Whether other servers may change the same database: their changes are then followed event by event.
    package var isShared: Bool { store.database.dialect == .postgresql }

    /// Reads the image of the open tasks, unless it is there or another request reads it: who waits is woken by that one.
    func loadBoard() async throws {
        let isMine = board.state.withLock { state in
            if state.isLoaded || state.isLoading { return false }
            state.isLoading = true
            return true
        }
        guard isMine else { return }
        defer { board.state.withLock { $0.isLoading = false } }
        try await compareBoard()
    }

    /// Brings the image up to date with what others changed: projects, agents, and with several servers tasks.
    ///
    /// Each minute, and when it was not whole, the image is compared with the database besides.
    /// Then what is open of deleted projects is cancelled.
    /// - Throws: ``TaskError``: `database`; the image is then as it was, or true and something of a deleted project is open still.
    package func coordinate(_ cursor: inout CoordinationCursor) async throws(TaskError) {
        var next = cursor
        let now = store.clock.now
        do {
            let isDue = next.comparedAt.map { now.since($0) >= Self.compareInterval || now < $0 } ?? true
            let isThin = board.state.withLock { $0.isPartial && $0.known.count < TaskBoard.tasksMax / 2 }
            if isDue || isThin || next.position == nil {
                // The position first: what comes after it is looked at again, so nothing falls between.
                next.position = try await store.events.latestPosition()
                try await compareBoard()
                next.comparedAt = now
                next.mayHaveOrphans = true
            }
            try await followEvents(&next)
        } catch {
            // Not counted among what people and agents do with tasks: the coordinator has an alert of its own.
            throw TaskError(error)
        }
        board.tick()
        board.metrics.synced(at: store.clock.now)
        cursor = next
        // Last, and by itself: a task that cannot be cancelled keeps nothing else from being seen to.
        guard cursor.mayHaveOrphans else { return }
        do {
            cursor.mayHaveOrphans = try await cancelOrphans()
        } catch {
            throw TaskError(error)
        }
    }

    /// Applies what the event log says since the cursor's position, and moves that on.
    private func followEvents(_ cursor: inout CoordinationCursor) async throws {
        var filter = EventFilter()
        filter.kinds = [.projectStatusChanged, .projectDeleted, .agentUpdated, .agentRemoved, .agentRestored]
        if isShared { filter.kinds.formUnion(EventKind.allCases.filter(\.isOfTask)) }
        while true {
            // What this server did with tasks the image knows since the commit.
            let start = EventCursor.after(store.events.ownEnd(after: cursor.position ?? 0, where: \.isOfTask))
            let page = try await store.events.page(start, filter: filter, limit: Self.lookEventsMax)
            guard case .after(let next) = page.next else { return }
            cursor.position = next
            var (projects, agents, tasks) = (Set<UUIDv7>(), Set<UUIDv7>(), Set<UUIDv7>())
            for event in page.events {
                guard let id = event.subjectID.flatMap({ UUIDv7($0) }) else { continue }
                switch EventSubject(rawValue: event.subjectType) {
                case .project: projects.insert(id)
                case .agent: agents.insert(id)
                case .task where !store.events.isOwn(event.position): tasks.insert(id)
                default: break
                }
            }
            // What was pruned before it was read can only be found by comparing.
            if page.isTruncated { try await compareBoard() }
            try await look(projects: projects, tasks: tasks)
            if !agents.isEmpty { board.wake(agents: agents) }
            if page.events.contains(where: { $0.kind == .projectDeleted }) { cursor.mayHaveOrphans = true }
            if page.events.count < Self.lookEventsMax { return }
        }
    }

    private func look(projects: Set<UUIDv7>, tasks: Set<UUIDv7>) async throws {
        if projects.isEmpty && tasks.isEmpty { return }
        let (open, seen, gone) = try await store.database.read("tasks.follow") { connection in
            let table = TaskTable(connection: connection)
            var (open, seen, gone) = ([UUIDv7: Bool](), [ProjectTask](), [UUIDv7]())
            for project in projects { open[project] = try table.isOpen(project: project) }
            for id in tasks {
                if let row = try ProjectTask.table.find(id, connection) {
                    seen.append(try ProjectTask(row))
                } else {
                    gone.append(id)
                }
            }
            return (open, seen, gone)
        }
        board.change { state in
            for (project, isOpen) in open { state.setHeld(!isOpen, project: project) }
            for id in gone { state.forgetDeleted(id) }
            for task in seen { state.note(task) }
        }
    }

    // MARK: The whole image

    /// Compares the image with the database: what is missing comes in, what is not open any more goes.
    private func compareBoard() async throws {
        let (start, isFirst) = board.state.withLock { state in
            state.gone = []
            state.isPartial = false
            return (state.stamp, !state.isLoaded)
        }
        var read: Set<UUIDv7> = []
        do {
            for status in [TaskStatus.running, .queued] {
                var after: (created: Timestamp, id: String) = (Timestamp(milliseconds: .min), "")
                while read.count < TaskBoard.tasksMax {
                    let page = try await openTasks(status, after)
                    guard let last = page.last else { break }
                    after = (last.createdAt, last.id.description)
                    read.formUnion(page.map(\.id))
                    let drift = take(page)
                    if !isFirst { board.metrics.drifted(drift) }
                    if page.count < Self.compareRowsMax { break }
                }
            }
            let held = try await store.database.read("tasks.held_projects") { connection in
                try TaskTable(connection: connection).heldProjects()
            }
            let whole = read
            board.change { state in
                for project in state.held.subtracting(held) { state.setHeld(false, project: project) }
                for project in held { state.setHeld(true, project: project) }
                if whole.count >= TaskBoard.tasksMax { state.isPartial = true }
                // What came since is newer than what was read.
                let old = state.known.filter { $0.value.stamp <= start && !whole.contains($0.key) }.map(\.key)
                if !state.isPartial {
                    for id in old { state.forget(id) }
                    board.metrics.drifted(old.count)
                }
                (state.gone, state.isLoaded) = (nil, true)
            }
        } catch {
            board.state.withLock { $0.gone = nil }
            throw error
        }
    }

    /// Takes what was read into the image; returns how much of it was news.
    private func take(_ page: [ProjectTask]) -> Int {
        var drift = 0
        board.change { state in
            for task in page where state.gone?.contains(task.id) != true {
                let before = state.known[task.id]?.version
                state.note(task)
                if state.known[task.id]?.version != before { drift += 1 }
            }
        }
        return drift
    }

    private func openTasks(
        _ status: TaskStatus,
        _ after: (created: Timestamp, id: String)
    ) async throws -> [ProjectTask] {
        try await store.database.read("tasks.open") { connection in
            let rows = try connection.query(
                """
                SELECT \(ProjectTask.table.columns) FROM tasks
                WHERE status = ?1 AND deleted_at IS NULL AND (created_at, id) > (?2, ?3)
                ORDER BY created_at, id LIMIT ?4
                """,
                [
                    .text(status.rawValue), .timestamp(after.created), .text(after.id), .int(Self.compareRowsMax),
                ]
            )
            return try rows.map { try ProjectTask($0) }
        }
    }
}

extension EventKind {
    /// Whether it tells of a change of a task.
    ///
    /// Those of this server are not read: whoever appends one notes the task on the board after the commit.
    var isOfTask: Bool { rawValue.hasPrefix("task.") }
}

extension TaskTable {
    /// The projects with open tasks that may not be begun.
    fileprivate func heldProjects() throws(DatabaseError) -> Set<UUIDv7> {
        let rows = try connection.query(
            """
            SELECT DISTINCT p.id FROM tasks t JOIN projects p ON p.id = t.project_id
            WHERE t.status IN ('queued', 'running') AND t.deleted_at IS NULL
                AND (p.deleted_at IS NOT NULL OR p.status NOT IN \(Self.openStatuses))
            """
        )
        var held: Set<UUIDv7> = []
        for row in rows { held.insert(try row.id("id")) }
        return held
    }
}
