import APIModel
import Agents
import Basics
import HTTP
import JSON

/// What clients send of an agent: the schema of it, and the way from JSON to fields.
enum AgentInput {
    static let schema = JSONSchema.named("AgentInput", .object(properties(required: false)))

    static let heartbeatSchema = JSONSchema.object([
        .optional("load", .number(0...AgentLimits.loadMax).orNull, "How busy the agent is."),
        .optional("message", .string(0...AgentLimits.messageLengthMax).orNull, "What it is doing, in a line."),
        .optional(
            "ending",
            .boolean,
            "Whether its program ends now, as somebody wanted: it counts as stopped until it is heard of again."
        ),
    ])

    /// The members; in requests only name and type must be there.
    static func properties(required isAnswer: Bool) -> [JSONSchema.Property] {
        func member(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> JSONSchema.Property {
            isAnswer ? .required(name, schema, description) : .optional(name, schema, description)
        }
        func range(_ range: ClosedRange<Int>) -> JSONSchema {
            .integer(Int64(range.lowerBound)...Int64(range.upperBound))
        }
        return [
            .required("name", .string(1...AgentLimits.nameLengthMax), "Unique without regard to case."),
            .required("type", .oneOf(AgentType.self)),
            member("description", .string(0...AgentLimits.descriptionBytesMax)),
            member(
                "capabilities",
                .array(
                    of: .string(1...AgentLimits.capabilityLengthMax),
                    count: 0...AgentLimits.capabilitiesMax,
                    isSet: true
                )
            ),
            member(
                "labels",
                .dictionary(.string(0...AgentLimits.labelValueLengthMax), countMax: AgentLimits.labelsMax)
            ),
            member("concurrency", range(AgentLimits.concurrencies), "How many tasks it takes at a time."),
            member(
                "heartbeat_timeout_seconds",
                range(AgentLimits.heartbeatTimeoutsSeconds),
                "How long it may be silent before it counts as late."
            ),
        ]
    }

    /// The fields of a body that satisfies ``schema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func fields(_ json: JSONValue?) throws(ProblemError) -> AgentFields {
        guard let json, let name = json["name"]?.string,
            let type = json["type"]?.string.flatMap(AgentType.init(rawValue:))
        else {
            throw ProblemError(.validationFailed)
        }
        let labels = json["labels"]?.object?.members.compactMap { member in
            member.value.string.map { (member.name, $0) }
        }
        return AgentFields(
            name: name,
            type: type,
            description: json["description"]?.string ?? "",
            capabilities: json["capabilities"]?.strings ?? [],
            labels: Dictionary(labels ?? [], uniquingKeysWith: { _, last in last }),
            concurrency: json["concurrency"]?.integer.map { Int(clamping: $0) } ?? AgentLimits.concurrencyDefault,
            heartbeatTimeoutSeconds: json["heartbeat_timeout_seconds"]?.integer.map { Int(clamping: $0) }
                ?? AgentLimits.heartbeatTimeoutSecondsDefault
        )
    }

    /// The heartbeat of a body that satisfies ``heartbeatSchema``, or of none.
    static func heartbeat(_ json: JSONValue?) -> AgentHeartbeat {
        AgentHeartbeat(
            load: json?["load"]?.double,
            message: json?["message"]?.string,
            isEnding: json?["ending"]?.boolean ?? false
        )
    }
}

/// An agent as the API shows it.
struct AgentBody: JSONWritable {
    static let properties: [JSONSchema.Property] =
        AgentInput.properties(required: true)
        + [
            .required("id", .string(format: .uuid)),
            .required("status", .oneOf(AgentStatus.self), "As it follows from the heartbeats now."),
            .required("draining", .boolean, "Whether it is to take no new tasks."),
            .required("stopping", .boolean, "Whether its program is to end once nothing runs."),
            .required(
                "quarantine",
                JSONSchema.object([
                    .required("since", .string(format: .dateTime)),
                    .required("probe_at", .string(format: .dateTime), "Gets no task before; then one, to be tried."),
                    .required("failed_probes", .integer()),
                ]).orNull,
                "Set while its attempts keep failing; a success ends it."
            ),
            .required("last_heartbeat_at", .string(format: .dateTime).orNull),
            .required("load", .number(nil).orNull),
            .required("message", .string().orNull),
            .required("version", .integer(), "Grows with each change of the fields; the ETag."),
            .required("created_at", .string(format: .dateTime)),
            .required("updated_at", .string(format: .dateTime)),
            .required("created_by", .string(), "The identifier of who registered it."),
        ]

    static let schema = JSONSchema.named("Agent", .object(properties))

    private let agent: Agent
    private let status: AgentStatus

    init(_ observed: ObservedAgent) {
        agent = observed.agent
        status = observed.status
    }

    func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    func writeMembers(to json: inout JSONWriter) {
        let fields = agent.fields
        json.member("id", agent.id.description)
        json.member("name", fields.name)
        json.member("type", fields.type.rawValue)
        json.member("description", fields.description)
        json.member("capabilities", fields.capabilities)
        json.key("labels")
        json.object { json in
            for (name, value) in fields.labels.sorted(by: { $0.key < $1.key }) { json.member(name, value) }
        }
        json.member("concurrency", fields.concurrency)
        json.member("heartbeat_timeout_seconds", fields.heartbeatTimeoutSeconds)
        json.member("status", status.rawValue)
        json.member("draining", agent.isDraining)
        json.member("stopping", agent.isStopping)
        json.key("quarantine")
        writeQuarantine(to: &json)
        json.member("last_heartbeat_at", orNull: agent.lastHeartbeatAt)
        json.member("load", orNull: agent.load)
        json.member("message", orNull: agent.message)
        json.member("version", Int(agent.version))
        json.member("created_at", agent.createdAt.rfc3339)
        json.member("updated_at", agent.updatedAt.rfc3339)
        json.member("created_by", agent.createdBy)
    }
}

extension AgentBody {
    private func writeQuarantine(to json: inout JSONWriter) {
        guard let quarantine = agent.trust.quarantine else { return json.null() }
        json.object { json in
            json.member("since", quarantine.since.rfc3339)
            json.member("probe_at", quarantine.probeAt.rfc3339)
            json.member("failed_probes", quarantine.failures)
        }
    }
}

/// An agent with the token that was made for it.
struct RegistrationBody: JSONWritable {
    static let schema = JSONSchema.named(
        "AgentRegistration",
        .object(
            AgentBody.properties + [
                .required("token", .string(), "By which the agent proves who it is; shown this once.")
            ]
        )
    )

    private let agent: AgentBody
    private let token: String

    init(_ registration: AgentRepository.Registration, at now: Timestamp) {
        agent = AgentBody(ObservedAgent(registration.agent, at: now))
        token = registration.token
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            agent.writeMembers(to: &json)
            json.member("token", token)
        }
    }
}

/// What an agent is told when it says that it lives.
struct HeartbeatBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("draining", .boolean, "Whether it is to take no new tasks."),
        .required("stop", .boolean, "Whether it is to end once nothing runs."),
        .required("version", .integer(), "When it grows, the agent's fields have changed."),
    ])

    private let answer: AgentRepository.HeartbeatAnswer

    init(_ answer: AgentRepository.HeartbeatAnswer) { self.answer = answer }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("draining", answer.isDraining)
            json.member("stop", answer.isStopping)
            json.member("version", Int(answer.version))
        }
    }
}
