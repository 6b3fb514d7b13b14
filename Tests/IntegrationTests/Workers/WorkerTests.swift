import Exposition
import Foundation
import Testing

extension Integration {
    @Suite("Workers", .serialized)
    struct WorkerTests {
        @Test("A worker runs programs; their output is the task's, and the token is not theirs to see")
        func runs() async throws {
            try await Laboratory.run { lab in
                let agent = try await lab.agent("w")
                try await lab.worker(agent) { _ in
                    let hello = try await lab.task(#"{"program": "echo", "arguments": ["hi"]}"#)
                    let said = try await lab.ended(hello)
                    #expect(said.status == "succeeded" && said.output.contains(#""exit_code":0"#), "\(said)")

                    // Its own environment, and its parent's, which the superuser could read.
                    let spy = """
                        env | tr 'A-Z' 'a-z' | grep -q token && exit 3
                        tr '\\0' '\\n' < /proc/$PPID/environ | grep -qF '\(agent.token.prefix(12))' && exit 4
                        [ "$KASKMAN_ATTEMPT" = 1 ] || exit 5
                        cat > copy; cat given/there.txt >> copy; echo more >&2
                        printf '{"text": "%s", "task": "%s"}' "$(cat copy)" "$KASKMAN_TASK_ID" > "$KASKMAN_OUTPUT"
                        """
                    let input: [String: Any] = [
                        "program": "sh", "arguments": ["-c", spy], "stdin": "in ", "environment": ["LEVEL": "3"],
                        "files": ["given/there.txt": "file"],
                    ]
                    let json = String(decoding: try JSONSerialization.data(withJSONObject: input), as: UTF8.self)
                    let task = try await lab.task(json)
                    let state = try await lab.ended(task)
                    #expect(state.status == "succeeded", "\(state)")
                    #expect(state.output.contains(#""text":"in file""#) && state.output.contains(task), "\(state)")
                    let folders = try FileManager.default.contentsOfDirectory(atPath: lab.path("worker/attempts"))
                    #expect(folders.isEmpty, "the work folders are gone")
                }
            }
        }

        @Test("A program that fails is tried again, and then dead with its exit code and last words")
        func fails() async throws {
            try await Laboratory.run { lab in
                try await lab.worker(try await lab.agent("w")) { _ in
                    let script =
                        #"echo fine; echo \"first $KASKMAN_ATTEMPT\" >> \#(lab.path("tries")); echo oh no >&2; exit 3"#
                    let task = try await lab.task(
                        #"{"program": "sh", "arguments": ["-c", "\#(script)"]}"#,
                        Laboratory.attempts(2)
                    )
                    let state = try await lab.ended(task)
                    #expect(state.status == "dead" && state.attempt == 2 && state.outcomes == ["failed", "failed"])
                    #expect(state.errorClass == "exit_code" && state.errorMessage == "exit code 3: oh no")
                    let tries = try String(contentsOfFile: lab.path("tries"), encoding: .utf8)
                    #expect(tries == "first 1\nfirst 2\n")
                }
            }
        }

        /// A script that writes the numbers of three processes: its own, a child's, and one's that left the session.
        private static func family(_ lab: Laboratory) -> String {
            let pids = lab.path("pids")
            return
                "sleep 300 & echo $! >> \(pids); setsid sleep 301 & sleep 0.2; echo $! >> \(pids); echo $$ >> \(pids); wait"
        }

        @Test("A cancellation ends the whole family of processes, also those that left the group")
        func cancel() async throws {
            try await Laboratory.run { lab in
                try await lab.worker(try await lab.agent("w"), "w", ["--kill-grace", "1"]) { worker in
                    let input = #"{"program": "sh", "arguments": ["-c", "\#(Self.family(lab))"]}"#
                    let task = try await lab.task(input, Laboratory.attempts(1))
                    let pids = try await lab.numbers("pids", count: 3)
                    #expect(pids.filter(Processes.isAlive) == pids)
                    _ = try await lab.post("tasks/\(task)/cancel")
                    try await Processes.haveEnded(pids)
                    #expect(try await lab.state(task).status == "cancelled")
                    let next = try await lab.ended(try await lab.task(#"{"program": "true"}"#))
                    #expect(next.status == "succeeded", "the worker goes on")
                    #expect(worker.log.contains("an attempt was abandoned"))
                }
            }
        }

        @Test("kill -9 of a worker ends its program; another worker finishes the task, and one result is accepted")
        func killed() async throws {
            try await Laboratory.run { lab in
                let script = "echo $$ >> \(lab.path("pids")); [ $KASKMAN_ATTEMPT != 1 ] || exec sleep 300"
                let first = try lab.start(try await lab.agent("a"), "a")
                defer { first.signal(SIGKILL) }
                let task = try await lab.task(
                    #"{"program": "sh", "arguments": ["-c", "\#(script)"]}"#,
                    Laboratory.attempts(3)
                )
                let pids = try await lab.numbers("pids", count: 1)
                first.signal(SIGKILL)
                _ = try await first.exit()
                try await Processes.haveEnded(pids, within: .seconds(5))
                try await lab.worker(try await lab.agent("b"), "b") { _ in
                    let state = try await lab.ended(task)
                    #expect(state.status == "succeeded" && state.attempt == 2, "\(state)")
                    #expect(state.outcomes.filter { $0 == "succeeded" }.count == 1)
                }
            }
        }

        @Test("What a killed worker's programs left running is ended by the worker that follows it in its folder")
        func leftovers() async throws {
            try await Laboratory.run { lab in
                let agent = try await lab.agent("a")
                let first = try lab.start(agent, "a")
                defer { first.signal(SIGKILL) }
                let input = #"{"program": "sh", "arguments": ["-c", "\#(Self.family(lab))"]}"#
                _ = try await lab.task(input, Laboratory.attempts(1))
                let pids = try await lab.numbers("pids", count: 3)
                first.signal(SIGKILL)
                _ = try await first.exit()
                try await lab.worker(agent, "a") { _ in try await Processes.haveEnded(pids) }
            }
        }

        @Test("A worker that was stopped past its lease hands in a result that is refused, and goes on")
        func stopped() async throws {
            try await Laboratory.run { lab in
                let marks = lab.path("marks")
                let script =
                    "echo $KASKMAN_ATTEMPT >> \(marks); [ $KASKMAN_ATTEMPT != 1 ] || sleep 2; echo 10 >> \(marks)"
                let task = try await lab.task(
                    #"{"program": "sh", "arguments": ["-c", "\#(script)"]}"#,
                    Laboratory.attempts(3)
                )
                try await lab.worker(try await lab.agent("a"), "a") { slow in
                    _ = try await lab.numbers("marks", count: 1)
                    slow.signal(SIGSTOP)
                    try await lab.worker(try await lab.agent("b"), "b") { _ in
                        let state = try await lab.ended(task)
                        #expect(state.status == "succeeded" && state.attempt == 2, "\(state)")
                    }
                    slow.signal(SIGCONT)
                    try await eventually("the late result is refused") {
                        slow.log.contains("a result was refused") || slow.log.contains("an attempt was abandoned")
                    }
                    let state = try await lab.state(task)
                    #expect(state.outcomes.filter { $0 == "succeeded" }.count == 1 && state.attempt == 2)
                    let next = try await lab.ended(try await lab.task(#"{"program": "true"}"#))
                    #expect(next.status == "succeeded", "the worker goes on")
                    #expect(FileManager.default.fileExists(atPath: lab.path("a/outbox")))
                    let left = try FileManager.default.contentsOfDirectory(atPath: lab.path("a/outbox"))
                    #expect(left.isEmpty, "nothing waits")
                }
            }
        }

        @Test("A task runs on while the server is restarted, and its result is accepted afterwards")
        func serverRestarts() async throws {
            let folder = try TemporaryFolder()
            var settings = Laboratory.settings
            settings["http.port"] = String(try await FreePort.find())
            let (lab, agent, task, worker) = try await Server.run(in: folder, settings) { server in
                let lab = try await Laboratory.with(server.port, folder)
                let agent = try await lab.agent("w")
                let worker = try lab.start(agent)
                let script = "echo 1 >> \(lab.path("marks")); sleep 2; echo 2 >> \(lab.path("marks"))"
                let task = try await lab.task(
                    #"{"program": "sh", "arguments": ["-c", "\#(script)"]}"#,
                    Laboratory.attempts(1)
                )
                _ = try await lab.numbers("marks", count: 1)
                return (lab, agent, task, worker)
            }
            defer { worker.signal(SIGKILL) }
            _ = try await lab.numbers("marks", count: 2)
            try await eventually("the result waits on the disk") {
                try FileManager.default.contentsOfDirectory(atPath: lab.path("worker/outbox")).count == 1
            }
            // It would not have to live to see the server again.
            worker.signal(SIGKILL)
            _ = try await worker.exit()
            try await Server.run(in: folder, settings) { _ in
                try await lab.worker(agent) { _ in
                    let state = try await lab.ended(task)
                    #expect(state.status == "succeeded" && state.attempt == 1, "\(state)")
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: lab.path("worker/outbox")).isEmpty)
            }
        }
    }
}
