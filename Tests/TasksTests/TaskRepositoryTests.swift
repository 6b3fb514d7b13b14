import Basics
import DatabaseTesting
import JSON
import Records
import Tasks
import Testing

@Suite struct TaskRepositoryTests {
    @Test(arguments: TestBackend.allCases, TaskConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(TaskConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, TaskFixture.migrations) { try await check.run($0) }
    }

    @Test func eachLimitHasItsViolation() {
        let id = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1)).next()
        func f(_ pointers: [String], _ configure: (inout NewTask) -> Void) {
            var new = NewTask(TaskFields(projectID: id, kind: "shell"))
            configure(&new)
            #expect(new.violations.map(\.pointer) == pointers)
        }
        f([]) { $0.fields.name = "Grid point 3" }
        f(["/name"]) { $0.fields.name = "" }
        f(["/kind"]) { $0.fields.kind = "Shell" }
        f(["/input"]) { $0.fields.input = [] }
        f(["/input"]) { $0.fields.input = ["x": .string(String(repeating: "x", count: TaskLimits.inputBytesMax))] }
        f(["/capabilities/1"]) { $0.fields.capabilities = ["gpu", "gpu"] }
        f(["/priority"]) { $0.fields.priority = 11 }
        f(["/unique_key"]) { $0.fields.uniqueKey = "" }
        f(["/retry/attempts_max"]) { $0.fields.rules.retry.attemptsMax = 0 }
        f(["/retry/first_delay_seconds"]) { $0.fields.rules.retry.firstDelaySeconds = -1 }
        f(["/retry/factor"]) { $0.fields.rules.retry.factor = .nan }
        f(["/retry/jitter"]) { $0.fields.rules.retry.jitter = 1.1 }
        f(["/retry/non_retryable/0"]) { $0.fields.rules.retry.nonRetryable = ["Out of memory"] }
        f(["/timeouts/total_seconds"]) { $0.fields.rules.timeouts.totalSeconds = 0 }
        f(["/budget/cost_max"]) { $0.fields.rules.budget.costMax = -1 }
        f(["/budget/cost_max"]) { $0.fields.rules.budget.costMax = .nan }
        f(["/budget/seconds_max"]) { $0.fields.rules.budget.secondsMax = 0 }
        f(["/timeouts/heartbeat_seconds"]) { $0.fields.rules.timeouts.heartbeatSeconds = 4 }
        f(["/dependencies/1/task_id"]) { $0.dependencies = [TaskDependency(on: id), TaskDependency(on: id, .always)] }
    }
}
