import Exposition
import Foundation
import Testing

extension Integration {
    @Suite("The worker as a process", .serialized)
    struct WorkerProcessTests {
        @Test("SIGTERM lets what runs end, takes nothing more, and the exit status is 0")
        func drain() async throws {
            try await Laboratory.run { lab in
                let agent = try await lab.agent("w", concurrency: 2)
                let worker = try lab.start(agent, "w", ["--concurrency", "2"])
                defer { worker.signal(SIGKILL) }
                let script = "echo 1 >> \(lab.path("marks")); sleep 1"
                let input = #"{"program": "sh", "arguments": ["-c", "\#(script)"]}"#
                let running = try await lab.task(input)
                _ = try await lab.numbers("marks", count: 1)
                worker.signal(SIGTERM)
                try await eventually("it ends") { worker.log.contains("the worker ends") }
                let later = try await lab.task(input)
                #expect(try await worker.exit(within: .seconds(20)) == .success)
                #expect(try await lab.state(running).status == "succeeded")
                #expect(try await lab.state(later).status == "queued")
            }
        }

        @Test("What does not end in time is stopped and handed back")
        func drainTimeout() async throws {
            try await Laboratory.run { lab in
                let arguments = ["--drain-timeout", "0.5", "--kill-grace", "0.5"]
                let worker = try lab.start(try await lab.agent("w"), "w", arguments)
                defer { worker.signal(SIGKILL) }
                let script = "echo $$ >> \(lab.path("pids")); exec sleep 300"
                let task = try await lab.task(
                    #"{"program": "sh", "arguments": ["-c", "\#(script)"]}"#,
                    Laboratory.attempts(1)
                )
                let pids = try await lab.numbers("pids", count: 1)
                worker.signal(SIGTERM)
                #expect(try await worker.exit(within: .seconds(20)) == .success)
                try await Processes.haveEnded(pids, within: .seconds(1))
                let state = try await lab.state(task)
                #expect(state.status == "dead" && state.errorClass == "worker_stopped", "\(state)")
            }
        }

        @Test("Its own metrics are a page that Prometheus reads")
        func metrics() async throws {
            try await Laboratory.run { lab in
                try await lab.worker(try await lab.agent("w"), "w", ["--metrics-port", "0"]) { worker in
                    let port = try await eventually("it serves its metrics") {
                        worker.log.firstMatch(of: /serves its metrics.*port=(\d+)/).flatMap { Int($0.1) }
                    }
                    _ = try await lab.ended(try await lab.task(#"{"program": "true"}"#))
                    let page = try await eventually("the attempt is counted") {
                        let page = try await WireClient.send(.get, "/metrics", port: port)
                        return page.text.contains(#"kaskman_worker_deliveries_total{outcome="accepted"} 1"#)
                            ? page : nil
                    }
                    #expect(page.text.contains(#"kaskman_worker_attempts_total{outcome="completed"} 1"#))
                    let families = try ExpositionParser().parse(page.body)
                    #expect(families.count > 15)
                    #expect(try await WireClient.send(.get, "/", port: port).status == 404)
                    #expect(try await WireClient.send(.post, "/metrics", port: port).status == 405)
                }
            }
        }

        @Test("A start that cannot work ends with a reason and a status")
        func startErrors() async throws {
            try await Laboratory.run { lab in
                let agent = try await lab.agent("w", ["http"])
                try await lab.worker(agent, "busy", ["--executors", "http"]) { busy in
                    try await eventually("it works") { busy.log.contains("the worker takes tasks") }
                    let cases: [(String, [String], [String: String], Int32)] = [
                        ("another worker uses", ["--executors", "http", "--work-dir", lab.path("busy")], [:], 1),
                        ("lacks the capability shell", [], [:], 1), ("util-linux", [], ["PATH": "/nowhere"], 1),
                        ("there is no token", [], ["KASKMAN_TOKEN": ""], 1),
                        ("refuses this worker", ["--executors", "http"], ["KASKMAN_TOKEN": "kma_wrong"], 1),
                        ("server's address", [], ["KASKMAN_URL": "nonsense"], 1),
                        ("there is no executor x", ["--executors", "x"], [:], 2),
                        ("--concurrency must be", ["--concurrency", "0"], [:], 2),
                    ]
                    for (text, arguments, environment, status) in cases {
                        let child = try lab.start(agent, "bad", arguments, environment: environment)
                        let exit = try await child.exit(within: .seconds(20))
                        #expect(exit == ChildProcess.Exit(status: status, bySignal: false), "\(text): \(child.log)")
                        #expect(child.log.contains(text), "\(child.log)")
                    }
                }
            }
        }

        @Test("http tasks reach this machine only where that is allowed")
        func http() async throws {
            try await Laboratory.run { lab in
                let agent = try await lab.agent("w", ["http"])
                let body = #"{"url": "\#(lab.url)/api/v1/health/live", "expected_status": [200]}"#
                try await lab.worker(agent, "w", ["--executors", "http"]) { _ in
                    for url in ["\(lab.url)/", "http://localhost:\(lab.port)/", "http://0x7f.1:\(lab.port)/"] {
                        let task = try await lab.task(#"{"url": "\#(url)"}"#, kind: "http", Laboratory.attempts(1))
                        #expect(try await lab.ended(task).errorClass == "network_refused", "\(url)")
                    }
                }
                try await lab.worker(agent, "w", ["--executors", "http", "--allow-private-networks"]) { _ in
                    let task = try await lab.task(body, kind: "http", Laboratory.attempts(1))
                    let state = try await lab.ended(task)
                    #expect(state.status == "succeeded" && state.output.contains(#""status":200"#), "\(state)")
                    let wrong = #"{"url": "\#(lab.url)/nothing"}"#
                    let refused = try await lab.ended(try await lab.task(wrong, kind: "http", Laboratory.attempts(1)))
                    #expect(refused.errorClass == "unexpected_status", "\(refused)")
                    let port = try await FreePort.find()
                    let nobody = #"{"url": "http://127.0.0.1:\#(port)/"}"#
                    let failed = try await lab.ended(try await lab.task(nobody, kind: "http", Laboratory.attempts(1)))
                    #expect(failed.errorClass == "network_failed", "\(failed)")
                }
            }
        }
    }
}
