import Basics
import Events
import Instruments
import Logging
import Supervision
import WebAPI

/// What every part of the wiring starts from.
struct Wiring: Sendable {
    let settings: Settings
    let clock: any WallClock
    let fileSystem: any FileSystem
    let shipped: ShippedFiles
    let log: Logger
    let registry: Registry
    let supervisor: Supervisor
    let ids: UUIDv7Generator
    /// Takes the platform's own events, which the events component writes.
    let outbox: EventOutbox
    let alerts: AlertWatch
    let build = BuildInformation(version: Platform.version)

    init(settings: Settings, clock: any WallClock, fileSystem: any FileSystem, shipped: ShippedFiles, log: Logger) {
        self.settings = settings
        self.clock = clock
        self.fileSystem = fileSystem
        self.shipped = shipped
        self.log = log
        registry = Registry()
        ids = UUIDv7Generator(clock: clock)
        let outbox = EventOutbox(clock: clock, ids: ids, registry: registry)
        self.outbox = outbox
        alerts = AlertWatch(clock: clock, outbox: outbox)
        var options = Supervisor.Options()
        options.healthInterval = settings.supervision.healthInterval
        options.restart.failuresMax = settings.supervision.failuresMax
        options.drainTimeoutMax = settings.supervision.drainTimeout
        options.readinessDelay = settings.supervision.readinessDelay
        supervisor = Supervisor(
            registry: registry,
            clock: clock,
            log: log,
            options: options,
            onChange: { change in outbox.offer(OwnEvents.healthChanged(change)) }
        )
        registry.register(ProcessCollector(fileSystem: fileSystem))
        let version = registry.gauge(
            "kaskman_build_info",
            help: "1, with the version of the server as label.",
            labels: VersionLabels.self
        )
        version[VersionLabels(version: Platform.version)].set(1)
    }
}

private struct VersionLabels: MetricLabels {
    static let names = ["version"]
    let version: String
    var values: [String] { [version] }
}
