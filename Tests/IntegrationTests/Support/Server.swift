import Foundation
import Testing

/// A running kaskman-server of a test.
struct Server: Sendable {
    let child: ChildProcess
    let port: Int
    let password: String

    /// The executable, beside the test bundle.
    static let executable =
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
        + "/kaskman-server"

    static let password = "correct horse battery staple"

    /// Runs a server with its data in `folder` for the time of `body`; then it is drained, or killed.
    ///
    /// - Parameter settings: by key, as `http.port`; what is not named is a free port, a cheap password and the rules in the
    ///   folder's own `rules`, if there are any.
    static func run<Result>(
        in folder: TemporaryFolder,
        _ settings: [String: String] = [:],
        _ body: (Server) async throws -> Result
    ) async throws -> Result {
        let child = try await start(in: folder, settings)
        do {
            let server = Server(child: child, port: try await port(of: child), password: Self.password)
            let result = try await body(server)
            await child.stop()
            return result
        } catch {
            await child.stop()
            Attachment.record(child.log, named: "server.log")
            throw error
        }
    }

    /// Starts the process, and does not wait for it to listen.
    ///
    /// - Parameters:
    ///   - folder: Holds the log, and the data unless ``ChosenStores`` says otherwise.
    ///   - settings: By key; `unset` leaves one to its default.
    ///   - arguments: Of the command line.
    ///   - command: Starts the server, whose path it is given as its last argument; empty for none.
    ///   - directory: The working folder.
    static func start(
        in folder: TemporaryFolder,
        _ settings: [String: String] = [:],
        arguments: [String] = [],
        through command: [String] = [],
        at directory: String = Repository.root
    ) async throws -> ChildProcess {
        let hasRules = FileManager.default.fileExists(atPath: folder.path + "/rules")
        let all = [
            "http.port": "0", "data_dir": folder.path + "/data", "identity.password_cost": "4", "web.dir": "",
            "admin.password": password, "rules.files": hasRules ? folder.path + "/rules/*.yml" : "",
        ].merging(settings["database.url"] == nil ? try await ChosenStores.settings(for: folder) : [:]) { $1 }
            .merging(settings) { $1 }
        var environment: [String: String] = [:]
        for (key, value) in all where value != "unset" {
            environment["KASKMAN_" + key.uppercased().replacing(".", with: "_")] = value
        }
        return try ChildProcess(
            command.first ?? executable,
            (command.isEmpty ? [] : Array(command.dropFirst()) + [executable]) + arguments,
            environment: environment,
            directory: directory,
            logPath: folder.path + "/server-\(UUID().uuidString).log"
        )
    }

    /// The port that the server says it listens on.
    static func port(of child: ChildProcess) async throws -> Int {
        try await eventually("the server listens: \(child.log)", every: .milliseconds(20)) {
            guard child.isRunning else { throw Unexpected(text: "the server ended: \(child.log)") }
            return child.log.firstMatch(of: #/serves http://[^ ]*:(\d+) /#).flatMap { Int($0.1) }
        }
    }

    func get(_ target: String, headers: [(String, String)] = []) async throws -> WireAnswer {
        try await WireClient.send(.get, target, port: port, headers: headers)
    }

    /// The fields that sign in with a name and password.
    static func basic(_ name: String, _ password: String) -> (String, String) {
        ("Authorization", "Basic " + Data("\(name):\(password)".utf8).base64EncodedString())
    }

    /// The platform's Prometheus API, as the administrator, from an address that no fault is caused from.
    var prometheus: PrometheusAPI {
        PrometheusAPI(
            port: port,
            prefix: "/prometheus",
            headers: [Self.basic("admin", password)],
            source: "127.1.0.1"
        )
    }
}

/// Debian's Prometheus for the time of `body`.
enum DebianPrometheus {
    static func run<Result>(
        in folder: TemporaryFolder,
        configuration: String,
        data: String = "prometheus-data",
        _ body: (PrometheusAPI) async throws -> Result
    ) async throws -> Result {
        let port = try await FreePort.find()
        let child = try ChildProcess(
            "/usr/bin/prometheus",
            [
                "--config.file=" + (try folder.write(configuration, to: "prometheus.yml")),
                "--storage.tsdb.path=\(folder.path)/\(data)", "--web.listen-address=127.0.0.1:\(port)",
            ],
            directory: folder.path,
            logPath: folder.path + "/prometheus.log"
        )
        do {
            try await eventually("Prometheus is ready") {
                guard child.isRunning else { throw Unexpected(text: child.log) }
                return try await WireClient.send(.get, "/-/ready", port: port).status == 200
            }
            let result = try await body(PrometheusAPI(port: port))
            await child.stop()
            return result
        } catch {
            await child.stop()
            throw error
        }
    }
}
