internal import Basics
internal import Events
import JSON
internal import Projects

extension Agent {
    /// The event of a change: the name and version, and for each changed field its value before and after.
    static func event(
        _ kind: EventKind,
        from old: Agent?,
        to new: Agent,
        _ origin: ChangeOrigin
    ) -> NewEvent {
        let before = Dictionary(old?.eventValues ?? [], uniquingKeysWith: { first, _ in first })
        var changes: JSONObject = [:]
        for (name, after) in new.eventValues where (before[name] ?? .null) != after {
            changes[name] = ["before": .forEvent(before[name] ?? .null), "after": .forEvent(after)]
        }
        return NewEvent(
            kind,
            subject: .agent,
            id: new.id.description,
            by: origin.actor,
            requestID: origin.requestID,
            data: [
                "name": .string(new.fields.name), "version": .integer(new.version), "changes": .object(changes),
            ]
        )
    }

    private var eventValues: [(String, JSONValue)] {
        [
            ("name", .string(fields.name)),
            ("type", .string(fields.type.rawValue)),
            ("description", .string(fields.description)),
            ("capabilities", .strings(fields.capabilities)),
            ("labels", .object(JSONObject(fields.labels))),
            ("concurrency", .integer(Int64(fields.concurrency))),
            ("heartbeat_timeout_seconds", .integer(Int64(fields.heartbeatTimeoutSeconds))),
            ("is_draining", .boolean(isDraining)),
        ]
    }
}

extension AgentWatch.Transition {
    /// The event that says the change.
    var event: NewEvent {
        NewEvent(
            .agentStatusChanged,
            subject: .agent,
            id: id.description,
            by: .system,
            data: [
                "name": .string(name), "from": .string(from.rawValue), "to": .string(to.rawValue),
                "last_heartbeat_at": lastHeartbeatAt.map { .string($0.rfc3339) } ?? .null,
            ]
        )
    }
}
