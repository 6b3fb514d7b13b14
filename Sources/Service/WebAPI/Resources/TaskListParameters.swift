import APIModel
import Basics
import HTTP
import Tasks

/// The parameters of the list of tasks.
enum TaskListParameters {
    static let all = filters + PageParameters.list(TaskListQuery.self, words: words)

    /// The filters and the words, for an answer that is about all pages.
    static let filtersAndWords = filters + [PageParameters.words(words)]

    private static let words = "name, kind or capabilities"

    private static let filters: [Parameter] =
        [
            .query("project", .string(format: .uuid)),
            .query(
                "status",
                .array(of: .oneOf(TaskStatus.self), count: 0...TaskStatus.allCases.count),
                "May be repeated."
            ),
            .query("kind", .string(1...TaskLimits.kindLengthMax)),
            .query("agent", .string(format: .uuid), "Only tasks that this agent has leased now."),
            .query(
                "plan",
                .string(format: .uuid),
                "Only the tasks of this plan, the coordinator's children with them."
            ),
            .query("reason", .oneOf(DeathReason.self), "Only dead letters of this reason."),
            .query(
                "error_class",
                .string(1...TaskLimits.errorClassLengthMax),
                "Only tasks whose newest error has this class."
            ),
        ]

    /// - Throws: ``ProblemError``: `invalid_parameter` for a UUID that can be nothing's identifier.
    static func query(_ request: RouteRequest) throws(ProblemError) -> TaskListQuery {
        let parameters = request.parameters
        var query: TaskListQuery = PageParameters.query(request)
        query.projectID = try id("project", parameters)
        query.statuses = Set(parameters.strings("status").compactMap { TaskStatus(rawValue: $0) })
        query.kind = parameters.string("kind")
        query.agentID = try id("agent", parameters)
        query.planID = try id("plan", parameters)
        query.reason = parameters.string("reason").flatMap { DeathReason(rawValue: $0) }
        query.errorClass = parameters.string("error_class")
        return query
    }

    private static func id(_ name: String, _ parameters: ParameterValues) throws(ProblemError) -> UUIDv7? {
        guard let text = parameters.string(name) else { return nil }
        guard let id = UUIDv7(text) else { throw ProblemMapping.invalidParameter(name, "must be a UUID, version 7") }
        return id
    }
}
