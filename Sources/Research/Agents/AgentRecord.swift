internal import Basics
package import Database
package import Events
internal import Instruments
package import JSON
package import Records

/// What agents have of their own among the records.
extension Agent: Record {
    /// The kinds of change.
    package enum Change: String, RecordChange {
        case registered, updated, deleted
        case tokenRotated = "token_rotated"

        package var eventKind: EventKind {
            switch self {
            case .registered: .agentRegistered
            case .updated: .agentUpdated
            case .deleted: .agentRemoved
            case .tokenRotated: .agentTokenRotated
            }
        }
    }

    /// What the repository does; the raw values are the values of the metric label `operation`.
    package enum Operation: String, MetricLabel, CaseIterable {
        package static let name = "operation"
        case register, get, list, update, drain, stop, delete, heartbeat, watch, probe
        case rotateToken = "rotate_token"
    }

    package typealias Refusal = AgentRefusal

    package static let table = RecordTable(
        "agents",
        one: "agent",
        columns: """
            id, name, type, description, capabilities, labels, concurrency, heartbeat_timeout_seconds, is_draining, \
            last_heartbeat_at, load, message, version, created_at, updated_at, created_by, recent_outcomes, \
            quarantined_at, probe_at, probe_failures, is_stopping, ended_at
            """,
        // Heartbeats are left alone, and so is what attempts decide.
        changeable: [
            "name", "name_key", "type", "description", "capabilities", "labels", "concurrency",
            "heartbeat_timeout_seconds", "is_draining", "version", "updated_at", "is_stopping",
        ],
        constant: ["id", "created_at", "created_by", "announced_status"],
        sets: [
            SetTable("agent_words", record: "agent_id", item: "word"),
            SetTable("agent_capabilities", record: "agent_id", item: "capability"),
        ]
    )

    package static let subject = EventSubject.agent

    package init(_ row: SQLRow) throws(DatabaseError) {
        var reader = RowReader(row)
        let id = try reader.id()
        var fields = AgentFields(name: try reader.text(), type: try reader.enumeration(AgentType.self))
        fields.description = try reader.text()
        fields.capabilities = try reader.strings()
        fields.labels = try Self.labels(try reader.object(), of: id)
        fields.concurrency = try reader.small()
        fields.heartbeatTimeoutSeconds = try reader.small()
        self.init(
            id: id,
            fields: fields,
            isDraining: try reader.bool(),
            lastHeartbeatAt: try reader.optionalTimestamp(),
            load: try reader.optionalReal(),
            message: try reader.optionalText(),
            version: try reader.integer(),
            createdAt: try reader.timestamp(),
            updatedAt: try reader.timestamp(),
            createdBy: try reader.text()
        )
        trust = try AgentTrust(&reader)
        isStopping = try reader.bool()
        endedAt = try reader.optionalTimestamp()
    }

    package var name: String { fields.name }

    package var changeable: [SQLValue] {
        [
            .text(fields.name), .text(Self.nameKey(fields.name)), .text(fields.type.rawValue),
            .text(fields.description), .text(JSONText.array(fields.capabilities)),
            .text(JSONText.canonical(.object(JSONObject(fields.labels)))), .int(fields.concurrency),
            .int(fields.heartbeatTimeoutSeconds), .bool(isDraining), .integer(version), .timestamp(updatedAt),
            .bool(isStopping),
        ]
    }

    package var constant: [SQLValue] {
        [.id(id), .timestamp(createdAt), .text(createdBy), .text(AgentStatus.neverSeen.rawValue)]
    }

    package var sets: [Set<String>] { [fields.searchWords, Set(fields.capabilities)] }

    package var eventValues: [(String, JSONValue)] {
        [
            ("name", .string(fields.name)),
            ("type", .string(fields.type.rawValue)),
            ("description", .string(fields.description)),
            ("capabilities", .strings(fields.capabilities)),
            ("labels", .object(JSONObject(fields.labels))),
            ("concurrency", .integer(Int64(fields.concurrency))),
            ("heartbeat_timeout_seconds", .integer(Int64(fields.heartbeatTimeoutSeconds))),
            ("is_draining", .boolean(isDraining)),
            ("is_stopping", .boolean(isStopping)),
        ]
    }

    /// The form of a name in which it is unique.
    static func nameKey(_ name: String) -> String { SearchTokens.folded(name) }

    private static func labels(_ object: JSONValue, of id: UUIDv7) throws(DatabaseError) -> [String: String] {
        var labels: [String: String] = [:]
        for member in object.object?.members ?? [] {
            guard let text = member.value.string else {
                throw DatabaseError(.decoding, "a label of agent \(id) is no text")
            }
            labels[member.name] = text
        }
        return labels
    }
}

extension AgentTrust {
    /// Reads the columns `recent_outcomes, quarantined_at, probe_at, probe_failures`.
    init(_ reader: inout RowReader) throws(DatabaseError) {
        let recent = Self.recent(try reader.text())
        let since = try reader.optionalTimestamp()
        let probeAt = try reader.optionalTimestamp()
        let failures = try reader.small()
        guard let since, let probeAt else {
            self.init(recent: recent)
            return
        }
        self.init(recent: recent, quarantine: Quarantine(since: since, probeAt: probeAt, failures: failures))
    }
}

extension AgentFields {
    /// What the agent is found by: the words of its name, description, type and capabilities.
    package var searchWords: Set<String> {
        SearchTokens.distinctWords(of: [name, description, type.rawValue] + capabilities)
    }
}
