import APIModel
import HTTP
import Projects

/// The parameters of the list of projects.
enum ProjectListParameters {
    static let all: [Parameter] =
        [
            .query(
                "status",
                .array(of: .oneOf(ProjectStatus.self), count: 0...ProjectStatus.allCases.count),
                "May be repeated."
            ),
            .query("type", .oneOf(ProjectType.self)),
            .query("owner", .string(1...ProjectLimits.principalLengthMax)),
            .query(
                "tag",
                .array(of: .string(1...ProjectLimits.tagLengthMax), count: 0...ProjectLimits.filterTagsMax),
                "May be repeated: projects that have all of these."
            ),
            .query("priority_min", priority),
            .query("priority_max", priority),
        ] + PageParameters.list(ProjectListQuery.self, words: "name, description, tags or objectives")

    private static let priority = JSONSchema.integer(
        Int64(ProjectLimits.priorities.lowerBound)...Int64(ProjectLimits.priorities.upperBound)
    )

    /// - Throws: ``ProblemError``: `invalid_parameter` for priorities of which the least is the greater.
    static func query(_ request: RouteRequest) throws(ProblemError) -> ProjectListQuery {
        let parameters = request.parameters
        var query: ProjectListQuery = PageParameters.query(request)
        query.statuses = Set(parameters.strings("status").compactMap { ProjectStatus(rawValue: $0) })
        query.type = parameters.string("type").flatMap { ProjectType(rawValue: $0) }
        query.owner = parameters.string("owner")
        query.tags = parameters.strings("tag")
        query.priorities = try priorities(parameters)
        return query
    }

    private static func priorities(_ parameters: ParameterValues) throws(ProblemError) -> ClosedRange<Int>? {
        let least = parameters.integer("priority_min")
        let greatest = parameters.integer("priority_max")
        guard least != nil || greatest != nil else { return nil }
        let lower = least.map { Int(clamping: $0) } ?? ProjectLimits.priorities.lowerBound
        let upper = greatest.map { Int(clamping: $0) } ?? ProjectLimits.priorities.upperBound
        guard lower <= upper else {
            throw ProblemMapping.invalidParameter("priority_min", "must not be greater than priority_max")
        }
        return lower...upper
    }
}
