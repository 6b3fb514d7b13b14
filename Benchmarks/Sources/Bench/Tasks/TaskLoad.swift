import Foundation
import Synchronization

/// Agents and creators of tasks that do nothing, over plain HTTP as any agent may speak it, a thread each.
///
/// An agent leases many tasks by one long poll, and hands their results in with one request.
final class TaskLoad: Sendable {
    /// What one run gave.
    struct Result {
        let tasksPerSecond: Double
        /// From before the request that created a task until its agent had it, in milliseconds; sorted.
        let pickUps: [Double]

        func quantile(_ quantile: Double) -> Double {
            pickUps[min(pickUps.count - 1, Int(Double(pickUps.count) * quantile))]
        }
    }

    private struct State {
        var created: [ContinuousClock.Instant?]
        var pickUps: [Double] = []
        var done = 0
        var end = ContinuousClock.now
        var failure: (any Error)?
    }

    private let port: Int
    private let token: String
    private let tasks: Int
    private let state: Mutex<State>

    /// How many tasks one lease may bring; the most that the server gives.
    private static let leaseCount = 50

    private init(port: Int, token: String, tasks: Int) {
        (self.port, self.token, self.tasks) = (port, token, tasks)
        state = Mutex(State(created: Array(repeating: nil, count: tasks)))
    }

    /// Makes and does tasks; with an interval one at a time, otherwise as fast as it goes with as many creators as
    /// agents.
    static func run(port: Int, token: String, agents: Int, tasks: Int, interval: Double? = nil) throws -> Result {
        let load = TaskLoad(port: port, token: token, tasks: tasks)
        return try load.run(agents: agents, interval: interval)
    }

