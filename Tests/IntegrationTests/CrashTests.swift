import Basics
import ChaosTesting
import DatabaseTesting
import Foundation
import Synchronization
import Testing

extension Integration {
    @Suite("Crashes", .serialized)
    struct CrashTests {
        private static let rounds = Chaos.rounds(5)
        private static let writers = 4
        private static let seed = Chaos.seeds(6...6, times: 2).last ?? 6

        /// The projects whose creation was answered: id by name.
        private final class Answered: Sendable {
            private let ids = Mutex<[String: String]>([:])

            var count: Int { ids.withLock { $0.count } }

            var all: [String: String] { ids.withLock { $0 } }

            func note(_ name: String, _ id: String) { ids.withLock { $0[name] = id } }
        }

        @Test(
            "kill -9 in the middle of writes: the database opens, and every write that was answered is there",
            .enabled("the platform has projects") { try await CrashTests.hasProjects() }
        )
        func kills() async throws {
            let folder = try TemporaryFolder()
            let settings = ["limits.address_requests_per_minute": "0", "limits.user_requests_per_minute": "100000000"]
            var random = SeededGenerator(seed: Self.seed)
            var total = 0
            for round in 0..<Self.rounds {
                let answered = Answered()
                let wanted = Int.random(in: 20...80, using: &random)
                try await Server.run(in: folder, settings) { server in
                    await withTaskGroup(of: Void.self) { group in
                        for writer in 0..<Self.writers {
                            group.addTask { await Self.write(server, "crash \(round) \(writer)", answered) }
                        }
                        try? await eventually("\(wanted) writes", within: .seconds(60), every: .milliseconds(5)) {
                            answered.count >= wanted
                        }
                        server.child.signal(SIGKILL)
                    }
                    #expect(answered.count >= wanted, "writes were answered before the kill")
                    _ = try await server.child.exit()
                }
                try await Server.run(in: folder, settings) { server in
                    for (name, id) in answered.all {
                        let answer = try await server.get("/api/v1/projects/\(id)", headers: Self.headers)
                        #expect(answer.status == 200 && answer.text.contains(name), "\(name) is lost: \(answer.text)")
                    }
                }
                total += answered.count
            }
            if TestBackend.chosen == .sqlite {
                let check = try await ChildProcess.run(
                    "/usr/bin/env",
                    ["python3", "-c", Self.integrity, folder.path + "/data/kaskman.sqlite"],
                    directory: folder.path
                )
                #expect(check.output == "ok\n")
            }
            print("seed \(Self.seed): \(Self.rounds) kills, \(total) answered writes, none lost")
        }

        private static let integrity =
            "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])"

        private static let headers = [Server.basic("admin", Server.password)]

        /// Creates one project after the other until the server is gone.
        private static func write(_ server: Server, _ prefix: String, _ answered: Answered) async {
            try? await WireClient.withConnection(port: server.port) { connection in
                for number in 0... {
                    let name = "\(prefix) \(number)."
                    let body = Array(#"{"name": "\#(name)", "type": "research"}"#.utf8)
                    let fields = headers + [("Content-Type", "application/json")]
                    let answer = try await connection.send(.post, "/api/v1/projects", headers: fields, body: body)
                    guard answer.status == 201, let id = answer.text.firstMatch(of: /"id":\s*"([^"]+)"/) else { return }
                    answered.note(name, String(id.1))
                }
            }
        }

        static func hasProjects() async throws -> Bool {
            try await Server.run(in: try TemporaryFolder()) { server in
                try await server.get("/api/v1/projects", headers: headers).status != 404
            }
        }
    }
}
