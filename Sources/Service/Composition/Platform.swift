package import Basics
import Events
import Instruments
package import Logging
package import MetricModel
package import Supervision

/// The whole platform, wired: the one place that knows every module.
///
/// Executables and tests build it from settings, run it, and drain it.
package final class Platform: Sendable {
    /// The version that `--version`, /status and the metrics tell.
    package static let version = "0.1.0"

    /// The platform's log.
    package let log: Logger
    /// The password that was made up for the user admin on an empty database; show it once.
    package let firstPassword: String?
    /// Every metric family that is registered: the check of rules and dashboards compares with it.
    package let metricFamilies: [MetricMetadata]
    private let supervisor: Supervisor
    private let http: HTTPComponent
    private let reloading: ConfigurationReload
    private let dataFolder: DataFolder
    /// Held for as long as the platform lives.
    private let reservedPort: ReservedPort

    /// Builds every component and registers every metric; nothing runs and nothing listens yet.
    ///
    /// `origin`: where the settings come from, for the log of activities.
    /// `executable`: the absolute path of the running program, beside which the shipped rules and dashboard are looked for.
    /// `logOutput`: takes the log, a line a call.
    /// `onListening`: is told the server's URL each time that it begins to listen.
    /// Throws: ``SettingsError`` when a file that the settings name, or the database, cannot be used; ``DataFolderError`` when the data folder
    ///   cannot, or another server is in it; ``ListenError`` when its address cannot be had; `DatabaseError` and `MigrationError` when the database cannot.
    package static func build(
        settings: Settings,
        origin: SettingsOrigin,
        clock: any WallClock,
        fileSystem: any FileSystem = DiskFileSystem(),
        executable: String? = nil,
        logOutput: @escaping @Sendable ([UInt8]) -> Void = StandardErrorOutput.write,
        onListening: @escaping @Sendable (_ address: String) -> Void = { _ in }
    ) async throws -> Platform {
        let log = makeLog(settings, clock: clock, output: logOutput)
        let dataFolder = try DataFolder(
            settings.dataDirectory,
            fileSystem: fileSystem,
            hasDatabase: settings.usesSQLite
        )
        for reason in dataFolder.exposed {
            log.warning("others may read a file of the data folder", metadata: ["error": "\(reason)"])
        }
        var settings = settings
        let reservedPort = try ReservedPort(host: settings.http.host, port: settings.http.port)
        settings.http.port = reservedPort.port
        let shipped = ShippedFiles(executable: executable, fileSystem: fileSystem)
        let wiring = Wiring(settings: settings, clock: clock, fileSystem: fileSystem, shipped: shipped, log: log)
        wiring.outbox.offer(OwnEvents.configurationLoaded(origin))
        let observability = try wiring.observability()
        let reloading = ConfigurationReload(wiring, observability)
        let redis = try wiring.redis()
        let foundation = try await wiring.foundation(redis)
        let research = wiring.research(foundation, observability)
        let http = try wiring.http(observability, foundation, research, redis, onListening)
        return Platform(wiring, http, reloading, dataFolder, reservedPort, foundation.firstPassword)
    }

    static func makeLog(
        _ settings: Settings,
        clock: any WallClock,
        output: @escaping @Sendable ([UInt8]) -> Void
    ) -> Logger {
        Logger(label: "kaskman") { label in
            StructuredLogHandler(
                label: label,
                format: StructuredLogHandler.Format(rawValue: settings.log.format) ?? .logfmt,
                level: Logger.Level(rawValue: settings.log.level) ?? .info,
                clock: clock,
                output: output
            )
        }
    }

    private init(
        _ wiring: Wiring,
        _ http: HTTPComponent,
        _ reloading: ConfigurationReload,
        _ dataFolder: DataFolder,
        _ reservedPort: ReservedPort,
        _ firstPassword: String?
    ) {
        log = wiring.log
        supervisor = wiring.supervisor
        metricFamilies = wiring.registry.metadata
        self.http = http
        self.reloading = reloading
        self.dataFolder = dataFolder
        self.reservedPort = reservedPort
        self.firstPassword = firstPassword
    }

    /// Runs until ``drain()`` has ended every component.
    ///
    /// - Parameter onStuck: Is told the components that cannot be ended; a server then ends its process.
    /// - Throws: ``SupervisorError`` when an essential component could not be kept alive.
    package func run(onStuck: @Sendable ([ComponentKind]) -> Void = { _ in }) async throws {
        defer { dataFolder.release() }
        try await supervisor.run(onStuck: onStuck)
    }

    /// Begins to end; returns at once.
    package func drain() { supervisor.drain() }

    /// Reads the rule files and the file of notifications anew; a fault in either leaves that one as it is.
    ///
    /// Reads files, so it blocks; any thread may call it.
    package func reload() { reloading.run() }

    /// How everyone is.
    package var health: HealthReport { supervisor.report }

    /// The port that the server listens on; returns when it does.
    package func boundPort() async -> Int { await http.boundPort() }
}
