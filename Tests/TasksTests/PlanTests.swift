import DatabaseTesting
import Testing

@Suite struct PlanTests {
    @Test(arguments: TestBackend.allCases, PlanConformance.checks.map(\.name))
    func conforms(_ backend: TestBackend, _ name: String) async throws {
        let check = try #require(PlanConformance.checks.first { $0.name == name })
        try await withTemporaryDatabase(on: backend, TaskFixture.migrations) { try await check.run($0) }
    }
}
