import Basics
import Client
import Instruments
import JSON
import Logging
import Synchronization
import Testing

@testable import Worker

/// A server in memory that hands out some tasks, and says about the rest what a test wants.
private final class FakeServer: APITransport {
    private struct State {
        var tasks: [String]
        var calls: [String] = []
        var lastHeartbeat: String?
    }

    private let state: Mutex<State>
    private let answer: @Sendable (String, Int) -> APIResponse?

    /// - Parameters:
    ///   - tasks: Their identifiers, handed out one by one.
    ///   - answer: Of a call, as `complete a {…}`, and how many such words came before; nil for a good one.
    init(_ tasks: [String], _ answer: @escaping @Sendable (String, Int) -> APIResponse? = { _, _ in nil }) {
        state = Mutex(State(tasks: tasks))
        self.answer = answer
    }

    /// What was called, without what every worker calls all the time.
    var calls: [String] { state.withLock { $0.calls } }

    var lastHeartbeat: String? { state.withLock { $0.lastHeartbeat } }

    func send(_ request: APIRequest, to: ServerAddress, timeout: Duration) async throws(ClientError) -> APIResponse {
        let isIdle = request.target.hasSuffix("/leases") && state.withLock { $0.tasks.isEmpty }
        // A server waits for work that is not there.
        if isIdle { try? await FastClock().sleep(for: .seconds(2)) }
        return handle(request)
    }

    private func handle(_ request: APIRequest) -> APIResponse {
        let parts = request.target.split(separator: "/").map(String.init)
        let word = parts.last ?? ""
        if word == "heartbeat" { state.withLock { $0.lastHeartbeat = request.bodyText } }
        if word == "heartbeat" || word == "leases", let special = answer(word, 0) { return special }
        if word == "heartbeat" { return .json(#"{"draining":false,"version":1}"#) }
        if word == "leases" {
            let task = state.withLock { $0.tasks.isEmpty ? nil : $0.tasks.removeFirst() }
            return .json(#"{"leases":[\#(task.map(Self.lease) ?? "")]}"#)
        }
        let call = word == "me" ? "me" : "\(word) \(parts.dropLast().last ?? "") \(request.bodyText)"
        let before = state.withLock { state in
            let before = state.calls.count { $0.hasPrefix(word) }
            state.calls.append(call)
            return before
        }
        if let special = answer(call, before) { return special }
        switch word {
        case "me": return .json(#"{"id":"a","name":"n","type":"coder","status":"idle","capabilities":["fake"]}"#)
        case "renew": return .json(#"{"deadline":"2026-11-23T08:00:00Z"}"#)
        default: return .json("{}")
        }
    }

    private static func lease(_ id: String) -> String {
        #"{"token":1,"deadline":"2026-11-23T08:00:00Z","task":{"id":"\#(id)","project_id":"p","kind":"fake","#
            + #""input":{},"timeouts":{"heartbeat_seconds":30}}}"#
    }
}

/// Does what a closure says.
private struct FakeExecutor: TaskExecutor {
    let name = "fake"
    let body: @Sendable (Attempt) async -> AttemptOutcome

    func run(_ attempt: Attempt) async -> AttemptOutcome { await body(attempt) }
}

@Suite("The worker")
struct WorkerLoopTests {
    private let clock = FastClock()
    private let disk = FaultyFileSystem()
    private let registry = Registry()

    private func worker(
        _ server: FakeServer,
        _ body: @escaping @Sendable (Attempt) async -> AttemptOutcome = { _ in .completed(output: ["x": 1]) }
    ) throws -> Worker {
        var settings = WorkerSettings(attemptsFolder: "/w/attempts")
        settings.drainTimeout = .seconds(5)
        return Worker(
            settings: settings,
            client: AgentClient(address: .standard, transport: server, token: "k"),
            reports: AgentClient(address: .standard, transport: server, token: "k"),
            executors: [FakeExecutor(body: body)],
            outbox: try Outbox(folder: "/w/outbox", fileSystem: disk),
            metrics: WorkerMetrics(registry, concurrency: 1),
            fileSystem: disk,
            clock: clock,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            seed: 1
        )
    }

    /// Runs a worker, drains it when `isDone` holds, and returns when it has ended.
    private func run(_ worker: Worker, until isDone: @escaping @Sendable () -> Bool) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await worker.run()
                return true
            }
            group.addTask { [clock] in
                while !isDone(), !Task.isCancelled { try? await clock.sleep(for: .milliseconds(100)) }
                worker.drain()
                return false
            }
            while try await group.next() == false {}
            group.cancelAll()
        }
    }

    private func results(_ server: FakeServer) -> [String] {
        server.calls.filter { $0.hasPrefix("complete") || $0.hasPrefix("fail") }
    }

    @Test("Tasks are done and handed in, one after the other")
    func work() async throws {
        let server = FakeServer(["t1", "t2"])
        try await run(try worker(server)) { server.calls.count { $0.hasPrefix("complete") } == 2 }
        #expect(
            results(server) == [
                #"complete t1 {"token":1,"output":{"x":1}}"#, #"complete t2 {"token":1,"output":{"x":1}}"#,
            ]
        )
        #expect(try disk.list("/w/outbox").isEmpty)
    }

    @Test("A result is on the disk before it is sent, and is sent again until the server has answered")
    func outbox() async throws {
        let seen = Mutex<[[String]]>([])
        let server = FakeServer(["t"]) { [disk] call, before in
            guard call.hasPrefix("complete") else { return nil }
            seen.withLock { $0.append((try? disk.list("/w/outbox")) ?? []) }
            return before < 3 ? .json("{}", status: 503) : nil
        }
        try await run(try worker(server)) { server.calls.count { $0.hasPrefix("complete") } == 4 }
        #expect(results(server).count == 4)
        #expect(seen.withLock { $0 } == Array(repeating: ["t-1.result"], count: 4))
        #expect(try disk.list("/w/outbox").isEmpty)
    }

    @Test("What an earlier worker could not hand in is handed in; what nobody wants any more is dropped")
    func restart() async throws {
        let outbox = try Outbox(folder: "/w/outbox", fileSystem: disk)
        try outbox.put(AttemptResult(LeaseKey(taskID: "old", token: 4), .completed(output: ["y": 2])))
        try outbox.put(AttemptResult(LeaseKey(taskID: "lost", token: 5), .failed(.signal, message: "m")))
        let server = FakeServer([]) { call, _ in call.hasPrefix("fail lost") ? .json("{}", status: 409) : nil }
        try await run(try worker(server)) { server.calls.count == 3 }
        #expect(
            Set(results(server)) == [
                #"complete old {"token":4,"output":{"y":2}}"#,
                #"fail lost {"token":5,"error":{"class":"signal","message":"m"}}"#,
            ]
        )
        #expect(try disk.list("/w/outbox").isEmpty)
    }

