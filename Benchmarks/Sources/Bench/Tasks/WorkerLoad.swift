import Foundation

/// Tasks that run a program, done by kaskman-worker: what a real task costs beside one that does nothing.
struct WorkerLoad {
    let repository: String
    /// Holds the worker's files.
    let folder: String
    let server: ServerProcess
    let token: String

    /// Has the worker run `true` so many times; returns tasks a second, from the worker's start.
    func rate(tasks: Int, concurrency: Int) throws -> Double {
        let port = server.port
        let name = UUID().uuidString.prefix(8)
        let project = try TaskLoad.project(port: port, token: token, name: "programs \(name)")
        let agent = try TaskLoad.agent(port: port, token: token, name: "programs-\(name)", capability: "shell")
        let connection = try HTTPConnection(port: port)
        let json = #"{"project_id":"\#(project)","kind":"shell","capabilities":["shell"],"input":{"program":"true"}}"#
        for _ in 0..<tasks {
            let answer = try connection.send("POST", "/api/v1/tasks", token: token, json: json)
            guard answer.status == 201 else {
                throw BenchmarkFailure("a task was answered \(answer.status): \(answer.body)")
            }
        }
        let worker = Process()
        worker.executableURL = URL(fileURLWithPath: repository + "/.build/release/kaskman-worker")
        worker.arguments = [
            "--executors", "shell", "--concurrency", "\(concurrency)", "--work-dir", folder, "--log-level", "error",
        ]
        worker.environment = [
            "KASKMAN_URL": "http://127.0.0.1:\(port)", "KASKMAN_TOKEN": agent.token, "PATH": "/usr/bin:/bin",
        ]
        worker.standardOutput = FileHandle.nullDevice
        worker.standardError = FileHandle.nullDevice
        let begin = ContinuousClock.now
        try worker.run()
        defer {
            worker.terminate()
            worker.waitUntilExit()
        }
        while (ContinuousClock.now - begin).inSeconds < 120 {
            let answer = try connection.send("GET", "/api/v1/tasks/counts?project=\(project)", token: token)
            let done = answer.body.firstMatch(of: /"succeeded":(\d+)/).flatMap { Int($0.1) } ?? 0
            if done == tasks { return Double(tasks) / (ContinuousClock.now - begin).inSeconds }
            guard worker.isRunning else { throw BenchmarkFailure("the worker ended") }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw BenchmarkFailure("the worker did not do its tasks within two minutes")
    }
}
