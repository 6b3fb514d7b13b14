package import JSON

/// Members of an answer, read with the place in the error when one is missing.
struct Members {
    private let json: JSONValue
    private let what: String

    init(_ json: JSONValue, _ what: String) {
        self.json = json
        self.what = what
    }

    func string(_ name: String) throws(ClientError) -> String {
        guard let value = json[name]?.string else { throw .unexpectedAnswer("a \(what) without \(name)") }
        return value
    }

    func array(_ name: String) throws(ClientError) -> [JSONValue] {
        guard let value = json[name]?.array else { throw .unexpectedAnswer("a \(what) without \(name)") }
        return value
    }

    func strings(_ name: String) -> [String] { (json[name]?.array ?? []).compactMap(\.string) }
}

/// A project as the server shows it.
package struct ProjectRecord: Hashable, Sendable {
    package let id: String
    package let name: String
    package let status: String
    package let type: String
    package let priority: Int64
    package let owner: String?
    package let tags: [String]
    package let updatedAt: String
    /// The whole record.
    package let json: JSONValue

    /// - Throws: ``ClientError/unexpectedAnswer(_:)`` when a member is missing.
    package init(_ json: JSONValue) throws(ClientError) {
        let members = Members(json, "project")
        id = try members.string("id")
        name = try members.string("name")
        status = try members.string("status")
        type = try members.string("type")
        priority = json["priority"]?.integer ?? 0
        owner = json["owner"]?.string
        tags = members.strings("tags")
        updatedAt = try members.string("updated_at")
        self.json = json
    }
}

/// An agent as the server shows it.
package struct AgentRecord: Hashable, Sendable {
    package let id: String
    package let name: String
    package let type: String
    package let status: String
    package let capabilities: [String]
    package let lastSeenAt: String?
    /// The whole record.
    package let json: JSONValue

    /// - Throws: ``ClientError/unexpectedAnswer(_:)`` when a member is missing.
    package init(_ json: JSONValue) throws(ClientError) {
        let members = Members(json, "agent")
        id = try members.string("id")
        name = try members.string("name")
        type = try members.string("type")
        status = try members.string("status")
        capabilities = members.strings("capabilities")
        lastSeenAt = json["last_heartbeat_at"]?.string ?? json["last_seen_at"]?.string
        self.json = json
    }
}

/// A task of a project.
package struct TaskRecord: Hashable, Sendable {
    package let id: String
    package let name: String
    package let kind: String
    package let status: String
    package let priority: Int64
    /// The number of the newest attempt; 0 before the first.
    package let attempt: Int64
    package let createdAt: String
    /// The whole record.
    package let json: JSONValue

    /// Whether nothing happens to it any more unless a person wants it.
    package var isEnded: Bool { json["ended_at"]?.string != nil }

    /// - Throws: ``ClientError/unexpectedAnswer(_:)`` when a member is missing.
    package init(_ json: JSONValue) throws(ClientError) {
        let members = Members(json, "task")
        id = try members.string("id")
        name = try members.string("name")
        kind = try members.string("kind")
        status = try members.string("status")
        createdAt = try members.string("created_at")
        priority = json["priority"]?.integer ?? 0
        attempt = json["attempt"]?.integer ?? 0
        self.json = json
    }
}

/// How the platform is.
package struct HealthRecord: Hashable, Sendable {
    /// How one component is.
    package struct Component: Hashable, Sendable {
        package let name: String
        package let status: String
        package let state: String
        package let isEssential: Bool
        package let restarts: Int64
        package let reason: String
    }

    /// `healthy`, `degraded` or `unhealthy`.
    package let status: String
    package let isDraining: Bool
    package let components: [Component]
    /// The whole record.
    package let json: JSONValue

    package var isUnhealthy: Bool { status == "unhealthy" }

    /// - Throws: ``ClientError/unexpectedAnswer(_:)`` when a member is missing.
    package init(_ json: JSONValue) throws(ClientError) {
        status = try Members(json, "health report").string("status")
        isDraining = json["draining"]?.boolean ?? false
        var components: [Component] = []
        for entry in try Members(json, "health report").array("components") {
            let members = Members(entry, "component")
            components.append(
                Component(
                    name: try members.string("component"),
                    status: try members.string("status"),
                    state: try members.string("state"),
                    isEssential: entry["essential"]?.boolean ?? false,
                    restarts: entry["restarts"]?.integer ?? 0,
                    reason: entry["reason"]?.string ?? ""
                )
            )
        }
        self.components = components
        self.json = json
    }
}

/// An alert that is pending or firing.
package struct AlertRecord: Hashable, Sendable {
    package let labels: [String: String]
    package let annotations: [String: String]
    package let state: String
    package let activeAt: String
    package let value: String

    package var name: String { labels["alertname"] ?? "" }

    /// - Throws: ``ClientError/unexpectedAnswer(_:)`` when a member is missing.
    package init(_ json: JSONValue) throws(ClientError) {
        let members = Members(json, "alert")
        labels = QueryAnswer.strings(json["labels"])
        annotations = QueryAnswer.strings(json["annotations"])
        state = try members.string("state")
        activeAt = try members.string("activeAt")
        value = try members.string("value")
    }
}
