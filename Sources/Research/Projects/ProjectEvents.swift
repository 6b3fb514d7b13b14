internal import Basics
package import Events
package import JSON

/// Who asked for a change, and in which request.
package struct ChangeOrigin: Hashable, Sendable {
    package let actor: EventActor
    /// The request's name in the logs.
    package let requestID: String?

    package init(_ actor: EventActor, requestID: String? = nil) {
        self.actor = actor
        self.requestID = requestID
    }

    /// The text that a record keeps of its maker.
    package var actorID: String { actor.id ?? actor.kind }

    /// The text that tells all actors apart.
    package var actorKey: String { "\(actor.kind):\(actor.id ?? "")" }
}

/// The kinds of change; the raw values are the values of the metric label `change`.
package enum ProjectChange: String, Hashable, Sendable, CaseIterable {
    case created, updated, deleted
    case statusChanged = "status_changed"

    var eventKind: EventKind {
        switch self {
        case .created: .projectCreated
        case .updated: .projectUpdated
        case .statusChanged: .projectStatusChanged
        case .deleted: .projectDeleted
        }
    }
}

extension Project {
    /// The event of a change: the name and version, and for each changed field its value before and after.
    static func event(from old: Project?, to new: Project, _ change: ProjectChange, _ origin: ChangeOrigin) -> NewEvent
    {
        var data: JSONObject = ["name": .string(new.fields.name), "version": .integer(new.version)]
        let before = Dictionary(old?.eventValues ?? [], uniquingKeysWith: { first, _ in first })
        var changes: JSONObject = [:]
        for (name, after) in new.eventValues where (before[name] ?? .null) != after {
            changes[name] = ["before": .forEvent(before[name] ?? .null), "after": .forEvent(after)]
        }
        if change != .deleted { data["changes"] = .object(changes) }
        return NewEvent(
            change.eventKind,
            subject: .project,
            id: new.id.description,
            by: origin.actor,
            requestID: origin.requestID,
            data: data
        )
    }

    private var eventValues: [(String, JSONValue)] {
        fields.values + [
            ("started_at", startedAt.map { .string($0.rfc3339) } ?? .null),
            ("completed_at", completedAt.map { .string($0.rfc3339) } ?? .null),
        ]
    }
}

extension ProjectFields {
    /// The fields by their names in the API.
    var values: [(String, JSONValue)] {
        [
            ("name", .string(name)),
            ("description", .string(description)),
            ("type", .string(type.rawValue)),
            ("status", .string(status.rawValue)),
            ("priority", .integer(Int64(priority))),
            ("objectives", .strings(objectives)),
            ("success_criteria", .strings(successCriteria)),
            ("tags", .strings(tags)),
            ("owner", owner.map { .string($0) } ?? .null),
            ("assignees", .strings(assignees)),
            ("resources", resources),
            ("estimated_hours", estimatedHours.flatMap { JSONNumber($0) }.map { .number($0) } ?? .null),
            ("due_at", dueAt.map { .string($0.rfc3339) } ?? .null),
            ("metadata", metadata),
        ]
    }
}

extension JSONValue {
    /// The longest JSON of one value in an event, in bytes: an event of all fields stays within its own limit.
    package static let eventBytesMax = 1500
    /// What is kept of a longer one.
    package static let eventPrefixBytes = 400

    /// The value; one that is too long for an event as the beginning of its JSON and its size.
    package static func forEvent(_ value: JSONValue) -> JSONValue {
        let text = JSONText.canonical(value)
        guard text.utf8.count > eventBytesMax else { return value }
        let prefix = String(decoding: text.utf8.prefix(eventPrefixBytes), as: UTF8.self)
        return ["truncated": .string(prefix), "bytes": .integer(Int64(text.utf8.count))]
    }
}
