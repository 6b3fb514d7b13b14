import APIModel
import Basics
import HTTP
import Identity
import JSON
import Projects
import Records

/// What clients send of a project: the schema of it, and the way from JSON to fields.
enum ProjectInput {
    /// A new project, or one that replaces another.
    static let schema = JSONSchema.named("ProjectInput", .object(properties(required: false)))

    /// A merge patch of a project: every member may be left out, or null.
    static let patchSchema = JSONSchema.named(
        "ProjectPatch",
        .object(
            properties(required: false).map { .optional($0.name, .nullable($0.schema.withoutNull), $0.description) }
        )
    )

    /// The members.
    ///
    /// All of them are there in an answer; in a request only name and type must be.
    static func properties(required isAnswer: Bool) -> [JSONSchema.Property] {
        func member(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> JSONSchema.Property {
            isAnswer ? .required(name, schema, description) : .optional(name, schema, description)
        }
        let priorities = Int64(ProjectLimits.priorities.lowerBound)...Int64(ProjectLimits.priorities.upperBound)
        let principal = JSONSchema.string(1...ProjectLimits.principalLengthMax)
        return [
            .required("name", .string(1...ProjectLimits.nameLengthMax)),
            member("description", .string(0...ProjectLimits.descriptionBytesMax), "Markdown."),
            .required("type", .oneOf(ProjectType.self)),
            member("status", .oneOf(ProjectStatus.self)),
            member(
                "priority",
                .integer(priorities),
                "From 1, the least, to 10; \(ProjectLimits.priorityDefault) at first."
            ),
            member("objectives", list(ProjectLimits.objectiveLengthMax, ProjectLimits.objectivesMax)),
            member("success_criteria", list(ProjectLimits.successCriterionLengthMax, ProjectLimits.successCriteriaMax)),
            member("tags", list(ProjectLimits.tagLengthMax, ProjectLimits.tagsMax, isSet: true)),
            member("owner", principal.orNull, "Who answers for it: the identifier or the name of an active user."),
            member(
                "assignees",
                .array(of: principal, count: 0...ProjectLimits.assigneesMax, isSet: true),
                "Who works on it: identifiers or names of active users and of agents."
            ),
            member(
                "resources",
                .dictionary(.anything, countMax: membersMax),
                "What it needs, in the users' own words."
            ),
            member("estimated_hours", .number(0...ProjectLimits.estimatedHoursMax).orNull),
            member("due_at", .string(format: .dateTime).orNull),
            member("metadata", .dictionary(.anything, countMax: membersMax), "Whatever else is to be kept with it."),
        ]
    }

    /// The members of `resources` and of `metadata`, whose bytes are limited besides.
    private static let membersMax = 1000

    private static func list(_ lengthMax: Int, _ countMax: Int, isSet: Bool = false) -> JSONSchema {
        .array(of: .string(1...lengthMax), count: 0...countMax, isSet: isSet)
    }

    // MARK: Reading

    /// The fields of a body that satisfies ``schema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func fields(_ json: JSONValue?) throws(ProblemError) -> ProjectFields {
        guard let json, let name = json["name"]?.string,
            let type = json["type"]?.string.flatMap(ProjectType.init(rawValue:))
        else {
            throw ProblemError(.validationFailed)
        }
        return ProjectFields(
            name: name,
            description: json["description"]?.string ?? "",
            type: type,
            status: json["status"]?.string.flatMap(ProjectStatus.init(rawValue:)) ?? .pending,
            priority: json["priority"]?.integer.map { Int(clamping: $0) } ?? ProjectLimits.priorityDefault,
            objectives: json["objectives"]?.strings ?? [],
            successCriteria: json["success_criteria"]?.strings ?? [],
            tags: json["tags"]?.strings ?? [],
            owner: json["owner"]?.string,
            assignees: json["assignees"]?.strings ?? [],
            resources: json["resources"] ?? .emptyObject,
            estimatedHours: json["estimated_hours"]?.double,
            dueAt: try time(json["due_at"]),
            metadata: json["metadata"] ?? .emptyObject
        )
    }

    /// The changes of a body that satisfies ``patchSchema``.
    /// - Throws: ``ProblemError``: `validation_failed`.
    static func patch(_ json: JSONValue?) throws(ProblemError) -> ProjectPatch {
        guard let json else { throw ProblemError(.validationFailed) }
        var patch = ProjectPatch()
        patch.name = change(json["name"]) { $0.string }
        patch.description = change(json["description"]) { $0.string }
        patch.type = change(json["type"]) { $0.string.flatMap(ProjectType.init(rawValue:)) }
        patch.status = change(json["status"]) { $0.string.flatMap(ProjectStatus.init(rawValue:)) }
        patch.priority = change(json["priority"]) { $0.integer.map { Int(clamping: $0) } }
        patch.objectives = change(json["objectives"]) { $0.strings }
        patch.successCriteria = change(json["success_criteria"]) { $0.strings }
        patch.tags = change(json["tags"]) { $0.strings }
        patch.owner = change(json["owner"]) { $0.string }
        patch.assignees = change(json["assignees"]) { $0.strings }
        patch.resources = change(json["resources"]) { $0 }
        patch.estimatedHours = change(json["estimated_hours"]) { $0.double }
        let dueAt = try time(json["due_at"])
        patch.dueAt = change(json["due_at"]) { _ in dueAt }
        patch.metadata = change(json["metadata"]) { $0 }
        return patch
    }

    private static func change<Value: Hashable & Sendable>(
        _ json: JSONValue?,
        _ read: (JSONValue) -> Value?
    ) -> FieldChange<Value> {
        guard let json else { return .keep }
        if json.isNull { return .clear }
        return read(json).map { .set($0) } ?? .keep
    }

    private static func time(_ json: JSONValue?) throws(ProblemError) -> Timestamp? {
        guard let text = json?.string else { return nil }
        // The schema lets leap seconds pass, which a timestamp cannot hold.
        guard let time = Timestamp(rfc3339: text) else {
            throw ProblemMapping.invalid("/due_at", "must be an RFC 3339 time with a zone and no leap second")
        }
        return time
    }
}

extension JSONSchema {
    /// The schema without the permission to be null.
    fileprivate var withoutNull: JSONSchema {
        if case .nullable(let schema) = self { schema } else { self }
    }
}
