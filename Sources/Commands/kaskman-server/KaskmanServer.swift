import ArgumentParser
import Basics
import Composition
import Foundation
import Logging
import Supervision
import Synchronization

/// Runs the platform until SIGTERM or SIGINT.
@main
struct KaskmanServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kaskman-server",
        abstract: "Run the KaskManager platform.",
        discussion: """
            Without any option the server listens on 127.0.0.1:8080 and keeps its data under ./data.
            Options override KASKMAN_* variables, which override the file given with --config.
            SIGTERM or SIGINT drains: work in flight ends, stores are flushed, exit status 0.
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
        let loaded = try load()
        let signIn = Mutex<FirstSignIn?>(nil)
        let platform: Platform
        do {
            platform = try await Platform.build(
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
        } catch {
            throw Failure(text: "\(error)")
        }
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
        defer {
            withExtendedLifetime(signals) {}
            signIn.withLock { $0 }?.announce()
        }
        do {
            // The log has said who is stuck.
            try await platform.run(onStuck: { _ in Foundation.exit(1) })
        } catch {
            throw Failure(text: "\(error)")
        }
    }

    private func load() throws -> SettingsLoader.Loaded {
        do {
            return try SettingsLoader.load(
                file: config,
                flags: flags,
                environment: ProcessInfo.processInfo.environment,
                fileSystem: DiskFileSystem()
            )
        } catch {
            throw Failure(text: "the configuration cannot be used:\n\(error)")
        }
    }

    /// A failure to start or to go on; ArgumentParser prints it after `Error: ` and exits with 1.
    private struct Failure: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
