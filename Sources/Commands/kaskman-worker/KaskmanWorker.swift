import ArgumentParser
import Basics
import Client
import Foundation
import Instruments
import Logging
import Supervision
import Worker

/// Does the tasks of a KaskManager server until SIGTERM or SIGINT.
@main
struct KaskmanWorker: AsyncParsableCommand {
    static let version = "0.1.0"

    /// Parses and runs; wrong usage is status 2, as with `kaskman`.
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
        commandName: "kaskman-worker",
        abstract: "Do the tasks of a KaskManager server.",
        discussion: """
            Variables: KASKMAN_URL (the server; http://127.0.0.1:8080 unless set), KASKMAN_TOKEN (the agent's token) or
            KASKMAN_TOKEN_FILE (a file with it). 'kaskman agent register NAME --capability shell' makes an agent.
            SIGTERM or SIGINT: no more tasks are taken, those that run may end within --drain-timeout, then they are
            stopped and handed back; exit status 0. A second signal ends at once.
            """,
        version: version
    )

    @Option(help: ArgumentHelp("What it does: shell, http, or both with a comma.", valueName: "names"))
    var executors = "shell"

    @Option(help: "How many tasks it does at a time; the agent's own limit holds too.")
    var concurrency = 1

    @Option(help: ArgumentHelp("The folder for tasks' files and unsent results; one worker each.", valueName: "dir"))
    var workDir = "./kaskman-worker"

    @Option(help: ArgumentHelp("Serve its own metrics on this port; 0 lets the system choose.", valueName: "port"))
    var metricsPort: Int?

    @Option(help: ArgumentHelp("The address to serve metrics on.", valueName: "host"))
    var metricsHost = "127.0.0.1"

    @Option(help: "What to call it in its log; the agent's name is the server's.")
    var name: String?

    @Option(help: ArgumentHelp("Seconds that running tasks have to end after SIGTERM.", valueName: "seconds"))
    var drainTimeout: Double = 30

    @Option(help: ArgumentHelp("Seconds that a program has between SIGTERM and SIGKILL.", valueName: "seconds"))
    var killGrace: Double = 5

    @Option(
        help: ArgumentHelp(
            "Seconds that a task goes on after its lease while the server is away.",
            valueName: "seconds"
        )
    )
    var leaseGrace: Double = 120

    @Flag(help: "Let http tasks reach private, loopback and link-local networks.")
    var allowPrivateNetworks = false

    @Option(help: ArgumentHelp("Pass this variable on to programs; may be repeated.", valueName: "name"))
    var passEnvironment: [String] = []

    @Option(help: "The least severe level that is logged.")
    var logLevel = "info"

    @Option(help: "logfmt or json.")
    var logFormat = "logfmt"

    mutating func validate() throws {
        guard (1...WorkerSettings.concurrencyMax).contains(concurrency) else {
            throw ValidationError("--concurrency must be from 1 to \(WorkerSettings.concurrencyMax)")
        }
        for (option, value) in [
            ("--drain-timeout", drainTimeout), ("--kill-grace", killGrace), ("--lease-grace", leaseGrace),
        ] where !(0...86_400).contains(value) {
            throw ValidationError("\(option) must be from 0 to 86400 seconds")
        }
        if let metricsPort, !(0...65_535).contains(metricsPort) {
            throw ValidationError("--metrics-port must be from 0 to 65535")
        }
        for name in executorNames where !["shell", "http"].contains(name) {
            throw ValidationError("--executors: there is no executor \(name); there are shell and http")
        }
        if executorNames.isEmpty { throw ValidationError("--executors names none") }
        if Logger.Level(rawValue: logLevel) == nil {
            throw ValidationError(
                "--log-level must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        if StructuredLogHandler.Format(rawValue: logFormat) == nil {
            throw ValidationError("--log-format must be logfmt or json")
        }
    }

    private var executorNames: [String] {
        executors.split(separator: ",").map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
    }

    func run() async throws {
        // What tasks write is for the worker's user alone.
        umask(0o077)
        let variables = ProcessInfo.processInfo.environment
        ProcessSecrecy.forget(variable: "KASKMAN_TOKEN")
        ProcessSecrecy.seal()
        do {
            try await work(variables)
        } catch let failure as ExitCode {
            throw failure
        } catch {
            StandardErrorOutput.write(Array("Error: the worker cannot start:\n\(error)\n".utf8))
            throw ExitCode.failure
        }
    }

    private func work(_ variables: [String: String]) async throws {
        let clock = SystemClock()
        let fileSystem = DiskFileSystem()
        let log = logger(clock)
        let address = try variables["KASKMAN_URL"].map { try ServerAddress($0) } ?? .standard
        let token = try WorkerEnvironment.token(variables, fileSystem: fileSystem)
        let folder = URL(fileURLWithPath: workDir).standardizedFileURL.path
        let lock = try WorkFolderLock(folder, fileSystem: fileSystem)
        let registry = Registry()
        registry.register(ProcessCollector())
        let metrics = WorkerMetrics(registry, concurrency: concurrency)
        var settings = WorkerSettings(attemptsFolder: folder + "/attempts")
        settings.concurrency = concurrency
        settings.drainTimeout = .milliseconds(Int64(drainTimeout * 1000))
        settings.leaseGrace = .milliseconds(Int64(leaseGrace * 1000))
        let executors = try makeExecutors(variables, fileSystem, clock, metrics)
        let outbox = try Outbox(folder: folder + "/outbox", fileSystem: fileSystem)
        let userAgent = "kaskman-worker/\(Self.version)"
        // One for leases, one for reports: each has its own connections.
        let transports = (0..<2).map { _ in HTTPClientTransport(userAgent: userAgent, bodyBytesMax: 16 << 20) }
        let clients = transports.map {
            AgentClient(address: address, transport: $0, token: token, timeout: .seconds(15))
        }
        let worker = Worker(
            settings: settings,
            client: clients[0],
            reports: clients[1],
            executors: executors,
            outbox: outbox,
            metrics: metrics,
            fileSystem: fileSystem,
            clock: clock,
            log: log,
            seed: UInt64.random(in: .min ... .max)
        )
        let signals = TerminationSignals(
            clock: clock,
            first: { worker.drain() },
            second: {
                log.critical("a second signal: ending at once")
                Foundation.exit(1)
            }
        )
        var server: MetricsServer?
        do {
            if let metricsPort {
                let opened = try await MetricsServer(host: metricsHost, port: metricsPort, registry: registry)
                log.notice("serves its metrics", metadata: ["host": "\(metricsHost)", "port": "\(opened.port)"])
                server = opened
            }
            try await worker.run()
        } catch {
            await server?.close()
            for transport in transports { try? await transport.close() }
            throw error
        }
        await server?.close()
        for transport in transports { try? await transport.close() }
        withExtendedLifetime((signals, lock)) {}
    }

    private func makeExecutors(
        _ variables: [String: String],
        _ fileSystem: any FileSystem,
        _ clock: any WallClock,
        _ metrics: WorkerMetrics
    ) throws -> [any TaskExecutor] {
        var executors: [any TaskExecutor] = []
        if executorNames.contains("shell") {
            let tools = try ShellTools(path: variables["PATH"] ?? "/usr/bin:/bin", fileSystem: fileSystem)
            let shell = ShellExecutor.Settings(
                tools: tools,
                environment: WorkerEnvironment.forPrograms(variables, more: passEnvironment),
                grace: .milliseconds(Int64(killGrace * 1000))
            )
            executors.append(ShellExecutor(shell, fileSystem: fileSystem, clock: clock, metrics: metrics))
        }
        if executorNames.contains("http") {
            executors.append(
                HTTPExecutor(
                    allowsPrivateNetworks: allowPrivateNetworks,
                    userAgent: "kaskman-worker/\(Self.version)",
                    clock: clock
                )
            )
        }
        return executors
    }

    private func logger(_ clock: any WallClock) -> Logger {
        let format = StructuredLogHandler.Format(rawValue: logFormat) ?? .logfmt
        let level = Logger.Level(rawValue: logLevel) ?? .info
        var log = Logger(label: "kaskman-worker") { label in
            StructuredLogHandler(
                label: label,
                format: format,
                level: level,
                clock: clock,
                output: StandardErrorOutput.write
            )
        }
        if let name { log[metadataKey: "worker"] = "\(name)" }
        return log
    }
}