    @Test("A result that stays undelivered at the end stays on the disk")
    func undelivered() async throws {
        let server = FakeServer(["t"]) { call, _ in call.hasPrefix("complete") ? .json("{}", status: 503) : nil }
        try await run(try worker(server)) { !server.calls.filter { $0.hasPrefix("complete") }.isEmpty }
        #expect(try disk.list("/w/outbox") == ["t-1.result"])
    }

    @Test("An output that the server refuses becomes a failure that says so")
    func refused() async throws {
        let server = FakeServer(["t"]) { call, _ in
            call.hasPrefix("complete") ? .json(#"{"title":"T","detail":"too large"}"#, status: 422) : nil
        }
        try await run(try worker(server)) { server.calls.contains { $0.hasPrefix("fail") } }
        #expect(
            results(server).last
                == #"fail t {"token":1,"error":{"class":"result_refused","message":"refused with status 422: T: too large"}}"#
        )
    }

    @Test("A lease is renewed while its task runs; when it is lost, the task is stopped and its result dropped")
    func lost() async throws {
        let server = FakeServer(["t"]) { call, before in
            call.hasPrefix("renew") && before == 2 ? .json("{}", status: 409) : nil
        }
        let reason = Mutex<StopReason?>(nil)
        let worker = try worker(server) { attempt in
            let why = await attempt.stop.wait()
            reason.withLock { $0 = why }
            return .completed(output: .emptyObject)
        }
        try await run(worker) { reason.withLock { $0 } != nil }
        #expect(reason.withLock { $0 } == .leaseLost)
        #expect(server.calls.count { $0.hasPrefix("renew") } == 3 && results(server).isEmpty)
    }

    @Test("A server that is away for long loses the task; the worker goes on when it is back")
    func away() async throws {
        let isAway = Mutex(true)
        let server = FakeServer(["t", "u"]) { call, _ in
            call.hasPrefix("renew t") && isAway.withLock { $0 } ? .json("{}", status: 503) : nil
        }
        let worker = try worker(server) { attempt in
            if attempt.grant.key.taskID == "u" { return .completed(output: .emptyObject) }
            let why = await attempt.stop.wait()
            isAway.withLock { $0 = false }
            return .failed(.workerStopped, message: "\(String(describing: why))")
        }
        try await run(worker) { server.calls.contains { $0.hasPrefix("complete u") } }
        #expect(results(server) == [#"complete u {"token":1,"output":{}}"#])
    }

