import Basics
import ChaosTesting
import Tasks
import Testing

@Suite struct TaskGraphTests {
    private let ids: [UUIDv7] = {
        let generator = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1))
        return (0..<12).map { _ in generator.next() }
    }()

    @Test func theCycleIsNamed() {
        func f(_ edges: [(Int, Int)], _ new: (Int, Int), _ expected: [Int]?) {
            var graph = TaskGraph()
            for (task, other) in edges { graph.insert(ids[task], dependsOn: ids[other]) }
            let cycle = graph.cycle(adding: ids[new.0], dependsOn: ids[new.1])
            #expect(cycle == expected.map { $0.map { ids[$0] } })
        }
        f([], (0, 1), nil)
        f([], (0, 0), [0, 0])
        f([(1, 0)], (0, 1), [0, 1, 0])
        f([(1, 0), (2, 1), (3, 2)], (0, 3), [0, 3, 2, 1, 0])
        // The shorter of two ways.
        f([(1, 0), (2, 1), (3, 2), (3, 0)], (0, 3), [0, 3, 0])
        f([(1, 0), (2, 0), (3, 1), (3, 2)], (3, 0), nil)
    }

    @Test func nothingButCyclesIsRefused() {
        for seed in Chaos.seeds(0...99) {
            var random = SeededGenerator(seed: seed)
            var graph = TaskGraph()
            var edges: Set<[UUIDv7]> = []
            for _ in 0..<40 {
                let task = ids.randomElement(using: &random) ?? ids[0]
                let other = ids.randomElement(using: &random) ?? ids[0]
                let cycle = graph.cycle(adding: task, dependsOn: other)
                #expect((cycle != nil) == reaches(other, task, edges), "seed \(seed)")
                guard let cycle else {
                    graph.insert(task, dependsOn: other)
                    edges.insert([task, other])
                    continue
                }
                #expect(cycle.first == task && cycle.last == task && cycle[1] == other, "seed \(seed)")
                let isWay = zip(cycle.dropFirst(), cycle.dropFirst(2)).allSatisfy { edges.contains([$0, $1]) }
                #expect(isWay, "seed \(seed)")
            }
        }
    }

    private func reaches(_ from: UUIDv7, _ to: UUIDv7, _ edges: Set<[UUIDv7]>) -> Bool {
        var reached: Set<UUIDv7> = [from]
        while true {
            let next = reached.union(edges.filter { reached.contains($0[0]) }.map { $0[1] })
            if next == reached { return reached.contains(to) }
            reached = next
        }
    }

    @Test func conditionsAskForEnds() {
        func f(_ condition: TaskDependency.Condition, _ met: Set<TaskStatus>, _ impossible: Set<TaskStatus>) {
            for status in TaskStatus.allCases {
                let expected: DependencyVerdict =
                    met.contains(status) ? .met : impossible.contains(status) ? .impossible : .open
                #expect(condition.verdict(on: status) == expected, "\(condition) on \(status)")
            }
        }
        f(.success, [.succeeded], [.dead, .cancelled, .skipped])
        f(.failure, [.dead], [.succeeded, .cancelled, .skipped])
        f(.always, [.succeeded, .dead, .cancelled, .skipped], [])
        #expect(DependencyVerdict([]) == .met)
        #expect(DependencyVerdict([.met, .open]) == .open)
        #expect(DependencyVerdict([.open, .impossible, .met]) == .impossible)
    }
}
