import ArgumentParser
import Basics
import Composition
import Foundation
import Logging
import Supervision
import Synchronization

/// Runs the platform until SIGTERM or SIGINT; SIGHUP reloads rules and notifications.
@main
struct KaskmanServer: AsyncParsableCommand {
    /// Parses and runs; wrong usage is status 2, as with `kaskman`, and not the parser's own 64.
    static func main() async {
        do {
            let command = try parse()
            try await command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            StandardErrorOutput.write(Array((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(2)
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "kaskman-server",
        abstract: "Run the KaskManager platform.",
        discussion: """
            Without any option the server listens on 127.0.0.1:8080 and keeps its data under ./data.
            Options override KASKMAN_* variables, which override the file given with --config.
            SIGTERM or SIGINT drains: work in flight ends, stores are flushed, exit status 0.
            SIGHUP reads the rule files and the notifications file anew.
            """,
        version: Platform.version
    )

    @Option(help: "The YAML configuration file.")
    var config: String?

    @Option(help: "The address to listen on (http.host).")
    var httpHost: String?

    @Option(help: "The port to listen on; 0 lets the system choose (http.port).")
    var httpPort: String?

    @Option(help: "The folder that holds the data (data_dir).")
    var dataDir: String?

    @Option(help: "The least severe level that is logged (log.level).")
    var logLevel: String?

    @Option(help: "logfmt or json (log.format).")
    var logFormat: String?

    @Flag(help: "Print a configuration file with every key explained, and exit.")
    var exampleConfig = false

    @Flag(
        help: "End the server first: make up a new password for the user admin, tell it like the first one, and exit."
    )
    var resetAdminPassword = false

    private var flags: [String: String] {
        [
            "http.host": httpHost, "http.port": httpPort, "data_dir": dataDir, "log.level": logLevel,
            "log.format": logFormat,
        ].compactMapValues { $0 }
    }

    func run() async throws {
        if exampleConfig {
            print(ExampleConfiguration.text, terminator: "")
            return
        }
        // Whatever the platform writes is for its owner alone.
        umask(0o077)
        let environment = ProcessInfo.processInfo.environment
        let loaded: SettingsLoader.Loaded
        do {
            loaded = try SettingsLoader.load(
                file: config,
                flags: flags,
                environment: environment,
                fileSystem: DiskFileSystem()
            )
        } catch {
            // The file may say otherwise, but it cannot be believed.
            let format = logFormat ?? environment["KASKMAN_LOG_FORMAT"]
            throw Failure.told("the configuration cannot be used", error.faults, format: format)
        }
        if resetAdminPassword { return try await reset(loaded.settings) }
        do {
            try await serve(loaded)
        } catch {
            // Only a run that has begun fails too often.
            let hasRun = (error as? SupervisorError)?.isAtStart == false
            let summary = hasRun ? "the server cannot go on" : "the server cannot start"
            throw Failure.told(summary, ["\(error)"], format: loaded.settings.log.format)
        }
    }

    private func reset(_ settings: Settings) async throws {
        do {
            let password = try await Platform.resetAdministratorPassword(settings: settings, clock: SystemClock())
            try FirstSignIn(password, dataDirectory: settings.dataDirectory).announce()
        } catch {
            throw Failure.told("the password cannot be reset", ["\(error)"], format: settings.log.format)
        }
    }

    private func serve(_ loaded: SettingsLoader.Loaded) async throws {
        let signIn = Mutex<FirstSignIn?>(nil)
        let platform = try await Platform.build(
            settings: loaded.settings,
            origin: loaded.origin,
            clock: SystemClock(),
            executable: Bundle.main.executableURL?.resolvingSymlinksInPath().path,
            onListening: { address in
                FirstSignIn.say("KaskManager serves \(address) (Ctrl-C ends it)")
                signIn.withLock { $0 }?.announce()
            }
        )
        let made = try FirstSignIn(platform.firstPassword, dataDirectory: loaded.settings.dataDirectory)
        signIn.withLock { $0 = made }
        for warning in loaded.warnings { platform.log.warning("\(warning)") }
        let log = platform.log
        let signals = TerminationSignals(
            clock: SystemClock(),
            first: { platform.drain() },
            second: {
                log.critical("a second signal: ending at once")
                Foundation.exit(1)
            }
        )
        let reloads = ReloadSignal(received: { platform.reload() })
        defer {
            withExtendedLifetime((signals, reloads)) {}
            made.announce()
        }
        // The log has said who is stuck.
        try await platform.run(onStuck: { _ in Foundation.exit(1) })
    }
}

/// A failure to start or to go on.
private enum Failure {
    /// Tells what is wrong on standard error: as text, or as a line of the log where that is JSON, which programs read.
    ///
    /// Returns the error that ends the program with status 1 and says nothing more.
    static func told(_ summary: String, _ faults: [String], format: String?) -> ExitCode {
        if format == StructuredLogHandler.Format.json.rawValue {
            let log = Logger(label: "kaskman") { label in
                StructuredLogHandler(
                    label: label,
                    format: .json,
                    level: .info,
                    clock: SystemClock(),
                    output: StandardErrorOutput.write
                )
            }
            log.critical("\(summary)", metadata: ["errors": .array(faults.map { .string($0) })])
        } else {
            StandardErrorOutput.write(Array("Error: \(summary):\n\(faults.joined(separator: "\n"))\n".utf8))
        }
        return .failure
    }
}
