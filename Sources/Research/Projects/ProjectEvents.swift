internal import Basics
package import Events

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
        var data: [String: EventValue] = ["name": .string(new.fields.name), "version": .integer(new.version)]
        let before = Dictionary(old?.eventValues ?? [], uniquingKeysWith: { first, _ in first })
        var changes: [String: EventValue] = [:]
        for (name, after) in new.eventValues where (before[name] ?? .null) != after {
            changes[name] = .object([
                "before": EventValue(before[name] ?? .null), "after": EventValue(after),
            ])
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
            ("estimated_hours", estimatedHours.map { .number("\($0)") } ?? .null),
            ("due_at", dueAt.map { .string($0.rfc3339) } ?? .null),
            ("metadata", metadata),
        ]
    }
}

extension EventValue {
    /// The longest JSON of one value in an event, in bytes: an event of all fields stays within its own limit.
    package static let fieldBytesMax = 1500
    /// What is kept of a longer one.
    package static let fieldPrefixBytes = 400

    /// The value; one that is too long for an event as the beginning of its JSON and its size.
    package init(_ value: JSONValue) {
        let text = value.text
        guard text.utf8.count > Self.fieldBytesMax else {
            self.init(whole: value)
            return
        }
        let prefix = String(decoding: text.utf8.prefix(Self.fieldPrefixBytes), as: UTF8.self)
        self = .object(["truncated": .string(prefix), "bytes": .integer(Int64(text.utf8.count))])
    }

    private init(whole value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let text):
            if let integer = Int64(text) {
                self = .integer(integer)
            } else if let number = Double(text), number.isFinite {
                self = .number(number)
            } else {
                self = .string(text)
            }
        case .string(let text): self = .string(text)
        case .array(let items): self = .array(items.map { EventValue(whole: $0) })
        case .object(let members): self = .object(members.mapValues { EventValue(whole: $0) })
        }
    }
}
