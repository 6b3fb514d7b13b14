import Basics
import DatabaseTesting
import Instruments
import KeyValue
import RedisTesting
import Testing

@Suite(.enabled(if: RedisServer.isInstalled), .timeLimit(.minutes(10)))
struct RedisClientTests {
    @Test("Each of 64 callers at once gets its own replies, in its own order")
    func pipelining() async throws {
        let registry = Registry()
        try await withRedisClient(registry: registry) { client, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<64 {
                    group.addTask {
                        for round in 0..<200 {
                            let text = "\(caller)/\(round)"
                            let echo = try await client.send(RedisCommand("ECHO", text))
                            #expect(echo == .text(text))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(registry.value(of: "kaskman_redis_commands_total") == Double(64 * 200))
        #expect(registry.value(of: "kaskman_redis_in_flight_commands") == 0)
        #expect(registry.value(of: "kaskman_redis_command_duration_seconds_count") ?? 0 >= 64 * 200)
    }

    @Test("Replies of each type, and a refusal without what was sent")
    func replies() async throws {
        try await withRedisClient { client, _ in
            let key = "kaskman:test:replies"
            try await expectReply(client, RedisCommand("SET", key, "\r\n\0", "PX", "60000"), .status("OK"))
            try await expectReply(client, RedisCommand("GET", key), .text("\r\n\0"))
            try await expectReply(client, RedisCommand("GET", key + ":none"), .null)
            try await expectReply(client, RedisCommand("STRLEN", key), .integer(3))
            try await expectReply(client, RedisCommand("MGET", key, key + ":none"), .array([.text("\r\n\0"), .null]))
            // Looks like a message of a channel, and is none.
            let message = RESPValue.array([.text("message"), .text("a"), .text("b")])
            try await expectReply(client, RedisCommand("EVAL", "return {'message', 'a', 'b'}", "0"), message)
            #expect(
                await failure(of: client, RedisCommand("LPUSH", key, "secret")) == RedisError(.refused, "WRONGTYPE")
            )
            #expect(
                await failure(of: client, RedisCommand("SECRET", "secret"))?.description.contains("secret") == false
            )
            try await expectReply(client, RedisCommand("DEL", key), .integer(1))
        }
    }

    @Test("kill -9 of Redis: who waits and who comes fails at once; a new Redis is found again")
    func restart() async throws {
        let registry = Registry()
        try await withRedisServer { server in
            try await withRedisClient(server, registry: registry) { client, news in
                server.freeze()
                async let waiting = failure(of: client, RedisCommand("PING"))
                server.kill()
                let lost = await news.untilDown()
                #expect([.connectionLost, .timeout].contains(lost?.code))
                #expect([.connectionLost, .timeout, .unavailable].contains(await waiting?.code))
                let begin = ContinuousClock.now
                #expect(await failure(of: client, RedisCommand("PING"))?.code == .unavailable)
                #expect(ContinuousClock.now - begin < .milliseconds(500))
                #expect(registry.value(of: "kaskman_redis_up", ["connection": "commands"]) == 0)
                try server.start()
                await news.untilUp()
                try await expectReply(client, RedisCommand("PING"), .status("PONG"))
                #expect(registry.value(of: "kaskman_redis_up", ["connection": "commands"]) == 1)
                #expect(registry.value(of: "kaskman_redis_reconnects_total", ["connection": "commands"]) == 1)
                #expect(registry.value(of: "kaskman_redis_errors_total", ["error_code": "unavailable"]) ?? 0 >= 1)
            }
        }
    }

    @Test("A frozen Redis costs each caller at most the time-out, and the next ones nothing; thawed it serves again")
    func freeze() async throws {
        let registry = Registry()
        try await withRedisServer { server in
            try await withRedisClient(server, registry: registry, configure: { $0.connectTimeout = .milliseconds(300) })
            {
                client,
                news in
                server.freeze()
                let begin = ContinuousClock.now
                await withTaskGroup(of: RedisError?.self) { group in
                    for _ in 0..<64 { group.addTask { await failure(of: client, RedisCommand("PING")) } }
                    for await error in group { #expect([.timeout, .unavailable].contains(error?.code)) }
                }
                let took = ContinuousClock.now - begin
                // One after the other they would need sixteen seconds.
                #expect(took > .milliseconds(240) && took < .seconds(8), "\(took)")
                #expect(await news.untilDown()?.code == .timeout)
                let next = ContinuousClock.now
                for _ in 0..<1000 { #expect(await failure(of: client, RedisCommand("PING"))?.code == .unavailable) }
                #expect(ContinuousClock.now - next < .seconds(2), "1000 calls while the circuit is open")
                server.thaw()
                await news.untilUp()
                try await expectReply(client, RedisCommand("PING"), .status("PONG"))
            }
        }
        #expect(registry.value(of: "kaskman_redis_in_flight_commands") == 0)
    }

    @Test("A wrong password is told as such, never shown, and the right one serves")
    func passwords() async throws {
        try await withRedisServer(arguments: ["--requirepass", "right:pass word"]) { server in
            for (password, expected) in [("wrongsecret", RedisError.Code.authentication), ("", .authentication)] {
                try await withRedisClient(server, isUp: false, configure: { $0.endpoint.password = password }) {
                    client,
                    news in
                    // The server may not listen yet at the first attempt, which is told before.
                    var error = await news.untilDown()
                    while error?.code == .unavailable { error = await news.untilDown() }
                    #expect(error?.code == expected, "\(String(describing: error))")
                    #expect(error?.description.contains("wrongsecret") == false)
                    #expect(await failure(of: client, RedisCommand("PING"))?.code == .unavailable)
                }
            }
            try await withRedisClient(server, configure: { $0.endpoint.password = "right:pass word" }) { client, _ in
                try await expectReply(client, RedisCommand("PING"), .status("PONG"))
            }
            try await withRedisClient(
                server,
                configure: {
                    $0.endpoint.user = "default"
                    $0.endpoint.password = "right:pass word"
                    $0.endpoint.database = 3
                    $0.clientName = "kaskman-test"
                }
            ) { client, _ in
                let info = try await client.send(RedisCommand("CLIENT", "INFO")).bytes ?? []
                let text = String(decoding: info, as: UTF8.self)
                #expect(text.contains(" db=3 ") && text.contains(" name=kaskman-test "), "\(text)")
            }
        }
    }

    @Test("A reply that is too big ends the connection, not the process; the next one serves")
    func bigReply() async throws {
        let key = "kaskman:test:big"
        try await withRedisClient(configure: { $0.replies.replyBytesMax = 10_000 }) { client, news in
            _ = try await client.send(RedisCommand("SET", key, String(repeating: "x", count: 100_000), "PX", "60000"))
            #expect(await failure(of: client, RedisCommand("GET", key))?.code == .tooLarge)
            #expect(await news.untilDown()?.code == .tooLarge)
            await news.untilUp()
            try await expectReply(client, RedisCommand("STRLEN", key), .integer(100_000))
            _ = try await client.send(RedisCommand("DEL", key))
        }
    }

    @Test("Commands that are too long, or too many, are refused unsent")
    func commandLimits() async throws {
        let registry = Registry()
        try await withRedisServer { server in
            try await withRedisClient(server, registry: registry, configure: { $0.commandsInFlightMax = 10 }) {
                client,
                _ in
                let long = String(repeating: "x", count: RedisCommand.bytesMax)
                #expect(await failure(of: client, RedisCommand("ECHO", long))?.code == .tooLarge)
                server.freeze()
                var codes: [RedisError.Code: Int] = [:]
                await withTaskGroup(of: RedisError?.self) { group in
                    for _ in 0..<40 { group.addTask { await failure(of: client, RedisCommand("PING")) } }
                    for await case let error? in group { codes[error.code, default: 0] += 1 }
                }
                #expect(codes[.timeout] == 10, "\(codes)")
                #expect((codes[.overloaded] ?? 0) + (codes[.unavailable] ?? 0) == 30, "\(codes)")
                #expect(codes[.overloaded] ?? 0 > 0, "\(codes)")
                server.thaw()
            }
        }
        #expect(registry.value(of: "kaskman_redis_errors_total", ["error_code": "overloaded"]) ?? 0 > 0)
    }

    @Test("A script that Redis has forgotten is sent again")
    func scripts() async throws {
        let registry = Registry()
        try await withRedisServer { server in
            try await withRedisClient(server, registry: registry) { client, _ in
                let script = RedisScript("return {KEYS[1], ARGV[1]}")
                let expected = RESPValue.array([.text("k"), .text("v")])
                var reply = try await client.run(script, keys: [Array("k".utf8)], [Array("v".utf8)])
                #expect(reply == expected)
                reply = try await client.run(script, keys: [Array("k".utf8)], [Array("v".utf8)])
                #expect(reply == expected)
                _ = try await client.send(RedisCommand("SCRIPT", "FLUSH"))
                reply = try await client.run(script, keys: [Array("k".utf8)], [Array("v".utf8)])
                #expect(reply == expected)
            }
        }
        #expect(registry.value(of: "kaskman_redis_errors_total", ["error_code": "refused"]) == 0)
    }

    @Test("Where nobody listens, calls fail at once and the reason is told once")
    func nobody() async throws {
        let registry = Registry()
        let server = try RedisServer()
        try await withRedisClient(server, registry: registry, isUp: false) { client, news in
            #expect(await news.untilDown()?.code == .unavailable)
            #expect(await failure(of: client, RedisCommand("PING"))?.code == .unavailable)
            try server.start()
            await news.untilUp()
            #expect(registry.value(of: "kaskman_redis_connect_failures_total", ["connection": "commands"]) ?? 0 >= 1)
            #expect(registry.value(of: "kaskman_redis_reconnects_total", ["connection": "commands"]) == 0)
        }
        server.kill()
    }
}
