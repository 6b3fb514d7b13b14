import Foundation
import Synchronization

/// A redis-server of the tests, on a socket in a folder of its own; ended by its id, never by its name.
package final class RedisServer: Sendable {
    private static let executable = "/usr/bin/redis-server"

    /// Whether this machine has a Redis to test with.
    package static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: executable) }

    /// One server for all tests of a process that do it no harm; started when first asked for, ended with the process.
    package static let shared: Result<RedisServer, any Error> = Result {
        let server = try RedisServer()
        try server.start()
        RedisServer.sharedProcess.store(server.processID, ordering: .relaxed)
        RedisServer.sharedFolder.withLock { $0 = server.directory }
        atexit {
            let process = RedisServer.sharedProcess.load(ordering: .relaxed)
            if process > 0 { _ = Foundation.kill(process, SIGKILL) }
            try? FileManager.default.removeItem(atPath: RedisServer.sharedFolder.withLock { $0 })
        }
        return server
    }

    private static let sharedProcess = Atomic<Int32>(0)
    private static let sharedFolder = Mutex("")

    package let directory: String
    private let arguments: [String]
    private let process = Mutex<Process?>(nil)

    /// Makes a server that does not run yet; `arguments` are further ones of its command line.
    package init(arguments: [String] = []) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        directory = folder.path
        self.arguments = arguments
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    package var socketPath: String { directory + "/redis.sock" }

    /// For `redis.url`.
    package var url: String { "redis+unix://\(socketPath)" }

    package var processID: Int32 { process.withLock { $0?.processIdentifier ?? 0 } }

    /// Starts it, anew and empty after ``kill()``; it listens soon.
    package func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments =
            [
                "--port", "0", "--unixsocket", socketPath, "--save", "", "--appendonly", "no", "--dir", directory,
                "--daemonize", "no", "--loglevel", "warning",
            ] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process.withLock { $0 = process }
    }

    /// Ends it as `kill -9` does; returns when it is gone.
    package func kill() {
        guard let process = process.withLock({ $0 }), process.isRunning else { return }
        signal(SIGKILL)
        process.waitUntilExit()
    }

    /// Stops it in the middle of whatever it does, until ``thaw()``.
    package func freeze() { signal(SIGSTOP) }

    /// Lets it go on.
    package func thaw() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        let id = processID
        if id > 0 { _ = Foundation.kill(id, number) }
    }
}

/// Runs a server of one test's own for the time of `body`.
package func withRedisServer<T>(
    arguments: [String] = [],
    _ body: (RedisServer) async throws -> T
) async throws -> T {
    let server = try RedisServer(arguments: arguments)
    try server.start()
    defer { server.kill() }
    return try await body(server)
}
