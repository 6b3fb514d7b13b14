import Foundation
import Testing

/// A process that a test started; it is ended by its id, never by its name.
final class ChildProcess: Sendable {
    /// How a process ended.
    struct Exit: Equatable {
        let status: Int32
        let bySignal: Bool

        static let success = Exit(status: 0, bySignal: false)
    }

    let name: String
    let logPath: String
    private let process: Process

    /// - Parameter logPath: takes standard output and standard error.
    init(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: String,
        logPath: String
    ) throws {
        name = URL(fileURLWithPath: executable).lastPathComponent
        self.logPath = logPath
        _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        let output = try #require(FileHandle(forWritingAtPath: logPath))
        defer { try? output.close() }
        process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let own = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("KASKMAN_") }
        process.environment = own.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    var isRunning: Bool { process.isRunning }

    var processID: Int32 { process.processIdentifier }

    func signal(_ number: Int32) {
        if process.isRunning { kill(process.processIdentifier, number) }
    }

    /// Waits for the end.
    func exit(within limit: Duration = .seconds(30)) async throws -> Exit {
        try await eventually("\(name) ends", within: limit, every: .milliseconds(20)) { !process.isRunning }
        return Exit(status: process.terminationStatus, bySignal: process.terminationReason == .uncaughtSignal)
    }

    /// Ends the process, politely and then not.
    func stop() async {
        guard process.isRunning else { return }
        signal(SIGCONT)
        signal(SIGTERM)
        if (try? await exit(within: .seconds(20))) == nil {
            signal(SIGKILL)
            _ = try? await exit(within: .seconds(5))
        }
    }

    /// Runs a command to its end and returns what it wrote.
    static func run(
        _ executable: String,
        _ arguments: [String],
        directory: String,
        within limit: Duration = .seconds(60)
    ) async throws -> (exit: Exit, output: String) {
        let folder = try TemporaryFolder()
        let child = try ChildProcess(executable, arguments, directory: directory, logPath: folder.path + "/output")
        do {
            return (try await child.exit(within: limit), child.log)
        } catch {
            child.signal(SIGKILL)
            throw error
        }
    }
}
