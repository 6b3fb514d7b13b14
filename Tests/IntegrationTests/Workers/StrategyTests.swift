import Foundation
import Testing

extension Integration {
    @Suite("Strategies with real workers", .serialized)
    struct StrategyTests {
        /// A task of a plan that runs a script.
        private static func script(_ text: String, stdin: String? = nil) -> [String: Any] {
            var input: [String: Any] = ["program": "sh", "arguments": ["-c", text]]
            input["stdin"] = stdin
            return ["kind": "shell", "capabilities": ["shell"], "input": input]
        }

        /// Makes a plan, and returns its identifier with those of its tasks by role, in their order.
        private static func plan(
            _ lab: Laboratory,
            _ strategy: String,
            _ members: [String: Any]
        ) async throws -> (id: String, tasks: [(role: String, id: String)]) {
            let body = members.merging(["strategy": strategy, "project_id": lab.project]) { $1 }
            let made = try await lab.post("rnd/coordinate", body)
            let tasks = try #require(made["tasks"] as? [[String: Any]])
            return (
                try #require(made["plan_id"] as? String),
                tasks.map { (role: $0["role"] as? String ?? "", id: $0["task_id"] as? String ?? "") }
            )
        }

        @Test("A coordinator has tasks made, two workers do them, and the merge gets what they gave")
        func hierarchical() async throws {
            try await Laboratory.run { lab in
                let children = (1...3).map { number in
                    Self.script("printf '{\"square\": %d}' $((\(number) * \(number))) > \"$KASKMAN_OUTPUT\"")
                }
                let wanted = String(decoding: try JSONSerialization.data(withJSONObject: children), as: UTF8.self)
                let merge = """
                    squares=$(grep -o '"square":[0-9]*' "$KASKMAN_UPSTREAM" | cut -d : -f 2 | paste -sd + -)
                    printf '{"sum": %d}' $(($squares)) > "$KASKMAN_OUTPUT"
                    """
                let (_, tasks) = try await Self.plan(
                    lab,
                    "hierarchical",
                    [
                        "task": Self.script("cat > \"$KASKMAN_CHILDREN\"", stdin: wanted),
                        "merge": Self.script(merge),
                    ]
                )
                #expect(tasks.map(\.role) == ["coordinator", "merge"])
                let (one, other) = (try await lab.agent("a"), try await lab.agent("b"))
                try await lab.worker(one, "a") { _ in
                    try await lab.worker(other, "b") { _ in
                        let end = try await lab.ended(tasks[1].id)
                        #expect(end.status == "succeeded" && end.output.contains(#""sum":14"#), "\(end)")
                        let lead = try await lab.state(tasks[0].id)
                        #expect(lead.status == "succeeded" && lead.attempt == 1, "\(lead)")
                    }
                }
            }
        }

        @Test("Three opinions are voted on; then the workers are stopped, and end by themselves")
        func collaborative() async throws {
            try await Laboratory.run { lab in
                let agents = [try await lab.agent("a"), try await lab.agent("b")]
                let workers = try zip(agents, ["a", "b"]).map { try lab.start($0, $1) }
                defer { for worker in workers { worker.signal(SIGKILL) } }
                // How long each took differs, what they say does not, but for the first attempt's.
                let mark = lab.path("first")
                let opinion = """
                    if mkdir \(mark) 2> /dev/null; then said=5; else said=4; fi
                    printf '{"answer": %d, "by": "%s"}' $said "$KASKMAN_TASK_ID" > "$KASKMAN_OUTPUT"
                    """
                let (_, tasks) = try await Self.plan(
                    lab,
                    "collaborative",
                    ["task": Self.script(opinion), "members": 3, "vote": ["members": ["answer"], "quorum": 3]]
                )
                let vote = try await lab.ended(tasks[3].id)
                #expect(tasks[3].role == "vote" && vote.status == "succeeded" && vote.attempt == 0, "\(vote)")
                #expect(
                    vote.output.contains(#""result":{"answer":4}"#) && vote.output.contains(#""votes":2"#),
                    "\(vote)"
                )
                for (agent, worker) in zip(agents, workers) {
                    _ = try await lab.post("agents/\(agent.id)/stop")
                    let exit = try await worker.exit()
                    #expect(exit.status == 0 && !exit.bySignal, "\(worker.log)")
                }
            }
        }
    }
}
