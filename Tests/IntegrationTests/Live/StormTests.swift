import ChaosTesting
import Foundation
import Synchronization
import Testing

extension Integration {
    @Suite("Live streams", .serialized)
    struct LiveTests {
        /// What happens in a storm.
        private struct Storm {
            let clients: Int
            let seconds: Int
            static let eventsPerSecond = 20
        }

        private final class Tally: Sendable {
            let connections = Atomic(0)
            let doubled = Atomic(0)
            let gaps = Atomic(0)
            let retried = Atomic(0)
        }

        private static let settings = [
            "limits.address_requests_per_minute": "0", "limits.user_requests_per_minute": "100000000",
            "limits.live_requests_per_minute": "100000000", "http.connections_max": "6000",
            "http.connections_per_address_max": "6000", "live.connections_max": "3000", "log.level": "notice",
        ]
        private static let lastName = "the end of the storm"

        @Test("A reconnect storm: no event is lost and none comes twice, whoever else breaks the protocol meanwhile")
        func storm() async throws {
            let storm = Chaos.isLong ? Storm(clients: 1000, seconds: 60) : Storm(clients: 100, seconds: 4)
            let tally = Tally()
            try await Server.run(in: try TemporaryFolder(), Self.settings) { server in
                let start = try await Self.newest(server)
                var got: [[Int64]] = []
                try await withThrowingTaskGroup(of: [Int64]?.self) { group in
                    for number in 0..<storm.clients {
                        group.addTask { try await Self.client(UInt64(number) + 1, server, after: start, tally) }
                    }
                    let hostile = Task { await Self.misbehave(server) }
                    group.addTask {
                        try await Self.makeEvents(storm, server)
                        return nil
                    }
                    for try await positions in group { if let positions { got.append(positions) } }
                    hostile.cancel()
                    await hostile.value
                }
                let expected = try await Self.positions(
                    server,
                    after: start,
                    through: got.compactMap(\.last).max() ?? 0
                )
                #expect(expected.count >= storm.seconds * Storm.eventsPerSecond / 2)
                for (number, positions) in got.enumerated() where positions != expected {
                    Issue.record("client \(number): \(positions.count) of \(expected.count) events")
                }
                #expect(tally.doubled.load(ordering: .relaxed) == 0)
                #expect(tally.gaps.load(ordering: .relaxed) == 0)
                let metrics = try await server.get("/metrics").text
                let delay = Self.quantile(0.99, of: "kaskman_live_delivery_delay_seconds", in: metrics)
                let memory = try #require(Self.value("process_resident_memory_bytes", in: metrics))
                let late = try #require(Self.value("kaskman_live_catch_up_pages_total", in: metrics))
                print(
                    "storm: \(storm.clients) clients, \(storm.seconds) s, \(expected.count) events, "
                        + "\(expected.count * storm.clients) deliveries, \(tally.connections.load(ordering: .relaxed)) connections, "
                        + "lost 0, doubled 0; delay p99 at most \(delay) s, \(Int(late)) pages for late clients, "
                        + "resident \(Int(memory / 1_048_576)) MiB"
                )
                #expect(memory < 1_073_741_824)
            }
        }

        /// What a metric without labels reads.
        private static func value(_ name: String, in text: String) -> Double? {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            return line.flatMap { Double($0.dropFirst(name.count + 1)) }
        }

        /// The bound of the bucket in which a quantile lies.
        private static func quantile(_ quantile: Double, of name: String, in text: String) -> String {
            let count = value(name + "_count", in: text) ?? 0
            for line in text.split(separator: "\n") where line.hasPrefix(name + "_bucket{le=") {
                let parts = line.split(separator: " ")
                if parts.count == 2, (Double(parts[1]) ?? 0) >= quantile * count {
                    return parts[0].split(separator: "\"").dropFirst().first.map(String.init) ?? "?"
                }
            }
            return "?"
        }

