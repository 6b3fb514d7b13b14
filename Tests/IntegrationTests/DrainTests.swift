import Foundation
import Synchronization
import Testing

extension Integration {
    @Suite("Drain under load", .serialized)
    struct DrainTests {
        /// What the clients saw.
        private struct Tally: Sendable {
            var statuses: [Int: Int] = [:]
            var missing = 0
            var truncated = 0
            var others: [String] = []
            var answers: Int { statuses.values.reduce(0, +) }
        }

        private final class Clients: Sendable {
            let tally = Mutex(Tally())

            var total: Tally { tally.withLock { $0 } }
        }

        private static let connectionsMax = 100
        /// Answers before the drain begins.
        private static let warmUp = 2000
        private static let targets = [
            "/api/v1/health", "/metrics", "/api/v1/health/ready", "/prometheus/api/v1/query?query=up",
        ]

        @Test("SIGTERM under the load of 100 connections: no answer is missing or truncated, and the exit status is 0")
        func drain() async throws {
            let clients = Clients()
            let settings = ["limits.address_requests_per_minute": "0", "log.level": "notice"]
            try await Server.run(in: try TemporaryFolder(), settings) { server in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<Self.connectionsMax {
                        group.addTask { await Self.load(server, number, clients) }
                    }
                    try await eventually("the load has begun", within: .seconds(60)) {
                        clients.total.answers >= Self.warmUp
                    }
                    let before = clients.total.answers
                    server.child.signal(SIGTERM)
                    #expect(try await server.child.exit(within: .seconds(20)) == .success)
                    try await group.waitForAll()
                    let total = clients.total
                    let balance = try #require(
                        server.child.log.firstMatch(of: /stopped listening.*requests_begun=(\d+) requests_ended=(\d+)/)
                    )
                    print(
                        "drain: \(Self.connectionsMax) connections, \(total.answers) answers, "
                            + "\(total.answers - before) of them after SIGTERM; "
                            + "missing \(total.missing), truncated \(total.truncated), other \(total.others.count); "
                            + "begun \(balance.1), ended \(balance.2); "
                            + "statuses \(total.statuses.sorted { $0.key < $1.key })"
                    )
                    #expect(total.missing == 0)
                    #expect(total.truncated == 0)
                    #expect(total.others == [])
                    #expect(balance.1 == balance.2)
                    #expect(
                        Int(balance.1) == total.answers,
                        "every request that began was answered, and the other way round"
                    )
                }
            }
        }

        @Test("With a receiver that cannot be reached the drain takes a moment, and says which alerts it left")
        func unreachableReceiver() async throws {
            let folder = try TemporaryFolder()
            let port = try await FreePort.find()
            try folder.write("groups: [{name: g, rules: [{alert: Always, expr: vector(1)}]}]", to: "rules/a.yml")
            try folder.write(
                """
                route: {receiver: away, group_wait: 0s}
                receivers: [{name: away, webhook_configs: [{url: "http://127.0.0.1:\(port)/"}]}]
                """,
                to: "notifications.yml"
            )
            let settings = [
                "notifications.file": folder.path + "/notifications.yml", "rules.evaluation_interval": "200ms",
            ]
            try await Server.run(in: folder, settings) { server in
                try await eventually("a second attempt") {
                    try await server.prometheus.value("kaskman_notification_retries_total") ?? 0 >= 1
                }
                let begin = ContinuousClock.now
                server.child.signal(SIGTERM)
                let exit = try await server.child.exit(within: .seconds(20))
                #expect(exit == .success)
                #expect(ContinuousClock.now - begin < .seconds(4))
                let log = server.child.log
                #expect(log.contains("the drain ended before every alert was delivered"), "\(log)")
                #expect(log.contains("alerts=1 component=notifications receivers=away"), "\(log)")
            }
        }

        @Test("A request whose body was sent in part is answered, and does not hold the drain up")
        func halfSent() async throws {
            let folder = try TemporaryFolder()
            try await Server.run(in: folder) { server in
                let client = try ChildProcess(
                    "/bin/bash",
                    ["-c", Self.halfRequest, "bash", "\(server.port)"],
                    directory: folder.path,
                    logPath: folder.path + "/client.log"
                )
                try await eventually("the request has begun") {
                    let target = "/metrics"
                    return try await server.get(target).text.contains("kaskman_http_requests_in_flight 2\n")
                }
                let begin = ContinuousClock.now
                server.child.signal(SIGTERM)
                let exit = try await server.child.exit(within: .seconds(20))
                #expect(exit == .success)
                #expect(ContinuousClock.now - begin < .seconds(6))
                _ = try await client.exit()
                #expect(client.log.contains("HTTP/1.1 408 "), "\(client.log)")
                let balance = server.child.log.firstMatch(
                    of: /stopped listening.*requests_begun=(\d+) requests_ended=(\d+)/
                )
                #expect(balance.map { $0.1 == $0.2 } == true, "\(server.child.log)")
            }
        }

        /// Sends the beginning of a request to the port of its argument, and prints what comes back.
        private static let halfRequest = #"""
            exec 3<>"/dev/tcp/127.0.0.1/$1"
            printf '%s\r\n' 'POST /api/v1/auth/login HTTP/1.1' 'Host: h' 'Content-Type: application/json' \
                'Content-Length: 100' '' >&3
            printf '{' >&3
            cat <&3
            """#

        /// One client: request after request on a connection, a new one when the server closes it, until none is taken.
        private static func load(
            _ server: Server,
            _ number: Int,
            _ clients: Clients
        ) async {
            let target = targets[number % targets.count]
            while true {
                do {
                    try await WireClient.withConnection(port: server.port) { connection in
                        var isOpen = true
                        while isOpen {
                            let headers = [Server.basic("admin", server.password)]
                            let answer = try await connection.send(.get, target, headers: headers)
                            clients.tally.withLock { $0.statuses[answer.status, default: 0] += 1 }
                            isOpen = !answer.closes
                        }
                    }
                } catch WireClient.Failure.missing {
                    clients.tally.withLock { $0.missing += 1 }
                } catch WireClient.Failure.truncated {
                    clients.tally.withLock { $0.truncated += 1 }
                } catch {
                    // Not accepted any more: the drain has begun. Before it that would be a fault.
                    if server.child.isRunning && !server.child.log.contains("draining") {
                        clients.tally.withLock { $0.others.append("\(error)") }
                    }
                    return
                }
            }
        }
    }
}
