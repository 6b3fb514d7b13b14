/// A way in which several tasks are made one piece of work; the raw values are those of the API.
package enum Strategy: String, Hashable, Sendable, CaseIterable {
    /// One after the other: each begins when the one before has succeeded.
    case sequential
    /// All at once, and at the end, where one is wanted, a task that merges.
    case parallel
    /// A coordinator that makes further tasks while it runs, and a task that merges what they gave.
    case hierarchical
    /// The same task for several agents, and at the end a task that merges, or a vote.
    case collaborative
}

/// What a task of a plan is for; the raw values are stored and are those of the API.
package enum PlanRole: String, Hashable, Sendable, CaseIterable {
    /// One of tasks that follow each other.
    case step
    /// One of tasks that run beside each other.
    case part
    /// Makes further tasks while it runs.
    case coordinator
    /// Was made by a coordinator.
    case child
    /// Does the same as its siblings, for another opinion.
    case member
    /// Makes one thing of what the others gave.
    case merge
    /// Counts what the members gave: the platform does that itself.
    case vote
}

/// What comes behind the tasks of a plan.
package enum PlanEnding: Hashable, Sendable {
    /// Nothing.
    case none
    /// A task that is begun when all succeeded, or with `always` when all ended.
    case merge(always: Bool)
    /// A vote, which counts those that succeeded when all ended.
    case vote
}

/// The tasks of a strategy and what depends on what, before anything is made of it.
///
/// Pure. What is promised, whatever the strategy: no node depends on a later one, so there is no cycle; each part that
/// was asked for is named once; the ending, where there is one, is the last node and depends on all it ends.
package struct Plan: Hashable, Sendable {
    /// A task to be made.
    package struct Node: Hashable, Sendable {
        package let role: PlanRole
        /// Which of the tasks that were given it is, from 0; nil for the ending.
        package let part: Int?
        /// The nodes before it that it depends on, by their places.
        package let upstream: [Int]
        /// Whether it is begun however those end; otherwise they have to succeed.
        package let isAlways: Bool
    }

    package let strategy: Strategy
    package let nodes: [Node]

    /// Why there is no such plan.
    package enum Fault: Error, Hashable, Sendable {
        /// A strategy takes so many tasks.
        case parts(ClosedRange<Int>)
        /// A strategy needs an ending that it was not given: a merge, or for collaborative ones a merge or a vote.
        case endingMissing
        /// A strategy has no use for the ending that it was given.
        case endingUnused
    }

    /// The most tasks that one plan is given: the ending depends on all of them.
    package static let partsMax = 100
    /// How many agents are asked for their opinion at most.
    package static let membersMax = 20

    /// How many tasks a strategy takes, its ending not counted.
    package static func partCounts(of strategy: Strategy) -> ClosedRange<Int> {
        switch strategy {
        case .sequential, .parallel: 1...partsMax
        case .hierarchical: 1...1
        case .collaborative: 2...membersMax
        }
    }

    /// Plans `parts` tasks with an ending.
    /// - Throws: ``Fault``.
    package init(_ strategy: Strategy, parts: Int, ending: PlanEnding) throws(Fault) {
        let counts = Self.partCounts(of: strategy)
        guard counts.contains(parts) else { throw .parts(counts) }
        self.strategy = strategy
        switch (strategy, ending) {
        case (.sequential, .merge), (.sequential, .vote), (.parallel, .vote), (.hierarchical, .vote):
            throw .endingUnused
        case (.hierarchical, .none), (.collaborative, .none): throw .endingMissing
        default: break
        }
        let role: PlanRole =
            switch strategy {
            case .sequential: .step
            case .parallel: .part
            case .hierarchical: .coordinator
            case .collaborative: .member
            }
        let isChain = strategy == .sequential
        var nodes = (0..<parts).map { part in
            Node(role: role, part: part, upstream: isChain && part > 0 ? [part - 1] : [], isAlways: false)
        }
        let all = Array(0..<parts)
        switch ending {
        case .none: break
        case .merge(let isAlways): nodes.append(Node(role: .merge, part: nil, upstream: all, isAlways: isAlways))
        case .vote: nodes.append(Node(role: .vote, part: nil, upstream: all, isAlways: true))
        }
        self.nodes = nodes
    }

    /// What a node is for, for people.
    package func purpose(of index: Int) -> String {
        guard nodes.indices.contains(index) else { return "" }
        let node = nodes[index]
        let parts = nodes.count { $0.part != nil }
        let place = node.part.map { "\($0 + 1) of \(parts)" } ?? ""
        switch node.role {
        case .step: return "step \(place)"
        case .part: return "part \(place)"
        case .coordinator: return "makes tasks while it runs"
        case .child: return "made by the coordinator"
        case .member: return "opinion \(place)"
        case .merge: return strategy == .hierarchical ? "merges what the coordinator's tasks gave" : "merges"
        case .vote: return "counts the opinions"
        }
    }
}
