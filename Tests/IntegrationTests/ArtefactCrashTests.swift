import Basics
import ChaosTesting
import Crypto
import Foundation
import Testing

extension Integration {
    @Suite("Crashes in uploads", .serialized)
    struct ArtefactCrashTests {
        private static let rounds = Chaos.rounds(3)

        /// A running task, as its agent knows it.
        private struct Work {
            let task: String
            let headers: [(String, String)]
        }

        private struct Missing: Error, CustomStringConvertible {
            let description: String
        }

        @Test("kill -9 in the middle of uploads: what was answered complete is there, the rest goes on or is gone")
        func kills() async throws {
            let folder = try TemporaryFolder()
            let settings = ["limits.address_requests_per_minute": "0", "limits.work_requests_per_minute": "100000000"]
            var random = SeededGenerator(seed: 11)
            let work = try await Server.run(in: folder, settings) { try await Self.work($0) }
            var complete: [String: [UInt8]] = [:]
            for round in 0..<Self.rounds {
                let kept = Int.random(in: 3...12, using: &random)
                let open = try await Server.run(in: folder, settings) { server in
                    for number in 0..<kept {
                        let content = Self.content(Int.random(in: 1...200_000, using: &random), &random)
                        let id = try await Self.announce(server, work, "r\(round)/\(number)", content)
                        let answer = try await Self.append(server, work, id, content[...], at: 0)
                        #expect(answer.contains(#""complete":true"#))
                        complete[id] = content
                    }
                    let content = Self.content(100_000, &random)
                    let id = try await Self.announce(server, work, "r\(round)/open", content)
                    _ = try await Self.append(server, work, id, content[..<40_000], at: 0)
                    server.child.signal(SIGKILL)
                    _ = try await server.child.exit()
                    return (id: id, content: content)
                }
                // What a crash between the disk and the database would leave.
                let name = "018bcfe5-6800-7000-8000-" + String(String(1_000_000_000_000 + round).dropFirst())
                let stray = folder.path + "/data/artefacts/uploads/" + name
                #expect(FileManager.default.createFile(atPath: stray, contents: Data([1])))
                try await Server.run(in: folder, settings) { server in
                    for (id, content) in complete {
                        let path = "/api/v1/tasks/\(work.task)/artefacts/\(id)/content"
                        let answer = try await server.get(path, headers: work.headers)
                        #expect(answer.status == 200 && answer.body == content, "\(id)")
                    }
                    let rest = open.content[40_000...]
                    let answer = try await Self.append(server, work, open.id, rest, at: 40_000)
                    #expect(answer.contains(#""complete":true"#), "\(answer)")
                    complete[open.id] = open.content
                    try await eventually("the stray file is gone", within: .seconds(10)) {
                        !FileManager.default.fileExists(atPath: stray)
                    }
                }
            }
        }

        private static func content(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        }

        /// Makes a project, an agent and a task that waits an hour for its heartbeats, and leases the task.
        private static func work(_ server: Server) async throws -> Work {
            let admin = [Server.basic("admin", Server.password)]
            func post(_ path: String, _ body: String, _ headers: [(String, String)]) async throws -> String {
                let fields = headers + [("Content-Type", "application/json")]
                let answer = try await WireClient.send(
                    .post,
                    "/api/v1/" + path,
                    port: server.port,
                    headers: fields,
                    body: Array(body.utf8)
                )
                guard answer.status < 300 else { throw Missing(description: "\(path): \(answer.text)") }
                return answer.text
            }
            let project = try member("id", of: try await post("projects", #"{"name":"p","type":"research"}"#, admin))
            let agent = try await post("agents", #"{"name":"a","type":"coder"}"#, admin)
            let body = #"{"project_id":"\#(project)","kind":"shell","timeouts":{"heartbeat_seconds":3600}}"#
            let task = try member("id", of: try await post("tasks", body, admin))
            let headers = [("Authorization", "Bearer " + (try member("token", of: agent)))]
            _ = try await post("agents/\(try member("id", of: agent))/leases", "{}", headers)
            return Work(task: task, headers: headers)
        }

        private static func announce(
            _ server: Server,
            _ work: Work,
            _ name: String,
            _ content: [UInt8]
        ) async throws -> String {
            let hash = SHA256.hash(data: content).hexadecimal
            let body = #"{"token":1,"name":"\#(name)","bytes":\#(content.count),"sha256":"\#(hash)"}"#
            let answer = try await WireClient.send(
                .post,
                "/api/v1/tasks/\(work.task)/artefacts",
                port: server.port,
                headers: work.headers + [("Content-Type", "application/json")],
                body: Array(body.utf8)
            )
            return try member("id", of: answer.text)
        }

        private static func append(
            _ server: Server,
            _ work: Work,
            _ id: String,
            _ part: ArraySlice<UInt8>,
            at offset: Int
        ) async throws -> String {
            try await WireClient.send(
                .patch,
                "/api/v1/tasks/\(work.task)/artefacts/\(id)?token=1",
                port: server.port,
                headers: work.headers + [
                    ("Content-Type", "application/octet-stream"), ("Upload-Offset", String(offset)),
                ],
                body: Array(part)
            ).text
        }

        /// The text of the first member of a name.
        private static func member(_ name: String, of json: String) throws -> String {
            guard let match = json.firstMatch(of: try Regex(#""\#(name)":\s*"([^"]+)""#)),
                let text = match.output[1].substring
            else { throw Missing(description: "no \(name) in \(json)") }
            return String(text)
        }
    }
}
