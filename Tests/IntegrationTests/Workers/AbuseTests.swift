import Foundation
import Testing

extension Integration {
    @Suite("Programs that harm", .serialized)
    struct AbuseTests {
        private struct Case {
            let name: String
            let input: [String: Any]
            let errorClass: String
        }

        private static func sh(_ script: String, _ limits: [String: Any] = [:], artefacts: [String] = []) -> [String:
            Any]
        {
            ["program": "sh", "arguments": ["-c", script], "limits": limits, "artefacts": artefacts]
        }

        private static func cases(_ lab: Laboratory) -> [Case] {
            let forks =
                "i=0; while [ $i -lt 200 ]; do sleep 300 & echo $! >> \(lab.path("forks")); i=$((i+1)); done; wait"
            return [
                Case(name: "forks", input: sh(forks, ["processes": 20]), errorClass: "process_limit"),
                Case(
                    name: "fills the disk",
                    input: sh("exec dd if=/dev/zero of=big bs=1M count=50", ["files_bytes": 1 << 20]),
                    errorClass: "files_limit"
                ),
                Case(
                    name: "prints without end",
                    // Lines of two bytes: tens of thousands of them, which the server stores at its own pace.
                    input: sh("exec yes", ["output_bytes": 64 << 10]),
                    errorClass: "output_limit"
                ),
                Case(
                    name: "prints one line without end",
                    input: sh("exec cat /dev/zero", ["output_bytes": 1 << 20]),
                    errorClass: "output_limit"
                ),
                Case(
                    name: "ignores SIGTERM",
                    input: sh(
                        "trap '' TERM; echo $$ >> \(lab.path("deaf")); while :; do sleep 1; done",
                        ["seconds": 0.5]
                    ),
                    errorClass: "time_limit"
                ),
                Case(
                    name: "takes memory",
                    input: [
                        "program": "python3", "arguments": ["-c", "x = bytearray(10**9)"],
                        "limits": ["memory_bytes": 256 << 20],
                    ],
                    errorClass: "out_of_memory"
                ),
                Case(name: "computes", input: sh("while :; do :; done", ["cpu_seconds": 1]), errorClass: "cpu_limit"),
                Case(name: "is not there", input: ["program": "no-such-program"], errorClass: "start_failed"),
                Case(name: "is misspelt", input: ["programme": "true"], errorClass: "invalid_input"),
                Case(name: "kills itself", input: sh("kill -9 $$"), errorClass: "signal"),
                Case(
                    name: "writes no JSON",
                    input: sh("echo nonsense > $KASKMAN_OUTPUT"),
                    errorClass: "invalid_output"
                ),
                Case(
                    name: "writes a link as its output",
                    input: sh("ln -s /dev/zero $KASKMAN_OUTPUT"),
                    errorClass: ""
                ),
                Case(
                    name: "keeps what it did not make",
                    input: sh("true", artefacts: ["model.bin"]),
                    errorClass: "artefact_missing"
                ),
                Case(
                    name: "keeps what is not its own",
                    input: sh("ln -s /etc/passwd model.bin", artefacts: ["model.bin"]),
                    errorClass: "artefact_refused"
                ),
                Case(
                    name: "leaves its session",
                    input: sh("setsid sleep 300 & sleep 0.2; echo $! >> \(lab.path("left"))"),
                    errorClass: ""
                ),
            ]
        }

        @Test("Each ends in a failure that names it, leaves no process, and harms no other task")
        func abuse() async throws {
            try await Laboratory.run { lab in
                let agent = try await lab.agent("w", concurrency: 4)
                let arguments = ["--concurrency", "4", "--kill-grace", "0.5"]
                try await lab.worker(agent, "w", arguments) { worker in
                    var tasks: [(Case, String)] = []
                    for one in Self.cases(lab) {
                        let json = String(
                            decoding: try JSONSerialization.data(withJSONObject: one.input),
                            as: UTF8.self
                        )
                        tasks.append((one, try await lab.task(json, Laboratory.attempts(1))))
                        tasks.append(
                            (
                                Case(name: "is honest", input: [:], errorClass: ""),
                                try await lab.task(#"{"program": "true"}"#, Laboratory.attempts(1))
                            )
                        )
                    }
                    for (one, task) in tasks {
                        let state = try await lab.ended(task)
                        #expect(state.errorClass == one.errorClass, "one that \(one.name): \(state)")
                        #expect(state.status == (one.errorClass.isEmpty ? "succeeded" : "dead"), "one that \(one.name)")
                    }
                    for name in ["forks", "deaf", "left"] {
                        let pids = lab.numbers(name)
                        #expect(!pids.isEmpty, "\(name)")
                        try await Processes.haveEnded(pids, within: .seconds(5))
                    }
                    let status = try String(contentsOfFile: "/proc/\(worker.processID)/status", encoding: .utf8)
                    let peak = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) })
                    #expect(peak < 256 << 10, "the worker's memory is bounded: \(peak) KiB")
                }
            }
        }
    }
}
