import Basics
import Database
import DatabaseTesting
import Instruments
import Testing

@Suite struct DatabaseMetricsTests {
    @Test func countsOperationsByOutcome() async throws {
        struct Refusal: Error {}
        let registry = Registry()
        try await withTemporaryDatabase(registry: registry) { database in
            let operations = "kaskman_database_operations_total"
            #expect(
                registry.value(of: operations, ["operation": "read", "outcome": "error"]) == 0,
                "there from the start"
            )
            let before = try #require(registry.value(of: operations, ["operation": "write", "outcome": "success"]))
            try await database.write("test.ok") { _ in }
            _ = try? await database.write("test.refused") { _ in throw Refusal() }
            _ = try? await database.read("test.broken") { try $0.query("SELEC") }
            #expect(registry.value(of: operations, ["operation": "write", "outcome": "success"]) == before + 1)
            #expect(registry.value(of: operations, ["operation": "write", "outcome": "rolled_back"]) == 1)
            #expect(registry.value(of: operations, ["operation": "read", "outcome": "error"]) == 1)
            #expect(registry.value(of: "kaskman_database_errors_total", ["error_code": "syntax"]) == 1)
            #expect(registry.value(of: "kaskman_database_waiters") == 0)
            let wal = try #require(registry.value(of: "kaskman_database_wal_size_bytes"))
            #expect(wal > 0)
            let free = try #require(registry.value(of: "kaskman_database_available_disk_bytes"))
            #expect(free > 0)
        }
    }
}
