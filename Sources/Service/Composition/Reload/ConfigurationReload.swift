import Basics
import Events
import Instruments
import Logging
import Synchronization

/// Reads the rule files and the file of routes and receivers anew while the server runs.
///
/// Each of the two is taken whole or not at all: what has a fault changes nothing and does not keep the other back.
///
/// Concurrency: any thread; one reload after the other. Reads files, so it blocks.
final class ConfigurationReload: Sendable {
    private let rules: RulesComponent
    private let notifications: NotificationsComponent
    private let outbox: EventOutbox
    private let clock: any WallClock
    private let log: Logger
    private let metrics: ReloadMetrics
    private let turn = Mutex(())

    /// What is in force was read at this moment, without a fault.
    init(_ wiring: Wiring, _ observability: ObservabilityParts) {
        rules = observability.rules
        notifications = observability.notifications
        outbox = wiring.outbox
        clock = wiring.clock
        log = wiring.log
        metrics = ReloadMetrics(wiring.registry)
        metrics.note(isSuccessful: true, at: clock.now)
    }

    func run() {
        turn.withLock { _ in
            log.notice("reloading rules and notifications; other settings need a restart")
            let hasRules = reloadRules()
            let hasNotifications = reloadNotifications()
            metrics.note(isSuccessful: hasRules && hasNotifications, at: clock.now)
        }
    }

    /// Returns whether there was no fault.
    private func reloadRules() -> Bool {
        do throws(SettingsError) {
            let loaded = try rules.reload()
            log.notice(
                "rules reloaded",
                metadata: [
                    "files": .stringConvertible(loaded.files.count), "groups": .stringConvertible(loaded.groups),
                    "rules": .stringConvertible(loaded.rules), "sha256": "\(loaded.sha256)",
                ]
            )
            outbox.offer(OwnEvents.rulesLoaded(loaded))
            return true
        } catch {
            tell("the rules cannot be reloaded; those in force stay", error)
            return false
        }
    }

    private func reloadNotifications() -> Bool {
        do throws(SettingsError) {
            guard let loaded = try notifications.reload() else { return true }
            log.notice("notifications reloaded", metadata: ["file": "\(loaded.file)", "sha256": "\(loaded.sha256)"])
            outbox.offer(OwnEvents.notificationsLoaded(loaded))
            return true
        } catch {
            tell("the notifications cannot be reloaded; those in force stay", error)
            return false
        }
    }

    private func tell(_ summary: Logger.Message, _ error: SettingsError) {
        for fault in error.faults { log.error(summary, metadata: ["error": "\(fault)"]) }
    }
}

/// How the last reload went, in Prometheus' words.
private struct ReloadMetrics: Sendable {
    private let isSuccessful: Gauge
    private let successTime: Gauge

    init(_ registry: Registry) {
        isSuccessful = registry.gauge(
            "kaskman_config_last_reload_successful",
            help: "1 when the last reload of rules and notifications had no fault, else 0."
        )
        successTime = registry.gauge(
            "kaskman_config_last_reload_success_timestamp_seconds",
            help: "When rules and notifications were last loaded without a fault, in Unix time."
        )
    }

    func note(isSuccessful success: Bool, at now: Timestamp) {
        isSuccessful.set(success ? 1 : 0)
        if success { successTime.set(now.seconds) }
    }
}
