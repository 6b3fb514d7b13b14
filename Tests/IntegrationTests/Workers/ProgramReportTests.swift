import Foundation
import Testing

extension Integration {
    @Suite("What programs report", .serialized)
    struct ProgramReportTests {
        private struct Log: Decodable {
            struct Line: Decodable {
                let stream: String
                let text: String
            }

            let items: [Line]
        }

        private struct Artefacts: Decodable {
            struct Item: Decodable {
                let id: String
                let name: String
                let bytes: Int
                let complete: Bool
            }

            let items: [Item]
        }

        static func isTaken() async throws -> Bool { try await Laboratory.run { try await $0.takesReports() } }

        @Test(
            "Lines, metrics and files of a program arrive, and stay when the task has ended",
            .enabled("the server takes reports") { try await ProgramReportTests.isTaken() }
        )
        func reports() async throws {
            let size = 10_000_000
            try await Laboratory.run { lab in
                try await lab.worker(try await lab.agent("w")) { _ in
                    let script = """
                        echo one; echo two >&2; printf 'lab_loss 0.5\\n' >> $KASKMAN_METRICS; mkdir out; \
                        head -c \(size) /dev/zero > out/model.bin
                        """
                    let input: [String: Any] = [
                        "program": "sh", "arguments": ["-c", script], "artefacts": ["out/*.bin"],
                    ]
                    let json = String(decoding: try JSONSerialization.data(withJSONObject: input), as: UTF8.self)
                    let task = try await lab.task(json, Laboratory.attempts(1))
                    let state = try await lab.ended(task)
                    #expect(state.status == "succeeded", "\(state)")

                    let page = try await lab.get("tasks/\(task)/logs?limit=100")
                    let lines = try JSONDecoder().decode(Log.self, from: Data(page.body)).items
                    #expect(lines.contains { $0.stream == "stdout" && $0.text == "one" }, "\(page.text)")
                    #expect(lines.contains { $0.stream == "stderr" && $0.text == "two" }, "\(page.text)")

                    let list = try await lab.get("tasks/\(task)/artefacts")
                    let artefacts = try JSONDecoder().decode(Artefacts.self, from: Data(list.body)).items
                    let artefact = try #require(artefacts.first, "\(list.text)")
                    #expect(artefact.name == "out/model.bin" && artefact.bytes == size && artefact.complete)
                    let content = try await lab.get("tasks/\(task)/artefacts/\(artefact.id)/content")
                    #expect(content.body.count == size)

                    let prometheus = PrometheusAPI(port: lab.port, prefix: "/prometheus", headers: [Laboratory.admin])
                    let loss = try await eventually("the metric is there") {
                        try await prometheus.value("max_over_time(lab_loss{task=\"\(task)\"}[5m])")
                    }
                    #expect(loss == 0.5)
                }
            }
        }
    }
}
