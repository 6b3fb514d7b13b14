import Foundation
import Supervision
import Testing

extension Integration {
    @Suite("The alert path", .serialized, .onSQLite("its database faults are of SQLite's file"))
    struct AlertPathTests {
        /// Rows that run at a time, each with a server of its own.
        private static let lanes = 3

        @Test("A real fault of each component raises that component's own alert, and no other; mended, it resolves")
        func matrix() async throws {
            let existing = try await components()
            let rows = Faults.rows.filter { existing.contains($0.component) }
            var records: [FaultRecord] = []
            await withTaskGroup(of: FaultRecord.self) { group in
                var waiting = rows[...]
                for _ in 0..<Self.lanes {
                    if let row = waiting.popFirst() { group.addTask { await FaultRun(row: row).record() } }
                }
                while let record = await group.next() {
                    records.append(record)
                    if let row = waiting.popFirst() { group.addTask { await FaultRun(row: row).record() } }
                }
            }
            print("durations of the rules are divided by \(ShortenedRules.factor)")
            print(FaultRecord.head)
            for record in records.sorted(by: { $0.row.component < $1.row.component }) {
                print(record.line)
                if let reason = record.notRun {
                    Issue.record(
                        "\(record.row.component.rawValue), \(record.row.fault): not run: \(reason)",
                        severity: .warning
                    )
                }
                for problem in record.problems { Issue.record("\(record.row.component.rawValue): \(problem)") }
            }
            let missing = existing.subtracting(records.filter { $0.notRun == nil }.map(\.row.component))
            #expect(missing.isEmpty, "components without a row: \(missing.map(\.rawValue).sorted())")
        }

        /// The components of the platform as it is built.
        private func components() async throws -> Set<ComponentKind> {
            let health = try await Server.run(in: try TemporaryFolder()) { try await $0.get("/api/v1/health") }
            let kinds = health.text.matches(of: /"component":"([a-z_]+)"/).compactMap {
                ComponentKind(rawValue: String($0.1))
            }
            #expect(!kinds.isEmpty)
            return Set(kinds)
        }

        @Test("Durations are divided by the factor, and nothing else is changed")
        func shortening() {
            func expect(_ text: String, _ expected: String) { #expect(ShortenedRules.shorten(text) == expected) }
            expect("for: 2m", "for: 6000ms")
            expect("rate(x[5m]) > 0.05", "rate(x[15000ms]) > 0.05")
            expect("keep_firing_for: 30s", "keep_firing_for: 1500ms")
            expect("x[1h], 4 * 3600) < 0", "x[180000ms], 4 * 3600 / 20) < 0")
            expect("summary: \"takes 5m\"", "summary: \"takes 5m\"")
        }
    }
}
