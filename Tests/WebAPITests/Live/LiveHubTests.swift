import APIModel
import Basics
import Events
import Identity
import JSON
import NIOCore
import NIOPosix
import Supervision
import Testing

@testable import HTTP
@testable import WebAPI

@Suite("Live streams over the event log")
struct LiveHubTests {
    /// A caller with the rights of a role.
    private struct Somebody: HTTP.Principal {
        let id: String
        let permissions: Set<String>
        var name: String { id }

        init(_ who: Who, id: String = "me") {
            self.id = id
            permissions = Set(who.role?.permissions.map(\.rawValue) ?? [])
        }

        func allows(_ permission: HTTP.Permission) -> Bool { permissions.contains(permission.rawValue) }
    }

    /// A client whose socket the test empties.
    private final class Client {
        let socket: LiveSocket
        let stream: OutgoingStream
        private(set) var messages: [JSONValue] = []

        init(
            _ api: APIHarness,
            _ who: Who = .administrator,
            topics: LiveTopics = .activities,
            after: Int64? = nil,
            queueBytesMax: Int = 1 << 20
        ) {
            let around = LiveSocket.Surroundings(
                hub: api.hub,
                report: { HealthReport(entries: [], isDraining: false) },
                version: "1",
                authenticate: { token in
                    guard token == "good" else { throw ProblemError(.unauthenticated) }
                    return LiveCaller(principal: Somebody(who), expires: Timestamp(milliseconds: 9_000_000_000_000))
                }
            )
            let caller = LiveCaller(principal: Somebody(who), expires: api.clock.now.advanced(by: .seconds(60)))
            socket = LiveSocket(around, caller, topics: topics, after: after)
            stream = OutgoingStream(
                deflateBits: nil,
                queueBytesMax: queueBytesMax,
                eventLoop: MultiThreadedEventLoopGroup.singleton.any()
            )
            socket.opened(stream)
        }

        func say(_ text: String) { socket.received(ByteBuffer(string: text)) }

        /// Takes what waits, as a socket would.
        func read() throws {
            let (frames, wakes) = stream.take()
            for frame in frames {
                // Unmasked, with a header of 2 or 4 bytes.
                let short = frame.getInteger(at: 1, as: UInt8.self) ?? 0
                let text = frame.getString(at: short < 126 ? 2 : 4, length: frame.readableBytes - (short < 126 ? 2 : 4))
                messages.append(try JSONValue(parsing: text ?? ""))
            }
            if wakes { socket.hasRoom() }
        }

        /// Reads until something holds.
        func read(until isEnough: ([JSONValue]) -> Bool) async throws {
            while !isEnough(messages) {
                try read()
                await Task.yield()
            }
        }

        var positions: [Int64] {
            messages.filter { $0["data"]?["kind"] != nil }.compactMap { $0["position"]?.integer }
        }

        var types: [String] { messages.compactMap { $0["type"]?.string } }
    }

    /// Runs a test with a hub that follows the log.
    private func run(_ body: (APIHarness) async throws -> Void) async throws {
        try await APIHarness.run { api in
            try await api.hub.begin()
            let following = Task { try await api.hub.follow() }
            let serving = Task { await api.hub.serveLate(pause: { true }, onFailure: { _ in }) }
            defer {
                following.cancel()
                serving.cancel()
            }
            try await body(api)
        }
    }

    private static func append(_ count: Int, to api: APIHarness, padding: Int = 0) async throws -> [Int64] {
        var positions: [Int64] = []
        for number in 0..<count {
            let data: JSONObject = [
                "name": .string("p\(number)"), "padding": .string(String(repeating: "x", count: padding)),
            ]
            positions.append(
                try await api.events.append(
                    NewEvent(.projectUpdated, subject: .project, id: "p\(number)", by: .system, data: data)
                )
            )
        }
        return positions
    }

    @Test("Who is there, who comes late and who reads slowly get every event once and in order")
    func everyone() async throws {
        try await run { api in
            let before = try await Self.append(450, to: api)
            let start = before[0] - 1
            let present = Client(api)
            let late = Client(api, after: start)
            let slow = Client(api, after: start, queueBytesMax: 3000)
            let after = try await Self.append(50, to: api, padding: 1000)
            try await present.read { _ in present.positions.last == after.last }
            try await late.read { _ in late.positions.last == after.last }
            try await slow.read { _ in slow.positions.last == after.last }
            #expect(present.positions == (before + after).filter { $0 >= present.positions.first ?? 0 })
            #expect(late.positions == before + after)
            #expect(slow.positions == before + after)
            for client in [present, late, slow] { client.socket.closed(.client) }
            #expect(api.hub.clients.isEmpty)
        }
    }