        /// One client: reads for a while, breaks off, connects again behind the last event that it has, until the last event.
        private static func client(
            _ seed: UInt64,
            _ server: Server,
            after start: Int64,
            _ tally: Tally
        ) async throws -> [Int64] {
            var random = Steps(seed)
            var last = start
            var got: [Int64] = []
            var isOver = false
            while !isOver {
                let target = "/ws/dashboard?after=\(last)"
                let length = random.next(1...40)
                let headers = [Server.basic("admin", server.password)]
                do {
                    try await WireSocket.run(port: server.port, target, headers: headers) { socket in
                        tally.connections.wrappingAdd(1, ordering: .relaxed)
                        for _ in 0..<length {
                            guard let text = try await socket.next() else { return }
                            if text.hasPrefix(#"{"type":"gap""#) { tally.gaps.wrappingAdd(1, ordering: .relaxed) }
                            guard let position = position(text) else { continue }
                            if position <= last { tally.doubled.wrappingAdd(1, ordering: .relaxed) }
                            got.append(position)
                            last = position
                            if text.contains(lastName) {
                                isOver = true
                                return
                            }
                        }
                    }
                } catch {
                    // A connection that could not be had, or broke, is tried again; that nothing is lost by it is the point.
                    guard server.child.isRunning, tally.retried.wrappingAdd(1, ordering: .relaxed).newValue < 1000
                    else {
                        throw error
                    }
                }
            }
            return got
        }

        /// The position of an event's message; nil for other messages.
        private static func position(_ text: String) -> Int64? {
            guard
                let match = text.prefix(80).firstMatch(
                    of: /^\{"type":"(?:[a-z]+_update|notification)","position":(\d+)/
                )
            else { return nil }
            return Int64(match.1)
        }

        private static func makeEvents(_ storm: Storm, _ server: Server) async throws {
            let headers = [Server.basic("admin", server.password), ("Content-Type", "application/json")]
            try await WireClient.withConnection(port: server.port) { connection in
                let beat = Duration.seconds(1) / Storm.eventsPerSecond
                let begin = ContinuousClock.now
                for number in 0..<(storm.seconds * Storm.eventsPerSecond) {
                    let body = Array(#"{"name":"storm \#(number)","type":"research"}"#.utf8)
                    let answer = try await connection.send(.post, "/api/v1/projects", headers: headers, body: body)
                    guard answer.status == 201 else { throw Unexpected(text: answer.text) }
                    await last(for: begin + beat * (number + 1) - ContinuousClock.now)
                }
                let body = Array(#"{"name":"\#(lastName)","type":"research"}"#.utf8)
                _ = try await connection.send(.post, "/api/v1/projects", headers: headers, body: body)
            }
        }

        /// Clients that send what no client may, again and again.
        private static func misbehave(_ server: Server) async {
            let wrong: [[UInt8]] = [
                [0x81, 0x01, 0x41], [0xF1, 0x80, 0, 0, 0, 0], [0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE],
                [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
            ]
            await repeatedly(every: .milliseconds(20)) {
                for bytes in wrong {
                    let headers = [Server.basic("admin", server.password)]
                    try await WireSocket.run(port: server.port, "/ws", headers: headers) { socket in
                        try await socket.sendRaw(bytes)
                        while try await socket.next() != nil {}
                    }
                }
            }
        }

        // MARK: What the list of activities says

        private static func newest(_ server: Server) async throws -> Int64 {
            let headers = [Server.basic("admin", server.password)]
            let text = try await server.get("/api/v1/activities?limit=1", headers: headers).text
            return text.firstMatch(of: /"position":(\d+)/).flatMap { Int64($0.1) } ?? 0
        }

        private static func positions(_ server: Server, after start: Int64, through end: Int64) async throws -> [Int64]
        {
            let headers = [Server.basic("admin", server.password)]
            var found: [Int64] = []
            var cursor = ""
            repeat {
                let text = try await server.get("/api/v1/activities?limit=200\(cursor)", headers: headers).text
                found += text.matches(of: /"position":(\d+)/).compactMap { Int64($0.1) }
                cursor = text.firstMatch(of: /"next_cursor":"([^"]+)"/).map { "&cursor=" + $0.1 } ?? ""
            } while !cursor.isEmpty && found.last ?? 0 > start
            return found.filter { $0 > start && $0 <= end }.sorted()
        }

        /// Numbers that a seed repeats.
        private struct Steps {
            private var state: UInt64

            init(_ seed: UInt64) { state = seed }

            mutating func next(_ range: ClosedRange<Int>) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return range.lowerBound + Int((state >> 33) % UInt64(range.count))
            }
        }

        // MARK: Independent clients

        @Test(
            "Two independent Python clients: topics, tickets, compression, fragments, pings, resuming, closing",
            arguments: [
                "websockets_client.py", "websocket_client.py",
            ]
        )
        func independent(script: String) async throws {
            try await Server.run(in: try TemporaryFolder(), Self.settings) { server in
                let run = try await ChildProcess.run(
                    "/usr/bin/python3",
                    [Repository.root + "/Tests/LiveClients/\(script)", "\(server.port)", server.password],
                    directory: Repository.root
                )
                #expect(run.exit == .success, "\(run.output)")
                #expect(run.output.hasSuffix("ok\n"), "\(run.output)")
                server.child.signal(SIGTERM)
                #expect(try await server.child.exit(within: .seconds(20)) == .success)
            }
        }

        @Test("kaskman events prints what happened, and with --follow what happens")
        func command() async throws {
            let folder = try TemporaryFolder()
            try await Server.run(in: folder, Self.settings) { server in
                let login = try await WireClient.send(
                    .post,
                    "/api/v1/auth/login",
                    port: server.port,
                    headers: [("Content-Type", "application/json")],
                    body: Array(#"{"username":"admin","password":"\#(server.password)"}"#.utf8)
                )
                let token = try #require(login.text.firstMatch(of: /"access_token":"([^"]+)"/)).1
                let follower = try ChildProcess(
                    Server.executable.replacing("kaskman-server", with: "kaskman"),
                    [
                        "events", "--follow", "--after", "0", "--kind", "project.created", "--url",
                        "http://127.0.0.1:\(server.port)",
                    ],
                    environment: ["KASKMAN_TOKEN": String(token), "HOME": folder.path],
                    directory: folder.path,
                    logPath: folder.path + "/events.log"
                )
                for number in 0..<3 {
                    let body = Array(#"{"name":"followed \#(number)","type":"research"}"#.utf8)
                    let headers = [Server.basic("admin", server.password), ("Content-Type", "application/json")]
                    _ = try await WireClient.send(
                        .post,
                        "/api/v1/projects",
                        port: server.port,
                        headers: headers,
                        body: body
                    )
                }
                do {
                    try await eventually("the follower has printed all: \(follower.log)") {
                        (0..<3).allSatisfy { follower.log.contains("followed \($0)") }
                    }
                } catch {
                    follower.signal(SIGKILL)
                    throw error
                }
                #expect(follower.log.matches(of: /project\.created/).count == 3)
                follower.signal(SIGKILL)
                _ = try await follower.exit()
            }
        }
    }
}