    /// Makes a project; returns its identifier.
    static func project(port: Int, token: String, name: String) throws -> String {
        let json = #"{"name":"\#(name)","type":"research"}"#
        let answer = try HTTPConnection(port: port).send("POST", "/api/v1/projects", token: token, json: json)
        guard answer.status == 201, let id = answer.body.firstMatch(of: /"id":"([^"]+)"/)?.1 else {
            throw BenchmarkFailure("a project was answered \(answer.status): \(answer.body)")
        }
        return String(id)
    }

    /// Registers an agent; returns its identifier and token.
    static func agent(
        port: Int,
        token: String,
        name: String,
        capability: String? = nil
    ) throws -> (id: String, token: String) {
        let capabilities = capability.map { #""\#($0)""# } ?? ""
        let json = #"{"name":"\#(name)","type":"coder","concurrency":100,"capabilities":[\#(capabilities)]}"#
        let answer = try HTTPConnection(port: port).send("POST", "/api/v1/agents", token: token, json: json)
        guard answer.status == 201, let id = answer.body.firstMatch(of: /"id":"([^"]+)"/)?.1,
            let own = answer.body.firstMatch(of: /"token":"([^"]+)"/)?.1
        else { throw BenchmarkFailure("an agent was answered \(answer.status): \(answer.body)") }
        return (String(id), String(own))
    }

    private func run(agents: Int, interval: Double?) throws -> Result {
        let name = UUID().uuidString.prefix(8)
        let project = try Self.project(port: port, token: token, name: "load \(name)")
        let threads = Threads()
        for number in 0..<agents {
            let agent = try Self.agent(port: port, token: token, name: "agent-\(name)-\(number)")
            threads.begin { [self] in attempt { try work(agent.id, agent.token) } }
        }
        // So that all wait for work when it begins.
        Thread.sleep(forTimeInterval: 0.5)
        let begin = ContinuousClock.now
        if let interval {
            attempt { try create(project, Array(0..<tasks), every: interval, since: begin) }
        } else {
            for creator in 0..<agents {
                let own = Array(stride(from: creator, to: tasks, by: agents))
                threads.begin { [self] in attempt { try create(project, own) } }
            }
        }
        threads.join()
        let (end, pickUps, failure) = state.withLock { ($0.end, $0.pickUps.sorted(), $0.failure) }
        if let failure { throw failure }
        return Result(tasksPerSecond: Double(tasks) / (end - begin).inSeconds, pickUps: pickUps)
    }

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch { state.withLock { $0.failure = error } }
    }

    /// Whether there is nothing left to do.
    private var isOver: Bool { state.withLock { $0.done >= tasks || $0.failure != nil } }

    // MARK: Creators

    private func create(
        _ project: String,
        _ numbers: [Int],
        every interval: Double? = nil,
        since begin: ContinuousClock.Instant = .now
    ) throws {
        let connection = try PipelinedConnection(port: port)
        for (index, number) in numbers.enumerated() {
            let json = #"{"project_id":"\#(project)","kind":"noop","input":{"n":\#(number)}}"#
            let request = PipelinedConnection.request("POST", "/api/v1/tasks", token: token, json: json)
            state.withLock { $0.created[number] = .now }
            try connection.send(request)
            let answer = try connection.receive()
            guard answer.status == 201 else {
                throw BenchmarkFailure(
                    "a task was answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))"
                )
            }
            if isOver { return }
            guard let interval else { continue }
            let due = begin.advanced(by: .seconds(interval * Double(index + 1)))
            let left = (due - ContinuousClock.now).inSeconds
            if left > 0 { Thread.sleep(forTimeInterval: left) }
        }
    }

    // MARK: Agents

    private func work(_ id: String, _ own: String) throws {
        let connection = try PipelinedConnection(port: port)
        let path = "/api/v1/agents/\(id)/leases"
        let resultsPath = "/api/v1/agents/\(id)/results"
        let json = #"{"count":\#(Self.leaseCount),"wait_seconds":1}"#
        let lease = PipelinedConnection.request("POST", path, token: own, json: json)
        while !isOver {
            try connection.send(lease)
            let answer = try connection.receive()
            let now = ContinuousClock.now
            guard answer.status == 200 else { throw BenchmarkFailure("a lease was answered \(answer.status)") }
            let leases = Self.leases(Array(answer.body))
            if leases.isEmpty { continue }
            state.withLock { state in
                for lease in leases {
                    guard let created = state.created[lease.number] else { continue }
                    state.pickUps.append((now - created).inSeconds * 1000)
                }
            }
            let results = leases.map { #"{"task_id":"\#($0.id)","token":\#($0.token)}"# }.joined(separator: ",")
            try connection.send(
                PipelinedConnection.request("POST", resultsPath, token: own, json: #"{"results":[\#(results)]}"#)
            )
            let result = try connection.receive()
            guard result.status == 200, Bytes.count(#""accepted":true"#, in: Array(result.body)) == leases.count else {
                throw BenchmarkFailure(
                    "results were answered \(result.status): \(String(decoding: result.body, as: UTF8.self))"
                )
            }
            state.withLock { state in
                state.done += leases.count
                state.end = .now
            }
        }
    }

    private struct Lease {
        let token: Int
        let id: String
        let number: Int
    }

    /// What an answer leases: `{"leases":[{"token":1,"deadline":"…","task":{"id":"…",…,"input":{"n":7},…}},…]}`.
    private static func leases(_ body: [UInt8]) -> [Lease] {
        var leases: [Lease] = []
        var at = 0
        while let token = Bytes.find(#""token":"#, in: body, from: at, to: body.count),
            let id = Bytes.find(#""task":{"id":""#, in: body, from: token, to: body.count),
            let input = Bytes.find(#""input":{"n":"#, in: body, from: id, to: body.count)
        {
            at = input + 13
            guard let number = Bytes.integer(in: body, at: at, to: body.count),
                let fence = Bytes.integer(in: body, at: token + 8, to: body.count)
            else { break }
            let text = String(decoding: body[id + 14..<id + 50], as: UTF8.self)
            leases.append(Lease(token: fence, id: text, number: number))
        }
        return leases
    }
}

/// Threads that are waited for together.
final class Threads {
    private let group = DispatchGroup()

    func begin(_ body: @escaping @Sendable () -> Void) {
        group.enter()
        let thread = Thread { [group] in
            body()
            group.leave()
        }
        thread.start()
    }

    func join() { group.wait() }
}
