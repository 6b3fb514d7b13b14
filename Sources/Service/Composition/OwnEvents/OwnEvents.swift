import Basics
import Crypto
import Events
import JSON
import MetricModel
import Supervision

/// What the platform itself does, as events of the log.
///
/// Pure. Texts that come from outside are cut, so that no event is refused for its length.
enum OwnEvents {
    /// The longest text that is taken over, in characters.
    static let textMax = 1000
    /// The most labels' bytes of an alert that are taken over; an alert with more has its name only.
    static let labelBytesMax = 16 << 10
    /// The most files that are listed.
    static let filesMax = 100

    static func started(version: String) -> NewEvent {
        NewEvent(.systemStarted, subject: .system, id: nil, by: .system, data: ["version": .string(version)])
    }

    static func stopped(version: String) -> NewEvent {
        NewEvent(.systemStopped, subject: .system, id: nil, by: .system, data: ["version": .string(version)])
    }

    static func configurationLoaded(_ origin: SettingsOrigin) -> NewEvent {
        var data: JSONObject = ["sha256": .string(origin.sha256)]
        if let file = origin.file { data["file"] = text(file) }
        return NewEvent(.configurationLoaded, subject: .configuration, id: nil, by: .system, data: data)
    }

    /// The routes and receivers of notifications are configuration in a file of their own.
    static func notificationsLoaded(_ loaded: LoadedNotifications) -> NewEvent {
        NewEvent(
            .configurationLoaded,
            subject: .configuration,
            id: nil,
            by: .system,
            data: ["sha256": .string(loaded.sha256), "file": text(loaded.file)]
        )
    }

    static func rulesLoaded(_ rules: LoadedRules) -> NewEvent {
        NewEvent(
            .rulesLoaded,
            subject: .rules,
            id: nil,
            by: .system,
            data: [
                "sha256": .string(rules.sha256), "groups": .integer(Int64(rules.groups)),
                "rules": .integer(Int64(rules.rules)),
                "files": .array(rules.files.prefix(filesMax).map { .string(String($0.suffix(200))) }),
            ]
        )
    }

    static func healthChanged(_ change: ComponentChange) -> NewEvent {
        var data: JSONObject = [
            "component": .string(change.kind.rawValue), "from": .string(change.from.rawValue),
            "to": .string(change.health.status.rawValue), "state": .string(change.state.rawValue),
        ]
        if !change.health.reason.isEmpty { data["reason"] = text(change.health.reason) }
        if !change.error.isEmpty { data["error"] = text(change.error) }
        return NewEvent(
            .componentHealthChanged,
            subject: .component,
            id: change.kind.rawValue,
            by: .system,
            data: data
        )
    }

    static func alert(_ transition: FiringAlerts.Transition) -> NewEvent {
        let name = String(transition.labels["alertname"].prefix(200))
        var data: JSONObject = ["alertname": .string(name)]
        if transition.labels.packed.count <= labelBytesMax {
            data["labels"] = .object(JSONObject(transition.labels.map { ($0.name, .string($0.value)) }))
        }
        // A text, as Prometheus has it: JSON knows neither infinity nor NaN.
        if let value = transition.value { data["value"] = .string(FloatText.decimal(value)) }
        if let activeAt = transition.activeAt { data["active_at"] = .string(activeAt.rfc3339) }
        if !transition.summary.isEmpty { data["summary"] = text(transition.summary) }
        return NewEvent(
            transition.isFiring ? .alertFired : .alertResolved,
            subject: .alert,
            id: name.isEmpty ? nil : name,
            by: .system,
            data: data,
            occurredAt: transition.time
        )
    }

    /// The SHA-256 of bytes, in lower-case hexadecimal digits, as `sha256sum` prints it.
    static func sha256(_ bytes: some Sequence<UInt8>) -> String {
        SHA256.hash(data: Array(bytes)).hexadecimal
    }

    private static func text(_ text: String) -> JSONValue { .string(String(text.prefix(textMax))) }
}
