package import Basics
package import JSON
package import Records

/// A research project, as the platform keeps it.
package struct Project: Hashable, Sendable {
    package let id: UUIDv7
    /// What its people decide: all that a user may write.
    package var fields: ProjectFields
    /// When it was first active, nil until then.
    ///
    /// It stays when the project ends or is reopened.
    package var startedAt: Timestamp?
    /// When it was completed; nil unless it is completed now.
    package var completedAt: Timestamp?
    /// Grows by one with each change, from 1.
    package var version: Int64
    package let createdAt: Timestamp
    package var updatedAt: Timestamp
    /// The identifier of the user or agent who made it; `system` for the platform itself.
    package let createdBy: String

    package init(
        id: UUIDv7,
        fields: ProjectFields,
        startedAt: Timestamp? = nil,
        completedAt: Timestamp? = nil,
        version: Int64 = 1,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        createdBy: String
    ) {
        self.id = id
        self.fields = fields
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdBy = createdBy
    }

    /// A new project with version 1; one that is made active has started.
    package static func new(_ fields: ProjectFields, id: UUIDv7, at now: Timestamp, by creator: String) -> Project {
        Project(
            id: id,
            fields: fields,
            startedAt: fields.status == .active ? now : nil,
            createdAt: now,
            updatedAt: now,
            createdBy: creator
        )
    }

    /// The project with other fields, one version on; the same when nothing differs.
    ///
    /// - Throws: ``StatusTransitionError`` when the status may not change that way.
    package func changing(
        to fields: ProjectFields,
        at now: Timestamp
    ) throws(StatusTransitionError<ProjectStatus>) -> Project {
        guard fields != self.fields else { return self }
        var project = self
        let times = try self.fields.status.moving(
            to: fields.status,
            at: now,
            ProjectStatus.Times(startedAt: startedAt, completedAt: completedAt)
        )
        project.fields = fields
        project.startedAt = times.startedAt
        project.completedAt = times.completedAt
        project.version += 1
        project.updatedAt = now
        return project
    }
}

/// The fields of a project that its people write: the body of a creation or replacement.
package struct ProjectFields: Hashable, Sendable {
    package var name: String
    /// Markdown.
    package var description: String
    package var type: ProjectType
    package var status: ProjectStatus
    /// From 1, the least, to 10.
    package var priority: Int
    package var objectives: [String]
    package var successCriteria: [String]
    package var tags: [String]
    /// The user who answers for it; nil for nobody.
    package var owner: String?
    /// The users and agents who work on it.
    package var assignees: [String]
    /// What it needs: an object of the users' own making.
    package var resources: JSONValue
    package var estimatedHours: Double?
    package var dueAt: Timestamp?
    /// Whatever else the users want to keep with it: an object.
    package var metadata: JSONValue

    package init(
        name: String,
        description: String = "",
        type: ProjectType,
        status: ProjectStatus = .pending,
        priority: Int = ProjectLimits.priorityDefault,
        objectives: [String] = [],
        successCriteria: [String] = [],
        tags: [String] = [],
        owner: String? = nil,
        assignees: [String] = [],
        resources: JSONValue = .emptyObject,
        estimatedHours: Double? = nil,
        dueAt: Timestamp? = nil,
        metadata: JSONValue = .emptyObject
    ) {
        self.name = name
        self.description = description
        self.type = type
        self.status = status
        self.priority = priority
        self.objectives = objectives
        self.successCriteria = successCriteria
        self.tags = tags
        self.owner = owner
        self.assignees = assignees
        self.resources = resources
        self.estimatedHours = estimatedHours
        self.dueAt = dueAt
        self.metadata = metadata
    }
}

/// What kind of work a project is.
package enum ProjectType: String, Hashable, Sendable, CaseIterable {
    case research, development, analysis, maintenance
}
