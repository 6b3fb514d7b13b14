import Foundation

/// A running kaskman-server with its data in a temporary folder, logs and metrics on, limits raised.
final class ServerProcess {
    static let password = "benchmark password"

    let port: Int
    private let process = Process()
    private let log: FileHandle

    /// Starts the process and does not wait for it to listen; `settings` are further variables.
    init(executable: String, folder: String, repository: String, settings: [String: String] = [:]) throws {
        port = try HTTPConnection.freePort()
        let path = folder + "/server.log"
        let files = FileManager.default
        guard files.fileExists(atPath: path) || files.createFile(atPath: path, contents: nil) else {
            throw BenchmarkFailure("cannot write \(path)")
        }
        log = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try log.seekToEnd()
        process.executableURL = URL(fileURLWithPath: executable)
        process.currentDirectoryURL = URL(fileURLWithPath: repository)
        process.environment = [
            "KASKMAN_HTTP_PORT": String(port), "KASKMAN_DATA_DIR": folder + "/data",
            "KASKMAN_ADMIN_PASSWORD": Self.password, "KASKMAN_LIMITS_ADDRESS_REQUESTS_PER_MINUTE": "100000000",
            "KASKMAN_LIMITS_USER_REQUESTS_PER_MINUTE": "100000000",
            "KASKMAN_LIMITS_MONITORING_REQUESTS_PER_MINUTE": "100000000",
            "KASKMAN_LIMITS_WORK_REQUESTS_PER_MINUTE": "100000000",
            "KASKMAN_LIMITS_LIVE_REQUESTS_PER_MINUTE": "100000000",
        ].merging(settings) { $1 }
        process.standardError = log
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    /// Waits for the first healthy answer.
    func waitUntilHealthy() throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let answer = try? HTTPConnection(port: port).send("GET", "/api/v1/health"),
                answer.status == 200, answer.body.contains(#""status":"healthy""#)
            {
                return
            }
            usleep(500)
        }
        throw BenchmarkFailure("the server was not healthy within 30 s")
    }

    /// Signs the administrator in; returns the access token.
    func signIn() throws -> String {
        let json = #"{"username":"admin","password":"\#(Self.password)"}"#
        let answer = try HTTPConnection(port: port).send("POST", "/api/v1/auth/login", json: json)
        guard answer.status == 200, let token = answer.body.firstMatch(of: /"access_token":\s*"([^"]+)"/)?.1 else {
            throw BenchmarkFailure("the sign-in was answered \(answer.status)")
        }
        return String(token)
    }

    /// Ends the process as an operator would.
    func stop() {
        process.terminate()
        process.waitUntilExit()
        try? log.close()
    }

    /// The resident memory in MB (10⁶ bytes).
    var residentMegabytes: Double {
        let line = status("status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0
        return kibibytes * 1024 / 1e6
    }

    /// The processor time that the process has used, in seconds.
    var processorSeconds: Double {
        // The fields after the name, which may hold blanks itself (proc(5)).
        let fields = status("stat").split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = [11, 12].compactMap { fields.indices.contains($0) ? Double(fields[$0]) : nil }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private func status(_ name: String) -> String {
        (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/\(name)", encoding: .utf8)) ?? ""
    }
}

/// Why a measurement could not be made.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
