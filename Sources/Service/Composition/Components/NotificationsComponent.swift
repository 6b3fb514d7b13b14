import Basics
import Logging
import Notifications
import Supervision

/// Groups alerts and delivers them to the receivers.
final class NotificationsComponent: Component {
    let notifier: Notifier
    /// The routes and receivers as they were read at the start; nil when no file is named.
    let loaded: LoadedNotifications?
    private let context: ComponentContext
    private let file: NotificationsFile
    private let transport: WebhookHTTPTransport

    /// - Parameters:
    ///   - context: What the component lives on.
    ///   - file: The path of the routes and receivers; empty for none.
    ///   - externalURL: What links in notifications begin with.
    ///   - drainTimeout: How long the component may take to end before it is cancelled.
    ///   - fileSystem: Where files are read.
    /// - Throws: ``SettingsError`` when the configuration of routes and receivers cannot be used.
    init(
        context: ComponentContext,
        file: String,
        externalURL: String,
        drainTimeout: Duration,
        fileSystem: any FileSystem
    ) throws(SettingsError) {
        self.context = context
        self.file = NotificationsFile(path: file, fileSystem: fileSystem)
        let content = try self.file.read()
        loaded = content.loaded
        transport = WebhookHTTPTransport()
        let log = context.log
        var settings = NotifierSettings()
        settings.drainMax = min(settings.drainMax, drainTimeout / 2)
        notifier = Notifier(
            configuration: content.configuration,
            clock: context.clock,
            transport: transport,
            files: fileSystem,
            externalURL: externalURL,
            settings: settings,
            metrics: NotificationMetrics(registry: context.registry),
            onFault: { receiver, webhook, fault in Self.report(fault, of: receiver, webhook, to: log) }
        )
    }

    /// Reads the routes and receivers anew; returns nil when no file is named.
    ///
    /// Reads a file, so it blocks.
    /// - Throws: ``SettingsError`` that lists every fault; then nothing changes.
    func reload() throws(SettingsError) -> LoadedNotifications? {
        let content = try file.read()
        guard let loaded = content.loaded else { return nil }
        notifier.replace(configuration: content.configuration)
        return loaded
    }

    /// The first failed attempt is told, that people can mend its cause before anything is given up; then the end.
    private static func report(_ fault: DeliveryFault, of receiver: String, _ webhook: Int, to log: Logger) {
        let level: Logger.Level = fault.isFinal ? .error : fault.attempts == 1 ? .warning : .debug
        log.log(
            level: level,
            fault.isFinal ? "notification given up" : "notification not delivered; it is tried again",
            metadata: [
                "receiver": "\(receiver)", "webhook": .stringConvertible(webhook + 1),
                "reason": "\(fault.reason.rawValue)",
                "attempts": .stringConvertible(fault.attempts),
                "error": "\(fault.detail)",
            ]
        )
    }

    func run() async throws {
        context.ready()
        defer { tellWhatIsLeft() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.notifier.run() }
            group.addTask {
                await self.context.drained()
                self.notifier.drain()
            }
            try await group.next()
            if self.context.isDraining { try await group.waitForAll() } else { group.cancelAll() }
        }
        try await transport.close()
    }

    /// Says what a drain could not deliver: nobody can read the metrics any more.
    private func tellWhatIsLeft() {
        let snapshot = notifier.snapshot
        guard snapshot.leftByDrainCount > 0 else { return }
        let failing = snapshot.receivers.filter(\.value.isFailing).keys.sorted().joined(separator: ", ")
        context.log.warning(
            "the drain ended before every alert was delivered",
            metadata: ["alerts": .stringConvertible(snapshot.leftByDrainCount), "receivers": "\(failing)"]
        )
    }

    /// Degraded while the last delivery to a receiver failed.
    func health() async -> Health {
        let failing = notifier.snapshot.receivers.filter(\.value.isFailing).keys.sorted()
        guard let first = failing.first else { return .healthy }
        let others = failing.count > 1 ? " and \(failing.count - 1) more" : ""
        return .degraded("the last notification to the receiver \(first)\(others) was not delivered")
    }
}
