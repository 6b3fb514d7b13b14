import Foundation

/// A foreign process that lays hands on the platform's database.
enum Intruder {
    private static let script = """
        import sqlite3, sys, signal
        connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
        for statement in sys.argv[2:]:
            connection.execute(statement)
        print("done", flush=True)
        signal.pause()
        """

    /// Executes statements, each for itself, and leaves.
    static func execute(_ statements: [String], in folder: TemporaryFolder) async throws {
        let run = try await ChildProcess.run(
            "/usr/bin/env",
            ["python3", "-c", script.replacing("signal.pause()", with: ""), database(folder)] + statements,
            directory: folder.path
        )
        guard run.exit == .success else { throw Unexpected(text: run.output) }
    }

    private static func database(_ folder: TemporaryFolder) -> String { folder.path + "/data/kaskman.sqlite" }

    /// Holds what the statements took until `body` is over; then the process is killed.
    static func run(_ statements: [String], on scene: FaultScene, _ body: () async throws -> Void) async throws {
        let child = try ChildProcess(
            "/usr/bin/env",
            ["python3", "-c", script, database(scene.folder)] + statements,
            directory: scene.folder.path,
            logPath: scene.folder.path + "/intruder-\(UUID().uuidString).log"
        )
        do {
            try await eventually("the intruder has done it") {
                if !child.isRunning { throw Unexpected(text: child.log) }
                return child.log.contains("done")
            }
            try await body()
        } catch {
            child.signal(SIGKILL)
            throw error
        }
        child.signal(SIGKILL)
        // The test of the fault is cancelled by now: its end is awaited by a task of its own.
        _ = try await Task { try await child.exit() }.value
    }
}
