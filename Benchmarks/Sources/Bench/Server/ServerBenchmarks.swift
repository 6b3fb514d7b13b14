import Foundation

/// The server as its users meet it: start-up, memory, idle processor time, requests.
struct ServerBenchmarks {
    let executable: String
    let repository: String
    /// Which rows are wanted.
    let isWanted: (String) -> Bool

    private static let projects = 1000
    private static let startRounds = 5

    func run(_ report: inout Report) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/kaskman-bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if isWanted("server.start") { try start(folder, &report) }
        let server = try ServerProcess(executable: executable, folder: folder, repository: repository)
        defer { server.stop() }
        try server.waitUntilHealthy()
        if isWanted("server.idle") { idle(server, &report) }
        if isWanted("http") || isWanted("server.memory_loaded") {
            let token = try server.signIn()
            try fill(server, token, &report)
            try load(server, token, &report)
        }
    }

    // MARK: Start-up

    private func start(_ folder: String, _ report: inout Report) throws {
        let clock = ContinuousClock()
        func seconds(_ folder: String) throws -> Double {
            let begin = clock.now
            let server = try ServerProcess(executable: executable, folder: folder, repository: repository)
            defer { server.stop() }
            try server.waitUntilHealthy()
            return Self.seconds(clock.now - begin)
        }
        var fresh: [Double] = []
        var again: [Double] = []
        for round in 0..<Self.startRounds {
            let own = "\(folder)/start-\(round)"
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
            fresh.append(try seconds(own))
            again.append(try seconds(own))
        }
        for (id, rounds) in [("server.start_empty", fresh), ("server.start_again", again)] {
            let median = rounds.sorted()[Self.startRounds / 2]
            report.add(Measurement(id: id, ours: median, unit: "s", goal: .atMost(0.5)))
        }
    }

    // MARK: Idle

    private func idle(_ server: ServerProcess, _ report: inout Report) {
        let wanted = 30.0
        Thread.sleep(forTimeInterval: 5)
        let (begin, used) = (ContinuousClock.now, server.processorSeconds)
        Thread.sleep(forTimeInterval: wanted)
        let share = (server.processorSeconds - used) / Self.seconds(.now - begin) * 100
        report.add(
            Measurement(id: "server.idle_memory", ours: server.residentMegabytes, unit: "MB", goal: .atMost(80))
        )
        report.add(Measurement(id: "server.idle_cpu", ours: share, unit: "% core", goal: .atMost(1.5)))
    }

    // MARK: Requests

    /// Makes the projects, one after the other on one connection: each is on the disk before it is answered.
    private func fill(_ server: ServerProcess, _ token: String, _ report: inout Report) throws {
        let connection = try HTTPConnection(port: server.port)
        let begin = ContinuousClock.now
        for number in 0..<Self.projects {
            let json = """
                {"name":"Project \(number)","type":"research","priority":\(number % 10 + 1),\
                "description":"Finds out what number \(number) is about, and writes down what it found.",\
                "objectives":["Read what is known","Measure what is not"],"tags":["bench","lot-\(number % 20)"],\
                "estimated_hours":\(number % 80)}
                """
            let answer = try connection.send("POST", "/api/v1/projects", token: token, json: json)
            guard answer.status == 201 else { throw BenchmarkFailure("a creation was answered \(answer.status)") }
        }
        let rate = Double(Self.projects) / Self.seconds(.now - begin)
        report.add(
            Measurement(id: "http.project_creations", ours: rate, unit: "req/s", better: .higher)
        )
    }

    private func load(_ server: ServerProcess, _ token: String, _ report: inout Report) throws {
        let loads: [(id: String, path: String, token: String?, rate: Double, p99: Double?)] = [
            ("http.projects", "/api/v1/projects?limit=20", token, 5_000, 40),
            ("http.health", "/api/v1/health", nil, 40_000, nil),
        ]
        for load in loads {
            _ = try LoadGenerator(seconds: 2).run(port: server.port, path: load.path, token: load.token)
            guard let result = try LoadGenerator().run(port: server.port, path: load.path, token: load.token) else {
                report.note("\(load.id): wrk is missing (Debian's package wrk)")
                continue
            }
            report.add(
                Measurement(
                    id: load.id + "_rate",
                    ours: result.requestsPerSecond,
                    unit: "req/s",
                    better: .higher,
                    goal: .atLeast(load.rate)
                )
            )
            report.add(
                Measurement(
                    id: load.id + "_p99",
                    ours: result.p99Milliseconds,
                    unit: "ms",
                    goal: load.p99.map { .atMost($0) }
                )
            )
            report.note("\(load.path) at 100 connections: non-2xx: \(result.failures)")
            guard result.failures == 0 else { throw BenchmarkFailure("\(load.path): \(result.failures) failures") }
        }
        report.add(Measurement(id: "server.memory_loaded", ours: server.residentMegabytes, unit: "MB"))
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
