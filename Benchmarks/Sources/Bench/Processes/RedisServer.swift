import Foundation

/// Debian's Redis with nothing on the disk, on a socket in a temporary folder; ended with this object.
final class RedisServer {
    let socket: String
    private let process = Process()

    init(folder: String) throws {
        socket = folder + "/redis.sock"
        process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
        process.arguments = [
            "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder, "--loglevel",
            "warning",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { throw BenchmarkFailure("Debian's package redis-server is missing") }
        let deadline = ContinuousClock.now + .seconds(10)
        while !FileManager.default.fileExists(atPath: socket) {
            guard ContinuousClock.now < deadline else { throw BenchmarkFailure("Redis did not start") }
            usleep(1000)
        }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
    }

    /// GETs a second of redis-benchmark with its 50 connections; nil when it is not installed.
    func benchmark(pipeline: Int, requests: Int) -> Double? {
        let arguments = ["-s", socket, "-t", "get", "-n", "\(requests)", "-P", "\(pipeline)", "--csv"]
        let lines = Command.output("/usr/bin/redis-benchmark", arguments)?.split(separator: "\n") ?? []
        guard let line = lines.first(where: { $0.hasPrefix("\"GET\"") }) else { return nil }
        let cells = line.split(separator: ",").map { $0.filter { $0 != "\"" } }
        return cells.count > 1 ? Double(cells[1]) : nil
    }
}