    @Test("Nobody is told what the list of activities would not tell")
    func rights() async throws {
        try await run { api in
            let clients = [Client(api, .viewer), Client(api, .operator), Client(api, .agent)]
            let log = api.events
            try await log.append(NewEvent(.userLogin, subject: .user, id: "other", by: .user("other")))
            try await log.append(NewEvent(.userLogin, subject: .user, id: "me", by: .user("me")))
            try await log.append(
                NewEvent(
                    .componentHealthChanged,
                    subject: .component,
                    id: "http",
                    by: .system,
                    data: ["error": "/secret"]
                )
            )
            let last = try await Self.append(1, to: api)[0]
            for client in clients.dropLast() { try await client.read { _ in client.positions.last == last } }
            func subjects(_ client: Client) -> [String] {
                client.messages.compactMap { $0["data"]?["subject_id"]?.string }
            }
            #expect(subjects(clients[0]) == ["me", "http", "p0"])
            #expect(subjects(clients[1]) == ["other", "me", "http", "p0"])
            let texts = clients.map { client in client.messages.map { JSONText.compact($0) }.joined() }
            #expect(!texts[0].contains("/secret"))
            #expect(texts[1].contains("/secret"))
            // Who may not read activities is not let in; should it be all the same, it hears nothing.
            try clients[2].read()
            #expect(clients[2].types == ["welcome"])
        }
    }

    @Test("What was removed by age is announced, and a position beyond the log too")
    func gaps() async throws {
        try await run { api in
            let first = try await Self.append(5, to: api)
            api.clock.advance(by: .seconds(100))
            let second = try await Self.append(3, to: api)
            _ = try await api.events.prune(before: api.clock.now)
            // Out of the tail, which has them all still.
            api.hub.take([], through: second[2] + 10, earliest: second[2] + 11)
            let client = Client(api, after: first[0])
            try await client.read { $0.contains { $0["type"]?.string == "gap" } }
            let gap = try #require(client.messages.first { $0["type"]?.string == "gap" })
            #expect(gap["from"]?.integer == first[0] + 1)
            #expect(gap["to"]?.integer == second[0] - 1)
            try await client.read { _ in client.positions.last == second[2] }
            #expect(client.positions == second)
            let lost = Client(api, after: 1_000_000)
            try await lost.read { $0.contains { $0["type"]?.string == "reset" } }
            #expect(lost.messages.last?["position"]?.integer == second[2])
        }
    }

    @Test("The messages of a client are answered; what is subscribed to is what comes")
    func messages() async throws {
        try await run { api in
            let client = Client(api, .viewer, topics: [])
            client.say(#"{"type":"ping"}"#)
            client.say(#"{"type":"subscribe","topics":["agents","tasks"]}"#)
            client.say(#"{"type":"unsubscribe","topics":["tasks"]}"#)
            client.say(#"{"type":"get_status"}"#)
            client.say("nonsense")
            try client.read()
            #expect(
                client.types == [
                    "welcome", "pong", "subscription_confirmed", "subscription_confirmed", "system_status", "error",
                ]
            )
            #expect(client.messages[3]["topics"]?.array == ["agents"])
            _ = try await Self.append(1, to: api)
            try await api.events.append(NewEvent(.agentUpdated, subject: .agent, id: "a", by: .system))
            try await client.read { _ in client.types.contains("agent_update") }
            #expect(!client.types.contains("project_update"))
            // The heartbeat says where to resume: what was not for the client has passed.
            #expect(client.socket.heartbeat() != nil)
            #expect(client.socket.heartbeat() == nil)
            client.say(#"{"type":"auth","token":"bad"}"#)
            try await client.read { $0.last?["code"]?.string == "unauthenticated" }
            client.say(#"{"type":"auth","token":"good"}"#)
            try await client.read { $0.last?["type"]?.string == "auth_confirmed" }
        }
    }
}
