import Basics
import DatabaseTesting
import Instruments
import RedisTesting
import Synchronization
import Testing

@testable import KeyValue

@Suite(.timeLimit(.minutes(10)))
struct FanOutTests {
    /// What one member heard, in order.
    private struct Ear: Sendable {
        let heard: AsyncStream<FanOutNews>
        private let tell: AsyncStream<FanOutNews>.Continuation

        init() { (heard, tell) = AsyncStream.makeStream(of: FanOutNews.self) }

        func listen(to member: any FanOut) { member.subscribe(.events) { [tell] in tell.yield($0) } }

        /// The next message; gaps are passed over.
        func nextMessage() async -> String? {
            for await news in heard {
                if case .message(let payload) = news { return String(decoding: payload, as: UTF8.self) }
            }
            return nil
        }

        func untilGap() async { for await news in heard where news == .gap { return } }
    }

    enum Kind: String, CaseIterable, Sendable {
        case inProcess, redis
        static var present: [Kind] { RedisServer.isInstalled ? allCases : [.inProcess] }
    }

    /// Two members that hear each other.
    private func withMembers<T: Sendable>(
        _ kind: Kind,
        _ body: (any FanOut, any FanOut, Ear, Ear) async throws -> T
    ) async throws -> T {
        let (ear, other) = (Ear(), Ear())
        switch kind {
        case .inProcess:
            let hub = InProcessFanOut.Hub()
            let (first, second) = (hub.member(), hub.member())
            ear.listen(to: first)
            other.listen(to: second)
            return try await body(first, second, ear, other)
        case .redis:
            return try await withRedisServer { server in
                try await withRedisMember(server, ear) { first in
                    try await withRedisMember(server, other) { second in try await body(first, second, ear, other) }
                }
            }
        }
    }

    /// A member over Redis whose listening connection serves.
    private func withRedisMember<T: Sendable>(
        _ server: RedisServer,
        _ ear: Ear,
        registry: Registry = Registry(),
        _ body: (RedisFanOut) async throws -> T
    ) async throws -> T {
        let clock = SystemClock()
        let metrics = RedisMetrics(registry)
        let commands = try RedisClient(clientSettings(of: server), clock: clock, metrics: metrics, seed: 1)
        let member = try RedisFanOut(
            commands: commands,
            origin: UUIDv7Generator(clock: clock).next(),
            clock: clock,
            metrics: metrics,
            seed: 2
        )
        ear.listen(to: member)
        let running = [Task { await commands.run() }, Task { await member.run() }]
        defer { for task in running { task.cancel() } }
        await ear.untilGap()
        return try await body(member)
    }

    @Test("Others hear a message, its sender does not", arguments: Kind.present)
    func messages(kind: Kind) async throws {
        try await withMembers(kind) { first, second, ear, other in
            first.publish(.events, Array("one".utf8))
            #expect(await other.nextMessage() == "one")
            second.publish(.events, Array("two\r\n\0".utf8))
            #expect(await ear.nextMessage() == "two\r\n\0", "its own, which came before, it did not hear")
            first.publish(.events, [])
            #expect(await other.nextMessage() == "")
        }
    }

    @Test("Of a flood the newest arrives, whatever melts into it", arguments: Kind.present)
    func flood(kind: Kind) async throws {
        try await withMembers(kind) { first, _, _, other in
            for number in 1...5000 { first.publish(.events, Array(String(number).utf8)) }
            var count = 0
            while let text = await other.nextMessage() {
                count += 1
                if text == "5000" { break }
            }
            #expect((1...5000).contains(count))
        }
    }

    @Test(
        "A server that lost Redis hears of the gap, and what waited is sent then",
        .enabled(if: RedisServer.isInstalled)
    )
    func outage() async throws {
        let (ear, other) = (Ear(), Ear())
        try await withRedisServer { server in
            try await withRedisMember(server, ear) { first in
                try await withRedisMember(server, other) { second in
                    server.kill()
                    first.publish(.events, Array("lost".utf8))
                    first.publish(.events, Array("waits".utf8))
                    try server.start()
                    await ear.untilGap()
                    await other.untilGap()
                    // Whether the waiting message came before the listener was back nobody can say; a later one comes.
                    second.publish(.events, Array("later".utf8))
                    #expect(await ear.nextMessage() == "later")
                }
            }
        }
    }

    @Test("What waits is the newest of each channel; what is put back gives way to a newer one")
    func outbox() {
        var outbox = FanOutOutbox()
        func expectPut(_ payload: [UInt8], wasEmpty: Bool) {
            let result = outbox.put(.events, payload)
            #expect(result == wasEmpty, "\(payload)")
        }
        func expectTake(_ payload: [UInt8]?) {
            let taken = outbox.take()
            #expect(taken?.payload == payload)
        }
        expectTake(nil)
        expectPut([1], wasEmpty: true)
        expectPut([2], wasEmpty: false)
        expectTake([2])
        expectTake(nil)
        outbox.putBack(.events, [2])
        expectPut([3], wasEmpty: false)
        outbox.putBack(.events, [2])
        expectTake([3])
        expectPut([4], wasEmpty: true)
    }
}
