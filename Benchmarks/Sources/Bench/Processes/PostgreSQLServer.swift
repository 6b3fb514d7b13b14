import Foundation

/// Debian's PostgreSQL as it comes, on a socket in a temporary folder; ended with this object, and with this process.
final class PostgreSQLServer {
    /// The folder of the socket.
    let folder: String
    /// The folder of the server's programs.
    let programs: String
    private let keeper = Process()
    /// The keeper stops the server and removes the folder when this is closed.
    private let leash = Pipe()

    init() throws {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }
        guard let newest = versions.max() else { throw BenchmarkFailure("Debian's package postgresql is missing") }
        programs = "\(root)/\(newest)/bin"
        folder = "/tmp/kaskman-bench-pg-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var command = ["sh", "-c", Self.script]
        // The programs refuse root, which runs the benchmarks in containers.
        if geteuid() == 0, let user = getpwnam("postgres") ?? getpwnam("nobody") {
            chown(folder, user.pointee.pw_uid, user.pointee.pw_gid)
            let ids = ["--reuid=\(user.pointee.pw_uid)", "--regid=\(user.pointee.pw_gid)", "--clear-groups"]
            command = ["setpriv"] + ids + command
        }
        keeper.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        keeper.arguments = command
        keeper.environment = ProcessInfo.processInfo.environment.merging(["B": programs, "D": folder]) { $1 }
        keeper.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        let answer = Pipe()
        keeper.standardInput = leash
        keeper.standardOutput = answer
        try keeper.run()
        let ready = String(decoding: answer.fileHandleForReading.availableData, as: UTF8.self)
        guard ready.hasPrefix("ready") else { throw BenchmarkFailure("PostgreSQL did not start") }
    }

    private static let script = """
        set -e
        cd "$D"
        "$B/initdb" -D data -U kaskman --auth=trust --encoding=UTF8 --locale=C.UTF-8 >initdb.log 2>&1
        printf "listen_addresses = ''\\nunix_socket_directories = '%s'\\n" "$D" >>data/postgresql.conf
        "$B/pg_ctl" -w -t 60 -D data -l log start >/dev/null
        echo ready
        cat >/dev/null
        "$B/pg_ctl" -D data -m immediate stop >/dev/null 2>&1 || true
        cd /; rm -rf "$D"
        """

    deinit {
        try? leash.fileHandleForWriting.close()
        if keeper.isRunning { keeper.waitUntilExit() }
    }

    func url(_ database: String) -> String { "postgresql:///\(database)?host=\(folder)&user=kaskman" }

    func createDatabase(_ name: String) throws {
        let options = ["-h", folder, "-U", "kaskman", name]
        guard Command.output(programs + "/createdb", options) != nil else {
            throw BenchmarkFailure("the database \(name) could not be made")
        }
    }

    /// Transactions a second that pgbench makes for some seconds; nil when it fails.
    func pgbench(_ database: String, clients: Int, seconds: Int, _ arguments: [String]) -> Double? {
        let options =
            ["-h", folder, "-U", "kaskman", "-n", "-c", "\(clients)", "-j", "\(min(clients, 2))", "-T", "\(seconds)"]
            + arguments + [database]
        let lines = Command.output(programs + "/pgbench", options)?.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("tps = ") }.flatMap { Double($0.split(separator: " ")[2]) }
    }

    /// Makes pgbench's tables: 100,000 accounts.
    func fill(_ database: String) throws {
        let options = ["-h", folder, "-U", "kaskman", "-q", "-i", "-s", "1", database]
        guard Command.output(programs + "/pgbench", options) != nil else {
            throw BenchmarkFailure("pgbench could not make its tables")
        }
    }
}
