package import Basics

/// That a task is begun only after another of its project ended in a certain way.
package struct TaskDependency: Hashable, Sendable {
    /// How the other one is to end; the raw values are stored and are those of the API.
    package enum Condition: String, Hashable, Sendable, CaseIterable {
        /// It succeeds.
        case success
        /// It is dead.
        case failure
        /// It ends, however that is.
        case always

        /// What the other one's status means for this condition.
        package func verdict(on status: TaskStatus) -> DependencyVerdict {
            guard status.isEnded else { return .open }
            return switch self {
            case .always: .met
            case .success: status == .succeeded ? .met : .impossible
            case .failure: status == .dead ? .met : .impossible
            }
        }
    }

    /// The task that is to end first.
    package var taskID: UUIDv7
    package var condition: Condition

    package init(on taskID: UUIDv7, _ condition: Condition = .success) {
        self.taskID = taskID
        self.condition = condition
    }
}

/// What all dependencies of a task say together.
package enum DependencyVerdict: Hashable, Sendable {
    /// Some have not ended yet, and none stands in the way.
    case open
    /// All ended as they are to.
    case met
    /// One ended otherwise: the task is never to be begun.
    case impossible

    /// One that stands in the way outweighs whatever is open.
    package init(_ verdicts: some Sequence<DependencyVerdict>) {
        var result = DependencyVerdict.met
        for verdict in verdicts {
            switch verdict {
            case .impossible:
                self = .impossible
                return
            case .open: result = .open
            case .met: break
            }
        }
        self = result
    }
}

/// Which tasks depend on which: no task may depend on itself, however long the way is.
package struct TaskGraph: Hashable, Sendable {
    /// For each task the ones that it depends on.
    private var upstream: [UUIDv7: Set<UUIDv7>] = [:]

    package init() {}

    /// Adds an edge that is known to be in no cycle, as one that is stored.
    package mutating func insert(_ task: UUIDv7, dependsOn other: UUIDv7) { upstream[task, default: []].insert(other) }

    /// The cycle that a new edge would close, each task depending on the next and the last being the first again; nil
    /// when it would close none.
    ///
    /// The shortest one, and the same whatever order the edges came in.
    package func cycle(adding task: UUIDv7, dependsOn other: UUIDv7) -> [UUIDv7]? {
        var cameFrom: [UUIDv7: UUIDv7] = [:]
        var seen: Set<UUIDv7> = [other]
        var front = [other]
        while !front.isEmpty, !seen.contains(task) {
            var next: [UUIDv7] = []
            for node in front {
                for further in (upstream[node] ?? []).sorted() where seen.insert(further).inserted {
                    cameFrom[further] = node
                    next.append(further)
                }
            }
            front = next
        }
        guard seen.contains(task) else { return nil }
        var way = [task]
        var node = task
        while node != other, let before = cameFrom[node] {
            node = before
            way.append(node)
        }
        return [task] + way.reversed()
    }
}
