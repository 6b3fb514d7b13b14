package import Basics
package import Coordination
internal import JSON
internal import Records

/// Several tasks that are about to be made, and what they have to do with each other.
package struct NewPlan: Hashable, Sendable {
    /// What comes behind the tasks.
    package enum Ending: Hashable, Sendable {
        /// A task that is begun when all have succeeded, or with `always` when all have ended.
        case merge(NewTask, always: Bool)
        /// A vote; without a quorum more than half of the members have to succeed.
        case vote(members: [String], quorum: Int?)
    }

    package var strategy: Strategy
    package var projectID: UUIDv7
    /// In their order; of a hierarchical plan the coordinator, of a collaborative one the task that each member does.
    package var tasks: [NewTask]
    /// How many members a collaborative plan has; of no meaning in others.
    package var members: Int
    package var ending: Ending?

    package init(
        _ strategy: Strategy,
        in projectID: UUIDv7,
        _ tasks: [NewTask],
        members: Int = 0,
        ending: Ending? = nil
    ) {
        self.strategy = strategy
        self.projectID = projectID
        self.tasks = tasks
        self.members = members
        self.ending = ending
    }
}

extension TaskLimits {
    /// How many members of an output a vote compares.
    package static let voteMembersMax = 20
    package static let voteMemberLengthMax = 200
    /// A longer result of a vote, in bytes as JSON, is left out of its output, and read from a member that gave it.
    package static let voteResultBytesMax = 32 << 10
    /// How many tasks a coordinator makes in all: the merge depends on each, and on the coordinator.
    package static let childrenMax = dependenciesMax - 1
}

extension NewPlan {
    /// Whether the one task that is given is done once, or by each member.
    private var isOfOneTask: Bool { strategy == .hierarchical || strategy == .collaborative }

    private func pointer(_ index: Int) -> String { isOfOneTask ? "/task" : "/tasks/\(index)" }

    /// The plan, when nothing is wrong with it.
    /// - Throws: ``TaskError``: `invalid`.
    func shape() throws(TaskError) -> Plan {
        var list = ViolationList()
        if isOfOneTask && tasks.count != 1 { list.add("/task", "must be one task") }
        for (index, task) in tasks.prefix(Plan.partsMax).enumerated() { check(task, pointer(index), &list) }
        if strategy == .collaborative, tasks.first?.fields.uniqueKey != nil {
            list.add("/task/unique_key", "cannot be that of several tasks")
        }
        var shape: Plan?
        do throws(Plan.Fault) {
            shape = try Plan(strategy, parts: strategy == .collaborative ? members : tasks.count, ending: planEnding)
        } catch {
            note(error, &list)
        }
        switch ending {
        case .merge(let task, _): check(task, "/merge", &list)
        case .vote(let names, let quorum): checkVote(names, quorum, &list)
        case nil: break
        }
        guard list.violations.isEmpty, let shape else { throw .invalid(list.violations) }
        return shape
    }

    private func check(_ task: NewTask, _ pointer: String, _ list: inout ViolationList) {
        for violation in task.violations { list.add(pointer + violation.pointer, violation.message) }
        if !task.dependencies.isEmpty { list.add(pointer + "/dependencies", "are the plan's to say") }
    }

    private func checkVote(_ names: [String], _ quorum: Int?, _ list: inout ViolationList) {
        list.list(names, "/vote/members", countMax: TaskLimits.voteMembersMax, isSet: true) {
            $0.line($1, $2, lengthMax: TaskLimits.voteMemberLengthMax)
        }
        if let quorum, !(1...max(1, members)).contains(quorum) {
            list.add("/vote/quorum", "must be from 1 to the number of members")
        }
    }

    private func note(_ fault: Plan.Fault, _ list: inout ViolationList) {
        switch fault {
        case .parts(let counts):
            let range = "must be from \(counts.lowerBound) to \(counts.upperBound)"
            if strategy == .collaborative {
                list.add("/members", range)
            } else if !isOfOneTask {
                list.add("/tasks", "their number \(range)")
            }
        case .endingMissing:
            list.add("/merge", strategy == .hierarchical ? "is missing" : "is missing, and so is a vote")
        case .endingUnused:
            if case .vote? = ending {
                list.add("/vote", "only collaborative plans have one")
            } else {
                list.add("/merge", "a sequential plan has none: its last task comes after all others")
            }
        }
    }

    private var planEnding: PlanEnding {
        switch ending {
        case .merge(_, let always): .merge(always: always)
        case .vote: .vote
        case nil: .none
        }
    }

    /// The task of a node.
    func task(_ node: Plan.Node, planID: UUIDv7, ids: [UUIDv7]) -> NewTask? {
        var place = PlanPlace(planID: planID, role: node.role)
        var task: NewTask
        switch (node.part, ending) {
        case (let part?, _):
            guard let given = strategy == .collaborative ? tasks.first : tasks.dropFirst(part).first else { return nil }
            task = given
        case (nil, .merge(let merge, _)?): task = merge
        case (nil, .vote(let names, let quorum)?):
            task = NewTask(TaskFields(projectID: projectID, kind: "vote"))
            place.vote = VoteRules(members: names, quorum: quorum ?? members / 2 + 1)
        case (nil, nil): return nil
        }
        task.fields.projectID = projectID
        task.fields.plan = place
        task.dependencies = node.upstream.map { TaskDependency(on: ids[$0], node.isAlways ? .always : .success) }
        return task
    }

    /// The unique keys that its tasks want.
    var uniqueKeys: [String] {
        var keys = tasks.compactMap(\.fields.uniqueKey)
        if case .merge(let task, _)? = ending, let key = task.fields.uniqueKey { keys.append(key) }
        return keys
    }

    /// The plan as JSON: what an idempotency key is bound to.
    var values: [(String, JSONValue)] {
        var values: [(String, JSONValue)] = [
            ("plan", .string(strategy.rawValue)), ("project_id", .string(projectID.description)),
            ("tasks", .array(tasks.map { .object(JSONObject($0.values)) })), ("members", .integer(Int64(members))),
        ]
        switch ending {
        case .merge(let task, let always):
            values += [("merge", .object(JSONObject(task.values))), ("always", .boolean(always))]
        case .vote(let names, let quorum):
            values += [("vote", .strings(names)), ("quorum", quorum.map { .integer(Int64($0)) } ?? .null)]
        case nil: break
        }
        return values
    }
}
