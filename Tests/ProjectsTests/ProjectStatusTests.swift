import Basics
import ChaosTesting
import Projects
import Records
import Testing

@Suite struct ProjectStatusTests {
    private let early = Timestamp(milliseconds: 1000)
    private let late = Timestamp(milliseconds: 2000)

    @Test func everyPairOfStatusesIsAllowedOrRefused() {
        let allowed: Set<[ProjectStatus]> = [
            [.pending, .active], [.pending, .cancelled],
            [.active, .paused], [.active, .completed], [.active, .cancelled],
            [.paused, .active], [.paused, .completed], [.paused, .cancelled],
            [.completed, .active], [.cancelled, .active],
        ]
        for from in ProjectStatus.allCases {
            for to in ProjectStatus.allCases where from != to {
                let isAllowed = (try? from.moving(to: to, at: late, ProjectStatus.Times())) != nil
                #expect(isAllowed == allowed.contains([from, to]), "\(from) → \(to)")
            }
            #expect(throws: Never.self) { try from.moving(to: from, at: late, ProjectStatus.Times()) }
        }
    }

    @Test func theTimesFollowTheStatus() throws {
        func f(
            _ from: ProjectStatus,
            _ to: ProjectStatus,
            _ old: ProjectStatus.Times,
            _ expected: ProjectStatus.Times
        ) throws {
            #expect(try from.moving(to: to, at: late, old) == expected, "\(from) → \(to)")
        }
        let (none, started) = (ProjectStatus.Times(), ProjectStatus.Times(startedAt: early))
        let completed = ProjectStatus.Times(startedAt: early, completedAt: early)
        try f(.pending, .active, none, .init(startedAt: late))
        try f(.pending, .cancelled, none, none)
        try f(.active, .paused, started, started)
        try f(.paused, .active, started, started)
        try f(.active, .completed, started, .init(startedAt: early, completedAt: late))
        try f(.active, .cancelled, started, started)
        try f(.completed, .active, completed, started)
        try f(.cancelled, .active, none, .init(startedAt: late))
        try f(.completed, .completed, completed, completed)
    }

    @Test func inAnyWalkTheTimesFitTheStatus() throws {
        for seed in Chaos.seeds(0...199) {
            var random = SeededGenerator(seed: seed)
            let first: ProjectStatus = Bool.random(using: &random) ? .pending : .active
            let fields = ProjectFields(name: "walk", type: .research, status: first)
            let ids = UUIDv7Generator(clock: ManualClock(), random: random)
            var project = Project.new(fields, id: ids.next(), at: early, by: "ada")
            var (now, wasActive) = (early, first == .active)
            for _ in 0..<30 {
                now = now.advanced(by: .seconds(1))
                let before = project
                var next = project.fields
                next.status = try #require(ProjectStatus.allCases.randomElement(using: &random))
                do {
                    project = try before.changing(to: next, at: now)
                    wasActive = wasActive || next.status == .active
                    let isSame = next.status == before.fields.status
                    #expect(isSame || before.fields.status.successors.contains(next.status), "seed \(seed)")
                    #expect(project.version == before.version + (isSame ? 0 : 1), "seed \(seed)")
                } catch {
                    #expect(!before.fields.status.successors.contains(next.status), "seed \(seed)")
                }
                #expect((project.startedAt != nil) == wasActive, "seed \(seed)")
                #expect((project.completedAt != nil) == (project.fields.status == .completed), "seed \(seed)")
                #expect(before.startedAt == nil || project.startedAt == before.startedAt, "seed \(seed)")
            }
        }
    }
}
