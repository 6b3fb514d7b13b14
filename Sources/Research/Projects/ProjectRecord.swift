internal import Basics
package import Database
package import Events
internal import Instruments
package import JSON
package import Records

/// What projects have of their own among the records.
extension Project: Record {
    /// The kinds of change.
    package enum Change: String, RecordChange {
        case created, updated, deleted
        case statusChanged = "status_changed"

        package var eventKind: EventKind {
            switch self {
            case .created: .projectCreated
            case .updated: .projectUpdated
            case .statusChanged: .projectStatusChanged
            case .deleted: .projectDeleted
            }
        }
    }

    /// What the repository does; the raw values are the values of the metric label `operation`.
    package enum Operation: String, MetricLabel, CaseIterable {
        package static let name = "operation"
        case create, get, list, replace, patch, delete, count, probe
        case expireKeys = "expire_keys"
    }

    package typealias Refusal = ProjectRefusal

    package static let table = RecordTable(
        "projects",
        one: "project",
        columns: ProjectRow.columns,
        changeable: [
            "name", "name_key", "description", "type", "status", "priority", "objectives", "success_criteria", "tags",
            "owner", "assignees", "resources", "estimated_hours", "due_at", "due_key", "started_at", "completed_at",
            "metadata", "version", "updated_at",
        ],
        constant: ["id", "created_at", "created_by"],
        sets: [
            SetTable("project_words", record: "project_id", item: "word"),
            SetTable("project_tags", record: "project_id", item: "tag"),
        ]
    )

    package static let subject = EventSubject.project

    package init(_ row: SQLRow) throws(DatabaseError) { try self.init(ProjectRow(row)) }

    package var name: String { fields.name }

    package var changeable: [SQLValue] {
        [
            .text(fields.name), .text(SearchTokens.folded(fields.name)), .text(fields.description),
            .text(fields.type.rawValue), .text(fields.status.rawValue), .int(fields.priority),
            .text(JSONText.array(fields.objectives)), .text(JSONText.array(fields.successCriteria)),
            .text(JSONText.array(fields.tags)), .optional(fields.owner), .text(JSONText.array(fields.assignees)),
            .text(JSONText.canonical(fields.resources)), .optional(fields.estimatedHours), .optional(fields.dueAt),
            // Without a date counts as later than every date.
            .integer(fields.dueAt?.milliseconds ?? .max), .optional(startedAt), .optional(completedAt),
            .text(JSONText.canonical(fields.metadata)), .integer(version), .timestamp(updatedAt),
        ]
    }

    package var constant: [SQLValue] { [.id(id), .timestamp(createdAt), .text(createdBy)] }

    package var sets: [Set<String>] { [fields.searchWords, Set(fields.tags)] }

    package var eventValues: [(String, JSONValue)] {
        fields.values + [
            ("started_at", startedAt.map { .string($0.rfc3339) } ?? .null),
            ("completed_at", completedAt.map { .string($0.rfc3339) } ?? .null),
        ]
    }
}

extension ProjectFields {
    /// What the project is found by: the words of its name, description, tags and objectives.
    package var searchWords: Set<String> {
        SearchTokens.distinctWords(of: [name, description] + tags + objectives)
    }

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
