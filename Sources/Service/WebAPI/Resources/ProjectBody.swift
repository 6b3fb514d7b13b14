import APIModel
import Basics
import JSON
import Projects

/// A project as the API shows it, made from a row of a list without parsing, or from a full record.
struct ProjectBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Project",
        .object(
            ProjectInput.properties(required: true)
                + [
                    .required("id", .string(format: .uuid)),
                    .required("started_at", .string(format: .dateTime).orNull, "When it was first active."),
                    .required("completed_at", .string(format: .dateTime).orNull, "Null unless it is completed now."),
                    .required("version", .integer(), "Grows with each change; the ETag."),
                    .required("created_at", .string(format: .dateTime)),
                    .required("updated_at", .string(format: .dateTime)),
                    .required("created_by", .string(), "The identifier of who made it."),
                ]
        )
    )

    private let id: String
    private let name: String
    private let description: String
    private let type: String
    private let status: String
    private let priority: Int64
    /// Arrays and objects are JSON texts.
    private let objectives: String
    private let successCriteria: String
    private let tags: String
    private let owner: String?
    private let assignees: String
    private let resources: String
    private let estimatedHours: Double?
    private let dueAt: Timestamp?
    private let startedAt: Timestamp?
    private let completedAt: Timestamp?
    private let metadata: String
    private let version: Int64
    private let createdAt: Timestamp
    private let updatedAt: Timestamp
    private let createdBy: String

    init(_ row: ProjectRow) {
        id = row.id
        name = row.name
        description = row.description
        type = row.type
        status = row.status
        priority = row.priority
        objectives = row.objectives
        successCriteria = row.successCriteria
        tags = row.tags
        owner = row.owner
        assignees = row.assignees
        resources = row.resources
        estimatedHours = row.estimatedHours
        dueAt = row.dueAt.map { Timestamp(milliseconds: $0) }
        startedAt = row.startedAt.map { Timestamp(milliseconds: $0) }
        completedAt = row.completedAt.map { Timestamp(milliseconds: $0) }
        metadata = row.metadata
        version = row.version
        createdAt = Timestamp(milliseconds: row.createdAt)
        updatedAt = Timestamp(milliseconds: row.updatedAt)
        createdBy = row.createdBy
    }

    init(_ project: Project) {
        let fields = project.fields
        id = project.id.description
        name = fields.name
        description = fields.description
        type = fields.type.rawValue
        status = fields.status.rawValue
        priority = Int64(fields.priority)
        objectives = JSONText.array(fields.objectives)
        successCriteria = JSONText.array(fields.successCriteria)
        tags = JSONText.array(fields.tags)
        owner = fields.owner
        assignees = JSONText.array(fields.assignees)
        resources = JSONText.canonical(fields.resources)
        estimatedHours = fields.estimatedHours
        dueAt = fields.dueAt
        startedAt = project.startedAt
        completedAt = project.completedAt
        metadata = JSONText.canonical(fields.metadata)
        version = project.version
        createdAt = project.createdAt
        updatedAt = project.updatedAt
        createdBy = project.createdBy
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("description", description)
            json.member("type", type)
            json.member("status", status)
            json.member("priority", Int(priority))
            json.member("objectives", raw: objectives)
            json.member("success_criteria", raw: successCriteria)
            json.member("tags", raw: tags)
            json.member("owner", orNull: owner)
            json.member("assignees", raw: assignees)
            json.member("resources", raw: resources)
            json.member("estimated_hours", orNull: estimatedHours)
            json.member("due_at", orNull: dueAt)
            json.member("started_at", orNull: startedAt)
            json.member("completed_at", orNull: completedAt)
            json.member("metadata", raw: metadata)
            json.member("version", Int(version))
            json.member("created_at", createdAt.rfc3339)
            json.member("updated_at", updatedAt.rfc3339)
            json.member("created_by", createdBy)
        }
    }
}