    @Test("A drain stops what does not end in time, and hands it back")
    func drain() async throws {
        let server = FakeServer(["t"])
        let hasBegun = Mutex(false)
        let worker = try worker(server) { attempt in
            hasBegun.withLock { $0 = true }
            let why = await attempt.stop.wait()
            return .failed(.workerStopped, message: why?.rawValue ?? "")
        }
        try await run(worker) { hasBegun.withLock { $0 } }
        #expect(server.lastHeartbeat == #"{"load":0,"ending":true}"#, "nobody need be alerted of its silence")
        #expect(
            results(server) == [#"fail t {"token":1,"error":{"class":"worker_stopped","message":"worker_stopped"}}"#]
        )
    }

    @Test("A worker that is to end takes no more, lets what runs end by itself, and ends")
    func stops() async throws {
        let isStopped = Mutex(false)
        let server = FakeServer(["t", "u"]) { call, _ in
            guard isStopped.withLock({ $0 }) else { return nil }
            return switch call {
            case "heartbeat": .json(#"{"draining":true,"stop":true,"version":2}"#)
            case "leases": .json(#"{"leases":[],"stop":true}"#)
            default: nil
            }
        }
        let wasStopped = Mutex<StopReason?>(nil)
        let worker = try worker(server) { [clock] attempt in
            isStopped.withLock { $0 = true }
            // Far longer than a drain would wait, and than it takes to hear of the stop.
            try? await clock.sleep(for: .seconds(20))
            wasStopped.withLock { $0 = attempt.stop.value }
            return .completed(output: ["x": 1])
        }
        try await run(worker) { false }
        #expect(results(server) == [#"complete t {"token":1,"output":{"x":1}}"#])
        #expect(wasStopped.withLock { $0 } == nil)
    }

    @Test("A stop that is taken back before the worker has ended is none")
    func goesOn() async throws {
        let asked = Mutex(0)
        let server = FakeServer(["t", "u"]) { call, _ in
            guard call == "heartbeat" else { return nil }
            let isStopped = asked.withLock { asked in
                asked += 1
                return asked == 2
            }
            return .json(#"{"draining":\#(isStopped),"stop":\#(isStopped),"version":2}"#)
        }
        let worker = try worker(server) { [clock] _ in
            while asked.withLock({ $0 }) < 3 { try? await clock.sleep(for: .seconds(1)) }
            return .completed(output: ["x": 1])
        }
        try await run(worker) { server.calls.contains { $0.hasPrefix("complete u") } }
        #expect(results(server).count == 2)
    }

    @Test("A disk that is full does not keep a result from the server")
    func fullDisk() async throws {
        let server = FakeServer(["t"])
        let worker = try worker(server)
        disk.setCapacity(0)
        try await run(worker) { !server.calls.filter { $0.hasPrefix("complete") }.isEmpty }
        #expect(results(server).count == 1)
    }

    @Test("A token that is not taken, and an agent that cannot do the work, are told at the start")
    func starts() async throws {
        let forbidden = FakeServer([]) { call, _ in call == "me" ? .json(#"{"title":"T"}"#, status: 401) : nil }
        await #expect(throws: Worker.StartError.refused("T")) { try await worker(forbidden).run() }
        let other = FakeServer([]) { call, _ in
            call == "me"
                ? .json(#"{"id":"a","name":"n","type":"coder","status":"idle","capabilities":["x"]}"#) : nil
        }
        await #expect(throws: Worker.StartError.missingCapabilities(agent: "n", ["fake"])) {
            try await worker(other).run()
        }
    }

    @Test("A kind that no executor does is a failure of its input")
    func unknownKind() async throws {
        let server = FakeServer(["t"])
        let worker = Worker(
            settings: WorkerSettings(attemptsFolder: "/w/attempts"),
            client: AgentClient(address: .standard, transport: server, token: "k"),
            reports: AgentClient(address: .standard, transport: server, token: "k"),
            executors: [],
            outbox: try Outbox(folder: "/w/outbox", fileSystem: disk),
            metrics: WorkerMetrics(registry, concurrency: 1),
            fileSystem: disk,
            clock: clock,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            seed: 1
        )
        try await run(worker) { server.calls.contains { $0.hasPrefix("fail") } }
        #expect(results(server).first?.contains(#""class":"invalid_input""#) == true)
    }

    @Test("Messages are bounded, and drive no terminal")
    func messages() {
        #expect(Worker.plain("a\u{1b}[31mb\nc\td\0") == "a\u{FFFD}[31mb\nc\td\u{FFFD}")
        #expect(Worker.plain(String(repeating: "ü", count: 9999)).utf8.count <= 8 << 10)
    }
}
