import Coordination
import Testing

@Suite struct StrategyTests {
    /// A plan in a line: each node's role with the places that it depends on, `!` where they may end as they like.
    private func shape(_ strategy: Strategy, _ parts: Int, _ ending: PlanEnding) -> String {
        do throws(Plan.Fault) {
            return try Plan(strategy, parts: parts, ending: ending).nodes.map { node in
                let upstream = node.upstream.map { String($0) }.joined(separator: ",")
                return "\(node.role.rawValue)(\(upstream))\(node.isAlways ? "!" : "")"
            }.joined(separator: " ")
        } catch {
            return "\(error)"
        }
    }

    @Test func eachStrategyHasItsShape() {
        func f(_ strategy: Strategy, _ parts: Int, _ ending: PlanEnding, _ expected: String) {
            #expect(shape(strategy, parts, ending) == expected, "\(strategy) \(parts) \(ending)")
        }
        f(.sequential, 3, .none, "step() step(0) step(1)")
        f(.sequential, 1, .none, "step()")
        f(.parallel, 2, .none, "part() part()")
        f(.parallel, 2, .merge(always: false), "part() part() merge(0,1)")
        f(.hierarchical, 1, .merge(always: true), "coordinator() merge(0)!")
        f(.collaborative, 2, .merge(always: false), "member() member() merge(0,1)")
        f(.collaborative, 3, .vote, "member() member() member() vote(0,1,2)!")
    }

    @Test func whatMakesNoSenseIsRefused() {
        func f(_ strategy: Strategy, _ parts: Int, _ ending: PlanEnding, _ expected: Plan.Fault) {
            #expect(throws: expected) { try Plan(strategy, parts: parts, ending: ending) }
        }
        f(.sequential, 0, .none, .parts(1...Plan.partsMax))
        f(.parallel, Plan.partsMax + 1, .none, .parts(1...Plan.partsMax))
        f(.hierarchical, 2, .merge(always: false), .parts(1...1))
        f(.collaborative, 1, .vote, .parts(2...Plan.membersMax))
        f(.sequential, 2, .merge(always: false), .endingUnused)
        f(.parallel, 2, .vote, .endingUnused)
        f(.hierarchical, 1, .vote, .endingUnused)
        f(.hierarchical, 1, .none, .endingMissing)
        f(.collaborative, 2, .none, .endingMissing)
    }

    /// Of every plan there is: no cycle, each part named once, edges as the strategy says, the ending behind all.
    @Test func whateverIsPlannedHolds() throws {
        var plans = 0
        for strategy in Strategy.allCases {
            for ending in [PlanEnding.none, .merge(always: false), .merge(always: true), .vote] {
                for parts in Plan.partCounts(of: strategy) {
                    guard let plan = try? Plan(strategy, parts: parts, ending: ending) else { continue }
                    plans += 1
                    let name = "\(strategy) \(parts) \(ending)"
                    #expect(plan.nodes.compactMap(\.part) == Array(0..<parts), "\(name)")
                    #expect(plan.nodes.count == parts + (ending == .none ? 0 : 1), "\(name)")
                    for (index, node) in plan.nodes.enumerated() {
                        #expect(node.upstream.allSatisfy { $0 < index }, "\(name): none depends on a later one")
                        #expect(Set(node.upstream).count == node.upstream.count, "\(name)")
                        #expect(!plan.purpose(of: index).isEmpty, "\(name)")
                        let isChained = strategy == .sequential && index > 0
                        if node.part != nil { #expect(node.upstream == (isChained ? [index - 1] : []), "\(name)") }
                    }
                    if ending != .none { #expect(plan.nodes.last?.upstream == Array(0..<parts), "\(name)") }
                }
            }
        }
        // 100 chains; 100 parallel ones with each of three endings; two hierarchical; 19 collaborative with three.
        #expect(plans == 100 + 300 + 2 + 57)
    }
}
