import Foundation
import Synchronization

/// Events to a thousand WebSocket clients, each of which gets all.
struct LiveBenchmarks {
    let repository: String

    private static let clients = 1000
    private static let seconds = 10.0
    /// Events a second that come evenly; nil for as many as the creators make.
    private static let loads: [(id: String, eventsPerSecond: Int?)] = [
        ("live.20_events", 20), ("live.60_events", 60), ("live.all_events", nil),
    ]
    private static let settings = [
        "KASKMAN_HTTP_CONNECTIONS_MAX": "4000", "KASKMAN_HTTP_CONNECTIONS_PER_ADDRESS_MAX": "4000",
        "KASKMAN_LIVE_CONNECTIONS_MAX": "4000", "KASKMAN_LOG_LEVEL": "notice",
    ]

    func run(_ report: inout Report) throws {
        let folder = try TemporaryFolder()
        let server = try ServerProcess(
            executable: repository + "/.build/release/kaskman-server",
            folder: folder.path,
            repository: repository,
            settings: Self.settings
        )
        defer { server.stop() }
        try server.waitUntilHealthy()
        let token = try server.signIn()
        let clients = LiveClients()
        for _ in 0..<Self.clients { try clients.connect(port: server.port, path: "/ws/projects", token: token) }
        report.note(
            "live: \(Self.clients) clients; the delay runs from the time that the event's transaction wrote to its arrival"
        )
        for load in Self.loads { try measure(load.id, load.eventsPerSecond, clients, server, token, &report) }
    }

    private func measure(
        _ id: String,
        _ eventsPerSecond: Int?,
        _ clients: LiveClients,
        _ server: ServerProcess,
        _ token: String,
        _ report: inout Report
    ) throws {
        let makers = EventMakers(port: server.port, token: token, eventsPerSecond: eventsPerSecond)
        makers.begin()
        _ = try clients.read(for: 1)
        let (begin, before) = (ContinuousClock.now, makers.made)
        let tally = try clients.read(for: Self.seconds)
        let elapsed = (ContinuousClock.now - begin).inSeconds
        let made = Double(makers.made - before) / elapsed
        makers.end()
        // What is under way belongs to nobody's figures.
        _ = try clients.read(for: 2)
        let rate = Double(tally.events) / elapsed
        let isSteady = eventsPerSecond != nil
        report.add(
            Measurement(
                id: id + "_deliveries",
                ours: rate,
                unit: "/s",
                better: .higher,
                goal: eventsPerSecond.map { $0 * Self.clients >= 50_000 } == true ? .atLeast(50_000) : nil
            )
        )
        let p99 = tally.quantile(0.99)
        report.add(Measurement(id: id + "_delay_p50", ours: tally.quantile(0.5), unit: "ms"))
        report.add(Measurement(id: id + "_delay_p99", ours: p99, unit: "ms"))
        report.note(
            "\(id): \(Int(made)) events/s, resident \(Int(server.residentMegabytes)) MB\(isSteady ? "" : ", as fast as it goes")"
        )
        if let failure = makers.failure { throw failure }
    }
}

/// Threads that make projects, each an event.
final class EventMakers: Sendable {
    private let port: Int
    private let token: String
    private let eventsPerSecond: Int?
    private let count = Atomic(0)
    private let isOver = Atomic(false)
    private let problem = Mutex<(any Error)?>(nil)
    /// How many make as fast as they can.
    private static let threadsMax = 4

    init(port: Int, token: String, eventsPerSecond: Int?) {
        (self.port, self.token, self.eventsPerSecond) = (port, token, eventsPerSecond)
    }

    /// How many events were made.
    var made: Int { count.load(ordering: .relaxed) }

    var failure: (any Error)? { problem.withLock { $0 } }

    func begin() {
        for _ in 0..<(eventsPerSecond == nil ? Self.threadsMax : 1) {
            let thread = Thread { [self] in
                do { try make() } catch { problem.withLock { $0 = error } }
            }
            thread.start()
        }
    }

    func end() { isOver.store(true, ordering: .relaxed) }

    private func make() throws {
        let connection = try PipelinedConnection(port: port)
        let begin = ContinuousClock.now
        let json = #"{"name":"event \#(UUID().uuidString)","type":"research"}"#
        let request = PipelinedConnection.request("POST", "/api/v1/projects", token: token, json: json)
        var own = 0
        while !isOver.load(ordering: .relaxed) {
            try connection.send(request)
            let status = try connection.receive().status
            guard status == 201 else { throw BenchmarkFailure("a project was answered \(status)") }
            count.wrappingAdd(1, ordering: .relaxed)
            own += 1
            guard let eventsPerSecond else { continue }
            let due = begin.advanced(by: .seconds(Double(own) / Double(eventsPerSecond)))
            let left = (due - ContinuousClock.now).inSeconds
            if left > 0 { Thread.sleep(forTimeInterval: left) }
        }
    }
}
