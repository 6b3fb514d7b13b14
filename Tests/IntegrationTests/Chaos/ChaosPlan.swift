import Basics
import Foundation

/// The tasks of a run and what must become of each, whatever fails on the way.
///
/// Pure: it follows from a seed. The ends are found by looking at conditions over ends alone; the platform's own state machine has no
/// part in it. A task that is to succeed may be tried so often that lost leases cannot exhaust its attempts; one that is to die
/// does so however its attempts end.
struct ChaosPlan: Sendable {
    /// How a task's program behaves, by the number of the attempt.
    enum Behaviour: Equatable, Sendable {
        /// Fails before this attempt, and succeeds from it on.
        case succeeds(onAttempt: Int)
        case succeedsSlowly
        /// Fails in every attempt, of which there are as many.
        case fails(attempts: Int)
        /// Fails in a way that is not tried again.
        case failsForGood
    }

    enum Condition: String, Sendable {
        case success, failure, always
    }

    struct Item: Sendable {
        let name: String
        let behaviour: Behaviour
        /// What it depends on, by place in the plan; always earlier.
        let dependencies: [(place: Int, condition: Condition)]
        let delaySeconds: Int
    }

    /// The most attempts of a task that is to succeed.
    static let attemptsMax = 50

    private(set) var items: [Item] = []
    /// Where each group of connected tasks begins and ends.
    private(set) var groups: [Range<Int>] = []
    /// The status in which each task ends.
    private(set) var ends: [String] = []

    init(tasks: Int, _ random: inout SeededGenerator) {
        while items.count < tasks {
            let size = min(Int.random(in: 4...24, using: &random), tasks - items.count)
            let first = items.count
            let shape = Shape.allCases.randomElement(using: &random) ?? .mixed
            for index in 0..<size {
                let place = first + index
                items.append(
                    Item(
                        name: "chaos \(place)",
                        behaviour: Self.behaviour(&random),
                        dependencies: shape.dependencies(of: index, in: size, &random).map { (first + $0.0, $0.1) },
                        delaySeconds: Int.random(in: 0...1, using: &random)
                    )
                )
            }
            groups.append(first..<items.count)
        }
        for item in items { ends.append(Self.end(of: item, after: ends)) }
    }

    private static func behaviour(_ random: inout SeededGenerator) -> Behaviour {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<72: .succeeds(onAttempt: 1)
        case 72..<80: .succeeds(onAttempt: 2)
        case 80..<83: .succeeds(onAttempt: 3)
        case 83..<93: .succeedsSlowly
        case 93..<97: .fails(attempts: 2)
        default: .failsForGood
        }
    }

    /// What becomes of a task, given the ends of what it depends on.
    private static func end(of item: Item, after ends: [String]) -> String {
        for (place, condition) in item.dependencies {
            let isMet =
                switch condition {
                case .success: ends[place] == "succeeded"
                case .failure: ends[place] == "dead"
                case .always: true
                }
            if !isMet { return "skipped" }
        }
        switch item.behaviour {
        case .succeeds, .succeedsSlowly: return "succeeded"
        case .fails, .failsForGood: return "dead"
        }
    }
}

extension ChaosPlan {
    /// How the tasks of a group depend on each other.
    private enum Shape: CaseIterable {
        case apart, chain, fanOut, fanIn, mixed

        /// What the task at an index depends on, by the indices of earlier ones.
        func dependencies(of index: Int, in size: Int, _ random: inout SeededGenerator) -> [(Int, Condition)] {
            if index == 0 { return [] }
            switch self {
            case .apart: return []
            // Several short ones: a long one would outlast the faults by its lost leases.
            case .chain: return index.isMultiple(of: 6) ? [] : [(index - 1, Self.condition(&random))]
            case .fanOut: return [(0, Self.condition(&random))]
            case .fanIn: return index == size - 1 ? (0..<index).map { ($0, .always) } : []
            case .mixed:
                var upstream: Set<Int> = []
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    upstream.insert(Int.random(in: 0..<index, using: &random))
                }
                // In no order: that of locks must not hang on it.
                return upstream.sorted().shuffled(using: &random).map { ($0, Self.condition(&random)) }
            }
        }

        private static func condition(_ random: inout SeededGenerator) -> Condition {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: .success
            case 6..<9: .always
            default: .failure
            }
        }
    }
}

extension ChaosPlan.Item {
    /// The program notes each run in the file that its worker names, and then fails or not by the number of the attempt.
    private var script: String {
        let note = #"echo "$KASKMAN_TASK_ID $KASKMAN_ATTEMPT" >> "$CHAOS_RUNS""#
        switch behaviour {
        case .succeeds(onAttempt: 1): return note
        case .succeeds(let attempt): return note + "; [ $KASKMAN_ATTEMPT -ge \(attempt) ]"
        case .succeedsSlowly: return note + "; exec sleep 0.2"
        case .fails, .failsForGood: return note + "; exit 1"
        }
    }

    /// The body of the request that makes the task.
    func body(project: String, ids: [String]) throws -> [UInt8] {
        var retry: [String: Any] = [
            "attempts_max": ChaosPlan.attemptsMax, "first_delay_seconds": delaySeconds, "factor": 1,
        ]
        switch behaviour {
        case .fails(let attempts): retry["attempts_max"] = attempts
        case .failsForGood: retry["non_retryable"] = ["exit_code"]
        case .succeeds, .succeedsSlowly: break
        }
        let object: [String: Any] = [
            "project_id": project, "name": name, "kind": "shell", "capabilities": ["shell"],
            "input": ["program": "sh", "arguments": ["-c", script]], "retry": retry,
            "timeouts": ["heartbeat_seconds": ChaosScale.heartbeatSeconds],
            "dependencies": zip(dependencies, ids).map { dependency, id in
                ["task_id": id, "condition": dependency.condition.rawValue]
            },
        ]
        return Array(try JSONSerialization.data(withJSONObject: object))
    }
}
