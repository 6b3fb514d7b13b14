import Foundation
import Testing

extension Integration {
    @Suite("The protocol of agents, as it is documented", .serialized)
    struct ProtocolTests {
        @Test("The walk with curl runs as it is written")
        func walk() async throws {
            try await Laboratory.run { lab in
                let text = try Repository.text("docs/agent-protocol.md")
                let begin = try #require(text.range(of: "## A walk with curl"))
                let section = text[begin.upperBound...].prefix(
                    upTo: try #require(text.range(of: "## Reports")).lowerBound
                )
                let hasReports = try await lab.takesReports()
                let blocks = section.matches(of: /(?s)```sh( reports)?\n(.*?)```/).filter { hasReports || $0.1 == nil }
                #expect(blocks.count == (hasReports ? 6 : 4))
                let script = "set -euo pipefail\n" + blocks.map { String($0.2) }.joined(separator: "\n")
                let child = try ChildProcess(
                    "/usr/bin/env",
                    ["bash", try lab.folder.write(script, to: "walk.sh")],
                    environment: ["KASKMAN_URL": lab.url, "KASKMAN_ADMIN": "admin:" + Server.password],
                    directory: lab.folder.path,
                    logPath: lab.path("walk.log")
                )
                let exit = try await child.exit()
                #expect(exit == .success, "\(child.log)")
                #expect(child.log.hasSuffix("succeeded\n409\n"), "\(child.log)")
            }
        }

        @Test("The agent in Python does tasks")
        func python() async throws {
            let path = Repository.root + "/docs/examples/agent.py"
            #expect(
                try Repository.text("docs/examples/agent.py").split(separator: "\n", omittingEmptySubsequences: false)
                    .count <= 61
            )
            try await Laboratory.run { lab in
                let agent = try await lab.agent("py", ["square"])
                let good = try await lab.task(#"{"number": 12}"#, kind: "square")
                let bad = try await lab.task(#"{"numbre": 12}"#, kind: "square", Laboratory.attempts(1))
                let child = try ChildProcess(
                    "/usr/bin/env",
                    ["python3", path],
                    environment: ["KASKMAN_URL": lab.url, "KASKMAN_TOKEN": agent.token, "WAIT_SECONDS": "1"],
                    directory: lab.folder.path,
                    logPath: lab.path("python.log")
                )
                let exit = try await child.exit()
                #expect(exit == .success, "\(child.log)")
                let state = try await lab.state(good)
                #expect(state.status == "succeeded" && state.output == #"{"square":144}"#, "\(state)")
                #expect(try await lab.state(bad).errorClass == "invalid_input")
            }
        }
    }
}
