import Basics
import Logging
import Notifications
import Supervision

/// Groups alerts and delivers them to the receivers.
final class NotificationsComponent: Component {
    let notifier: Notifier
    private let context: ComponentContext
    private let transport: WebhookHTTPTransport

    /// - Throws: ``SettingsError`` when the configuration of routes and receivers cannot be used.
    init(
        context: ComponentContext,
        file: String,
        externalURL: String,
        fileSystem: any FileSystem
    ) throws(SettingsError) {
        self.context = context
        transport = WebhookHTTPTransport()
        let log = context.log
        notifier = Notifier(
            configuration: try Self.configuration(file, fileSystem),
            clock: context.clock,
            transport: transport,
            files: fileSystem,
            externalURL: externalURL,
            metrics: NotificationMetrics(registry: context.registry),
            onFault: { receiver, fault in Self.report(fault, of: receiver, to: log) }
        )
    }

    /// The first failed attempt is told, that people can mend its cause before anything is given up; then the end.
    private static func report(_ fault: DeliveryFault, of receiver: String, to log: Logger) {
        let level: Logger.Level = fault.isFinal ? .error : fault.attempts == 1 ? .warning : .debug
        log.log(
            level: level,
            fault.isFinal ? "notification given up" : "notification not delivered; it is tried again",
            metadata: [
                "receiver": "\(receiver)", "reason": "\(fault.reason.rawValue)", "attempts": "\(fault.attempts)",
                "error": "\(fault.detail)",
            ]
        )
    }

    func run() async throws {
        context.ready()
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

    /// Degraded while the last delivery to a receiver failed.
    func health() async -> Health {
        let failing = notifier.snapshot.receivers.filter(\.value.isFailing).keys.sorted()
        guard let first = failing.first else { return .healthy }
        let others = failing.count > 1 ? " and \(failing.count - 1) more" : ""
        return .degraded("the last notification to the receiver \(first)\(others) was not delivered")
    }

    private static func configuration(
        _ file: String,
        _ fileSystem: any FileSystem
    ) throws(SettingsError) -> NotificationConfiguration {
        // Without a file alerts are evaluated and shown; nobody is told.
        let nobody = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
        do {
            guard !file.isEmpty else { return try NotificationConfiguration(text: nobody, path: "the default") }
            return try NotificationConfiguration.load(file, from: fileSystem)
        } catch {
            throw SettingsError(faults: ["\(error)"])
        }
    }
}
