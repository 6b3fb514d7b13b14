internal import Basics
package import Database
import JSON
import Records

/// A project as its row stands in the database: lists and objects are JSON texts that an answer can carry as they are.
///
/// The light form for lists: nothing is parsed. ``Project/init(_:)`` makes the full record of it.
package struct ProjectRow: Hashable, Sendable {
    package let id: String
    package let name: String
    package let description: String
    package let type: String
    package let status: String
    package let priority: Int64
    /// A JSON array of strings, as `successCriteria`, `tags` and `assignees`.
    package let objectives: String
    package let successCriteria: String
    package let tags: String
    package let owner: String?
    package let assignees: String
    /// A JSON object, as `metadata`.
    package let resources: String
    package let estimatedHours: Double?
    /// Milliseconds since the Unix epoch, as all times of the row.
    package let dueAt: Int64?
    package let startedAt: Int64?
    package let completedAt: Int64?
    package let metadata: String
    package let version: Int64
    package let createdAt: Int64
    package let updatedAt: Int64
    package let createdBy: String

    /// The columns, in the order in which ``init(_:)`` reads them.
    static let columns = """
        id, name, description, type, status, priority, objectives, success_criteria, tags, owner, assignees, \
        resources, estimated_hours, due_at, started_at, completed_at, metadata, version, created_at, updated_at, created_by
        """

    /// Reads a row of ``columns``; further columns behind them are left alone.
    init(_ row: SQLRow) throws(DatabaseError) {
        var reader = RowReader(row)
        id = try reader.text()
        name = try reader.text()
        description = try reader.text()
        type = try reader.text()
        status = try reader.text()
        priority = try reader.integer()
        objectives = try reader.text()
        successCriteria = try reader.text()
        tags = try reader.text()
        owner = try reader.optionalText()
        assignees = try reader.text()
        resources = try reader.text()
        estimatedHours = try reader.optionalReal()
        dueAt = try reader.optionalInteger()
        startedAt = try reader.optionalInteger()
        completedAt = try reader.optionalInteger()
        metadata = try reader.text()
        version = try reader.integer()
        createdAt = try reader.integer()
        updatedAt = try reader.integer()
        createdBy = try reader.text()
    }
}

extension Project {
    /// The full record of a row.
    /// - Throws: ``DatabaseError`` with the code `decoding` when the row holds what this program never writes.
    package init(_ row: ProjectRow) throws(DatabaseError) {
        func broken(_ column: String) -> DatabaseError {
            DatabaseError(.decoding, "column '\(column)' of project \(row.id) is not what it should be")
        }
        func strings(_ text: String, _ column: String) throws(DatabaseError) -> [String] {
            guard let strings = JSONText.strings(text) else { throw broken(column) }
            return strings
        }
        func object(_ text: String, _ column: String) throws(DatabaseError) -> JSONValue {
            if text == "{}" { return .emptyObject }
            guard let value = try? JSONValue(parsing: text, limits: .stored), value.isObject else {
                throw broken(column)
            }
            return value
        }
        guard let id = UUIDv7(row.id) else { throw broken("id") }
        guard let type = ProjectType(rawValue: row.type) else { throw broken("type") }
        guard let status = ProjectStatus(rawValue: row.status) else { throw broken("status") }
        guard let priority = Int(exactly: row.priority) else { throw broken("priority") }
        self.init(
            id: id,
            fields: ProjectFields(
                name: row.name,
                description: row.description,
                type: type,
                status: status,
                priority: priority,
                objectives: try strings(row.objectives, "objectives"),
                successCriteria: try strings(row.successCriteria, "success_criteria"),
                tags: try strings(row.tags, "tags"),
                owner: row.owner,
                assignees: try strings(row.assignees, "assignees"),
                resources: try object(row.resources, "resources"),
                estimatedHours: row.estimatedHours,
                dueAt: row.dueAt.map { Timestamp(milliseconds: $0) },
                metadata: try object(row.metadata, "metadata")
            ),
            startedAt: row.startedAt.map { Timestamp(milliseconds: $0) },
            completedAt: row.completedAt.map { Timestamp(milliseconds: $0) },
            version: row.version,
            createdAt: Timestamp(milliseconds: row.createdAt),
            updatedAt: Timestamp(milliseconds: row.updatedAt),
            createdBy: row.createdBy
        )
    }
}
