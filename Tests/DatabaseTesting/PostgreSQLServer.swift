internal import Foundation
internal import Synchronization

/// A PostgreSQL server for tests, in a temporary folder, on a socket of its own; it ends with this process, however that ends.
///
/// Its collation is a language's (ICU's American English), so that a statement that relies on the order of bytes without saying
/// so is found out.
package final class PostgreSQLServer: Sendable {
    /// Why there is no server; the text says what to do.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The folder that holds data, log and socket.
    package let folder: String
    private let programs: String
    private let keeper: Process
    /// The keeper stops the server and removes the folder when this is closed, by the process or by its end.
    private let leash: Pipe

    private static let sharedServer = Mutex<Result<PostgreSQLServer, any Error>?>(nil)

    /// The one server of this process, started when it is first asked for.
    /// - Throws: ``Failure``.
    package static func shared() async throws -> PostgreSQLServer {
        try await offThePool {
            try sharedServer.withLock { server in
                let result = server ?? Result { try PostgreSQLServer() }
                server = result
                return try result.get()
            }
        }
    }

    /// Makes a cluster and starts a server on it; blocks for a second or two.
    /// - Throws: ``Failure``.
    package init(configuration: String = "") throws {
        programs = try Self.findPrograms()
        folder = "/tmp/kaskman-pg-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // The programs refuse root, which runs the tests in containers.
        if geteuid() == 0 {
            guard let user = getpwnam("postgres") ?? getpwnam("nobody") else {
                throw Failure(description: "there is no unprivileged user to run PostgreSQL as")
            }
            chown(folder, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let script = """
            set -e
            cd "$D"
            "$B/initdb" -D data -U kaskman --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
                --locale-provider=icu --icu-locale=en-US >initdb.log 2>&1
            cat >>data/postgresql.conf <<END
            listen_addresses = ''
            unix_socket_directories = '$D'
            max_connections = 300
            deadlock_timeout = 100ms
            \(configuration)
            END
            "$B/pg_ctl" -w -t 60 -D data -l log start >/dev/null
            echo ready
            cat >/dev/null
            "$B/pg_ctl" -D data -m immediate stop >/dev/null 2>&1 || true
            cd /; rm -rf "$D"
            """
        keeper = Process()
        leash = Pipe()
        let answer = Pipe()
        Self.prepare(keeper, ["sh", "-c", script], environment: ["B": programs, "D": folder])
        keeper.standardInput = leash
        keeper.standardOutput = answer
        try keeper.run()
        let ready = String(decoding: answer.fileHandleForReading.availableData, as: UTF8.self)
        guard ready.hasPrefix("ready") else {
            let logs = ["initdb.log", "log"].map {
                (try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) ?? ""
            }
            throw Failure(description: "PostgreSQL did not start: \(logs.joined(separator: "\n"))")
        }
    }

    /// The URL of one of its databases.
    package func url(_ database: String) -> String { "postgresql:///\(database)?host=\(folder)&user=kaskman" }

    /// Runs statements with `psql`, as a foreigner would; returns what it prints.
    /// - Throws: ``Failure``.
    @discardableResult
    package func psql(_ sql: String, in database: String = "postgres") async throws -> String {
        let (programs, folder) = (programs, folder)
        return try await offThePool {
            let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "kaskman"]
            return try Self.run([programs + "/psql"] + arguments + ["-d", database, "-c", sql])
        }
    }

    /// Stops the server at once, as a crash would: connections break, and what was not committed is lost.
    package func crash() async throws { try await control(["-m", "immediate", "stop"]) }

    /// Ends every session and stops the server.
    package func stop() async throws { try await control(["-m", "fast", "stop"]) }

    /// Starts the server again on the same folder.
    package func start() async throws { try await control(["-l", folder + "/log", "start"]) }

    /// Ends the server for good and removes its folder.
    package func end() {
        try? leash.fileHandleForWriting.close()
        if keeper.isRunning { keeper.waitUntilExit() }
    }

    deinit { end() }

    private func control(_ arguments: [String]) async throws {
        let (programs, folder) = (programs, folder)
        try await offThePool {
            // A server that is started would keep open what tells Foundation of the end of its process.
            let script = """
                (
                    for file in /proc/$BASHPID/fd/*; do
                        number=${file##*/}
                        if [ "$number" -gt 2 ]; then eval "exec $number>&-"; fi
                    done
                    exec "$@"
                )
                """
            let command = [programs + "/pg_ctl", "-w", "-t", "60", "-D", folder + "/data"] + arguments
            try Self.run(["bash", "-c", script, "bash"] + command, isOwner: true)
        }
    }

    @discardableResult
    private static func run(_ arguments: [String], isOwner: Bool = false) throws -> String {
        let process = Process()
        if isOwner {
            prepare(process, arguments, environment: [:])
        } else {
            process.executableURL = URL(fileURLWithPath: arguments[0])
            process.arguments = Array(arguments.dropFirst())
        }
        // A file, since a server that is started keeps a pipe open.
        let path = NSTemporaryDirectory() + "/kaskman-pg-output-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = file
        try process.run()
        process.waitUntilExit()
        try file.close()
        let output = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(arguments.joined(separator: " ")): \(output)")
        }
        return output
    }

    /// Has a process run as the cluster's owner.
    private static func prepare(_ process: Process, _ arguments: [String], environment: [String: String]) {
        var arguments = arguments
        if geteuid() == 0, let user = getpwnam("postgres") ?? getpwnam("nobody") {
            let (uid, gid) = (user.pointee.pw_uid, user.pointee.pw_gid)
            arguments = ["setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups"] + arguments
        }
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
    }

    /// The folder of the newest server programs: Debian keeps them out of the search path.
    private static func findPrograms() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }
        let folders = versions.sorted(by: >).map { "\(root)/\($0)/bin" } + ["/usr/local/pgsql/bin", "/usr/bin"]
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }) else {
            throw Failure(description: "PostgreSQL's initdb was not found: scripts/install-packages test")
        }
        return folder
    }
}

/// Runs blocking work on a thread of its own.
@discardableResult
package func offThePool<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "test.blocking").async { continuation.resume(with: Result { try work() }) }
    }
}
