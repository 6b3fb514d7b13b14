import Basics
import DatabaseTesting
import Foundation
import Synchronization
import Testing

/// What several writers were answered: identifiers by name.
private final class Writes: Sendable {
    let answered = Mutex<[String: String]>([:])
    let isOver = Atomic(false)
}

extension Integration {
    @Suite("PostgreSQL", .serialized, .onSQLite("it has servers of its own"))
    struct PostgreSQLTests {
        private static let headers = [Server.basic("admin", Server.password)]

        /// A database of its own, and the settings of servers that use it.
        private static func withDatabase(_ body: (PostgreSQLServer, [String: String]) async throws -> Void) async throws
        {
            let postgres = try await offThePool { try PostgreSQLServer() }
            try await postgres.psql("CREATE DATABASE kask")
            do {
                try await body(
                    postgres,
                    [
                        "database.url": postgres.url("kask"), "limits.address_requests_per_minute": "0",
                        "limits.user_requests_per_minute": "100000000", "supervisor.health_interval": "200ms",
                    ]
                )
            } catch {
                try await offThePool { postgres.end() }
                throw error
            }
            try await offThePool { postgres.end() }
        }

        private static func create(_ name: String, on server: Server) async throws -> WireAnswer {
            let body = Array(#"{"name": "\#(name)", "type": "research"}"#.utf8)
            let fields = headers + [("Content-Type", "application/json")]
            return try await WireClient.withConnection(port: server.port) { connection in
                try await connection.send(.post, "/api/v1/projects", headers: fields, body: body)
            }
        }

        private static func id(in answer: WireAnswer) throws -> String {
            String(try #require(answer.text.firstMatch(of: /"id":\s*"([^"]+)"/)).1)
        }

        @Test("Two servers start at once on an empty database, and share it")
        func shared() async throws {
            try await Self.withDatabase { _, settings in
                let folders = [try TemporaryFolder(), try TemporaryFolder()]
                var children: [ChildProcess] = []
                for folder in folders { children.append(try await Server.start(in: folder, settings)) }
                var servers: [Server] = []
                for child in children {
                    servers.append(
                        Server(child: child, port: try await Server.port(of: child), password: Server.password)
                    )
                }
                let answer = try await Self.create("shared", on: servers[0])
                #expect(answer.status == 201, "\(answer.text)")
                let id = try Self.id(in: answer)
                let other = try await servers[1].get("/api/v1/projects/\(id)", headers: Self.headers)
                #expect(other.status == 200, "\(other.text)")
                for server in servers {
                    let health = try await server.get("/api/v1/health")
                    #expect(health.status == 200, "\(health.text)")
                }
                // A token of one is good for the other: they share the signing key.
                let login = try await WireClient.withConnection(port: servers[0].port) { connection in
                    try await connection.send(
                        .post,
                        "/api/v1/auth/login",
                        headers: [("Content-Type", "application/json")],
                        body: Array(#"{"username": "admin", "password": "\#(Server.password)"}"#.utf8)
                    )
                }
                let token = try #require(login.text.firstMatch(of: /"access_token":\s*"([^"]+)"/)).1
                let me = try await servers[1].get("/api/v1/projects", headers: [("Authorization", "Bearer \(token)")])
                #expect(me.status == 200, "\(me.text)")
                for child in children {
                    child.signal(SIGTERM)
                    #expect(try await child.exit() == .success, "\(child.log)")
                }
                let files = try FileManager.default.contentsOfDirectory(atPath: folders[0].path + "/data")
                #expect(!files.contains("kaskman.sqlite"), "\(files)")
                let reset = try await Server.start(in: folders[0], settings, arguments: ["--reset-admin-password"])
                #expect(try await reset.exit() == .success, "\(reset.log)")
            }
        }

        @Test("A database that cannot be reached is said at the start, without its password")
        func away() async throws {
            let settings = ["database.url": "postgresql://ada:s3cret@127.0.0.1:1/kask?connect_timeout=2"]
            let folder = try TemporaryFolder()
            let child = try await Server.start(in: folder, settings)
            #expect(try await child.exit() == ChildProcess.Exit(status: 1, bySignal: false))
            #expect(child.log.contains("database.url") && !child.log.contains("s3cret"), "\(child.log)")
            withExtendedLifetime(folder) {}
        }

        @Test("PostgreSQL crashes and comes back in the middle of writes: every write that was answered is there")
        func restarts() async throws {
            try await Self.withDatabase { postgres, settings in
                let writes = Writes()
                try await Server.run(in: try TemporaryFolder(), settings) { server in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for writer in 0..<4 {
                            group.addTask {
                                var number = 0
                                while !writes.isOver.load(ordering: .relaxed) {
                                    number += 1
                                    let name = "w\(writer) \(number)."
                                    // While the database is away some are refused, which is an answer too.
                                    let answer = try await Self.create(name, on: server)
                                    guard answer.status == 201 else { continue }
                                    let id = try Self.id(in: answer)
                                    writes.answered.withLock { $0[name] = id }
                                }
                            }
                        }
                        for round in 0..<2 {
                            let before = writes.answered.withLock { $0.count }
                            try await eventually("40 further writes", every: .milliseconds(10)) {
                                writes.answered.withLock { $0.count } >= before + 40
                            }
                            if round == 0 { try await postgres.crash() } else { try await postgres.stop() }
                            try await postgres.start()
                        }
                        let before = writes.answered.withLock { $0.count }
                        try await eventually("writes go on", every: .milliseconds(10)) {
                            writes.answered.withLock { $0.count } >= before + 40
                        }
                        writes.isOver.store(true, ordering: .relaxed)
                        try await group.waitForAll()
                    }
                    for (name, id) in writes.answered.withLock({ $0 }) {
                        let answer = try await server.get("/api/v1/projects/\(id)", headers: Self.headers)
                        #expect(answer.status == 200 && answer.text.contains(name), "\(name) is lost: \(answer.text)")
                    }
                    try await eventually("the server is healthy again", every: .milliseconds(50)) {
                        try await server.get("/api/v1/health").text.hasPrefix(#"{"status":"healthy""#)
                    }
                    print("\(writes.answered.withLock { $0.count }) answered writes over two restarts, none lost")
                }
            }
        }
    }
}
