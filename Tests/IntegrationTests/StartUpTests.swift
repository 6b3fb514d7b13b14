import DatabaseTesting
import Foundation
import Testing

extension Integration {
    @Suite("Start-up", .serialized)
    struct StartUpTests {
        @Test("A fresh folder becomes a healthy server, whose first password signs in; a second start keeps the data")
        func freshFolder() async throws {
            let folder = try TemporaryFolder()
            let passwordFile = folder.path + "/data/first-password"
            let settings = ["admin.password": "unset"]
            try await Server.run(in: folder, settings) { server in
                try await eventually("the server is healthy", within: .seconds(5)) {
                    let health = try await server.get("/api/v1/health")
                    return health.status == 200 && health.text.hasPrefix(#"{"status":"healthy""#)
                }
                let mode =
                    try FileManager.default.attributesOfItem(atPath: passwordFile)[.posixPermissions] as? NSNumber
                #expect(mode?.intValue == 0o600)
                let password = try Self.firstLine(passwordFile)
                #expect(!server.child.log.contains(password), "a secret in the log")
                try await expectSignIn(server, password)
            }
            let password = try Self.firstLine(passwordFile)
            try FileManager.default.removeItem(atPath: passwordFile)
            try await Server.run(in: folder, settings) { server in
                try await expectSignIn(server, password)
                #expect(!FileManager.default.fileExists(atPath: passwordFile), "the first password is made once")
            }
        }

        @Test(
            "A forgotten password of admin is reset where no server runs, and only there",
            .onSQLite("PostgreSQLTests have the other")
        )
        func forgottenPassword() async throws {
            let folder = try TemporaryFolder()
            let passwordFile = folder.path + "/data/first-password"
            func reset() async throws -> (ChildProcess.Exit, String) {
                let child = try await Server.start(in: folder, arguments: ["--reset-admin-password"])
                return (try await child.exit(within: .seconds(15)), child.log)
            }
            let refused = ChildProcess.Exit(status: 1, bySignal: false)
            let nothing = try await reset()
            #expect(nothing.0 == refused && nothing.1.contains("there is no database"), "\(nothing)")
            try await Server.run(in: folder) { server in
                let (exit, log) = try await reset()
                #expect(exit == refused && log.contains("already in use by process"), "\(log)")
                try await expectSignIn(server, Server.password)
            }
            let (exit, log) = try await reset()
            #expect(exit == .success && log.contains("Sign in first as admin"), "\(log)")
            let password = try Self.firstLine(passwordFile)
            #expect(!log.contains(password))
            try await Server.run(in: folder) { server in
                try await expectSignIn(server, password)
                #expect(server.child.log.contains("admin.password is used on an empty database only"))
            }
        }

        @Test("SIGTERM and SIGINT end the server with status 0", arguments: [SIGTERM, SIGINT])
        func signals(number: Int32) async throws {
            try await Server.run(in: try TemporaryFolder()) { server in
                server.child.signal(number)
                let exit = try await server.child.exit(within: .seconds(15))
                #expect(exit == .success)
                #expect(server.child.log.contains("drained"))
            }
        }

        @Test("A request to end that arrives twice at once drains; one that is repeated later ends the server at once")
        func repeatedSignals() async throws {
            func f(_ pause: Duration, _ expected: ChildProcess.Exit) async throws {
                try await Server.run(in: try TemporaryFolder(), ["supervisor.readiness_delay": "3s"]) { server in
                    server.child.signal(SIGTERM)
                    await last(for: pause)
                    server.child.signal(SIGTERM)
                    server.child.signal(SIGINT)
                    let exit = try await server.child.exit(within: .seconds(15))
                    #expect(exit == expected, "\(pause): \(server.child.log)")
                    #expect(server.child.log.contains("drained") == (expected == .success))
                }
            }
            try await f(.zero, .success)
            try await f(.seconds(1.5), ChildProcess.Exit(status: 1, bySignal: false))
        }

        @Test("An address that cannot be had ends the start at once, with the reason; nothing of it is left behind")
        func takenPort() async throws {
            let squatter = try await Squatter()
            let port = squatter.port
            let folder = try TemporaryFolder()
            func expect(_ host: String, _ port: Int, _ reason: String) async throws {
                let settings = ["admin.password": "unset", "http.host": host, "http.port": "\(port)"]
                let child = try await Server.start(in: folder, settings)
                #expect(try await child.exit(within: .seconds(10)) == ChildProcess.Exit(status: 1, bySignal: false))
                #expect(child.log.contains("cannot listen on \(host):\(port): \(reason)"), "\(child.log)")
                #expect(!child.log.contains("Sign in first") && !child.log.contains("serves http"), "\(child.log)")
                #expect(!child.log.contains("restarting"), "\(child.log)")
            }
            try await expect("127.0.0.1", port, "another process listens there; end it, or choose")
            try await expect("203.0.113.1", 8080, "this machine has no such address")
            try await expect("no-such-host.invalid", 8080, "the name leads to no address")
            try await squatter.leave()
            let settings = ["admin.password": "unset", "http.port": "\(port)"]
            try await Server.run(in: folder, settings) { server in
                #expect(server.port == port)
                try await expectSignIn(server, try Self.firstLine(folder.path + "/data/first-password"))
                let lines = server.child.log.split(separator: "\n")
                let address = lines.firstIndex { $0.contains("serves http") }
                let signIn = lines.firstIndex { $0.hasPrefix("Sign in first as admin with the password in ") }
                #expect(address.flatMap { address in signIn.map { address < $0 } } == true, "\(lines)")
            }
        }

        @Test("With http.port 0 the platform's own samples carry the port that the system chose")
        func chosenPort() async throws {
            try await Server.run(in: try TemporaryFolder(), ["sampler.interval": "200ms"]) { server in
                let up = try await eventually("a sample") {
                    let answer = try await server.prometheus.instant("up")
                    return answer.series.isEmpty ? nil : answer
                }
                #expect(up.labels.values.map { $0["instance"] } == ["127.0.0.1:\(server.port)"])
                let build = try await server.prometheus.instant("kaskman_build_info")
                #expect(build.labels.values.map { $0["instance"] } == ["127.0.0.1:\(server.port)"])
            }
        }

        @Test("The rules and the dashboard that come with the server are found from any working folder")
        func shippedFiles() async throws {
            let folder = try TemporaryFolder()
            let child = try await Server.start(
                in: folder,
                ["rules.files": "unset", "web.dir": "unset"],
                at: folder.path
            )
            let port = try await Server.port(of: child)
            #expect(try await WireClient.send(.get, "/", port: port).text.contains("<title>"))
            let server = Server(child: child, port: port, password: Server.password)
            try await eventually("rules of the repository are evaluated") {
                try await server.prometheus.value("kaskman_rule_evaluations_total") ?? 0 > 0
            }
            #expect(!child.log.contains("not found"), "\(child.log)")
            await child.stop()
        }

        @Test("What cannot be started with is refused with a reason and status 1")
        func refusals() async throws {
            func expect(_ settings: [String: String], _ reason: String) async throws {
                let folder = try TemporaryFolder()
                try folder.write("groups: [{name: broken, rules: [{alert: A, expr: \"sum(\"}]}]", to: "broken.yml")
                let child = try await Server.start(
                    in: folder,
                    settings.mapValues { $0.replacing("FOLDER", with: folder.path) }
                )
                #expect(try await child.exit() == ChildProcess.Exit(status: 1, bySignal: false))
                #expect(child.log.contains(reason), "\(child.log)")
            }
            try await expect(["http.port": "70000"], "http.port")
            try await expect(["rules.files": "FOLDER/broken.yml"], "broken.yml:1")
            try await expect(["rules.files": "FOLDER/no*.yml"], "/no*.yml names no file")
            try await expect(["web.dir": "FOLDER/missing"], "web.dir: there is no folder")
            try await expect(["notifications.file": "FOLDER/missing.yml"], "missing.yml")
        }

        @Test("A second server in a data folder is refused; a killed one leaves no obstacle")
        func sharedFolder() async throws {
            let folder = try TemporaryFolder()
            try await Server.run(in: folder) { first in
                let second = try await Server.start(in: folder)
                #expect(try await second.exit() == ChildProcess.Exit(status: 1, bySignal: false))
                let reason =
                    "the data folder \(folder.path)/data is already in use by process \(first.child.processID); end"
                #expect(second.log.contains(reason), "\(second.log)")
                #expect(try await first.get("/api/v1/health").status == 200)
                first.child.signal(SIGKILL)
                _ = try await first.child.exit()
            }
            let status = try await Server.run(in: folder) { try await $0.get("/api/v1/health").status }
            #expect(status == 200)
        }

        @Test("In a folder that everyone may read, and with an open umask, the data is its owner's alone")
        func modes() async throws {
            let folder = try TemporaryFolder()
            let data = folder.path + "/data"
            try FileManager.default.createDirectory(
                atPath: data,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755]
            )
            let settings = ["admin.password": "unset"]
            let child = try await Server.start(
                in: folder,
                settings,
                through: ["/bin/sh", "-c", #"umask 0; exec "$0""#]
            )
            _ = try await Server.port(of: child)
            for name in try FileManager.default.contentsOfDirectory(atPath: data).sorted() {
                let attributes = try FileManager.default.attributesOfItem(atPath: data + "/" + name)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
            }
            let hasFile = FileManager.default.fileExists(atPath: data + "/kaskman.sqlite-wal")
            #expect(hasFile == (TestBackend.chosen == .sqlite))
            await child.stop()
        }

        @Test("With log.format json every line on standard error is JSON, from the first to the last")
        func jsonLog() async throws {
            let settings = ["log.format": "json", "log.level": "debug", "admin.password": "unset"]
            let folder = try TemporaryFolder()
            let errors = folder.path + "/stderr"
            func expectJSON(_ text: String) throws -> [[String: Any]] {
                try text.split(separator: "\n").map { line in
                    let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                    return try #require(object as? [String: Any], "\(line)")
                }
            }
            let command = ["/bin/sh", "-c", #"exec "$0" 2>\#(errors)"#]
            let child = try await Server.start(in: folder, settings, through: command)
            let port = try await Server.port(of: child)
            #expect(try await WireClient.send(.get, "/metrics", port: port).status == 200)
            #expect(try await WireClient.send(.get, "/nothing", port: port).status == 404)
            child.signal(SIGTERM)
            #expect(try await child.exit() == .success)
            let lines = try expectJSON(try String(contentsOfFile: errors, encoding: .utf8))
            let requests = lines.filter { $0["msg"] as? String == "request" }
            #expect(requests.map { $0["status"] as? Int } == [200, 404])
            #expect(requests.map { $0["level"] as? String } == ["debug", "info"])
            #expect(requests.allSatisfy { $0["user"] == nil && $0["duration_ms"] is Double })
            let listening = lines.filter { ($0["msg"] as? String)?.contains("listening") == true }
            #expect(listening.map { $0["msg"] as? String } == ["listening", "stopped listening"])
            #expect(listening.first?["port"] as? Int == port)
            for wrong in ["http.host": "no-such-host.invalid", "http.port": "x"] {
                let child = try await Server.start(in: folder, settings.merging([wrong.key: wrong.value]) { $1 })
                #expect(try await child.exit() == ChildProcess.Exit(status: 1, bySignal: false))
                let last = try expectJSON(child.log).last
                #expect((last?["errors"] as? [String])?.count == 1, "\(child.log)")
                #expect(last?["level"] as? String == "critical")
            }
        }

        private static func firstLine(_ path: String) throws -> String {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            return try #require(text.split(separator: "\n").first.map(String.init))
        }

        private func expectSignIn(_ server: Server, _ password: String) async throws {
            let target = "/prometheus/api/v1/query?query=vector(1)"
            let answer = try await server.get(target, headers: [Server.basic("admin", password)])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await server.get(target, headers: [Server.basic("admin", password + "x")]).status == 401)
            #expect(try await server.get(target).status == 401)
        }
    }
}
