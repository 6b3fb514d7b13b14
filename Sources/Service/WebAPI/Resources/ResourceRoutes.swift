import APIModel
import Basics
import HTTP
import HTTPTypes
import JSON
import Records

/// What the routes of one resource share: the path, the words, the answers to what is refused, the version's tag.
struct ResourceRoutes<R: Record>: Sendable {
    /// Reads the present version of a record, for conditions that name several.
    let version: @Sendable (UUIDv7) async throws -> Int64

    static var path: String { "/api/v1/\(R.table.name)" }
    static var one: String { path + "/{id}" }
    static var tag: String { R.table.name }

    static var notFound: ResponseRule { ResponseRule.problem(404, "There is no such \(R.table.one).") }
    static var invalid: ResponseRule { ResponseRule.problem(422, "Fields break their rules.") }
    private static var outdated: ResponseRule {
        ResponseRule.problem(412, "The \(R.table.one) was changed meanwhile.")
    }

    /// A route that changes one record: it takes `If-Match`, and answers 404 and 412 beside what it says itself.
    func change(
        _ method: HTTPRequest.Method,
        at suffix: String = "",
        _ permission: HTTP.Permission,
        _ summary: String,
        body: BodyRule = .none,
        responses: [ResponseRule],
        _ handler: @escaping @Sendable (RouteRequest, UUIDv7, ExpectedVersion?) async throws -> RouteResponse
    ) -> Route {
        Route(
            method,
            Self.one + suffix,
            access: .requires(permission),
            summary: summary,
            tag: Self.tag,
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            body: body,
            responses: responses + [Self.notFound, Self.outdated]
        ) { request in
            let id = try ResourceID.of(request)
            let expected = try await VersionCondition(request).expected { try await version(id) }
            return try await handler(request, id, expected)
        }
    }

    /// The answer with a record, and the tag of its version.
    static func answer(_ body: some JSONWritable, version: Int64) -> RouteResponse {
        .json(body, headers: [.eTag: EntityTag(version: version).description])
    }

    /// The answer to a creation.
    static func created(_ body: some JSONWritable, _ record: R, _ more: HTTPFields = [:]) -> RouteResponse {
        var headers = more
        headers[.location] = "\(path)/\(record.id)"
        headers[.eTag] = EntityTag(version: record.version).description
        return .json(body, status: .created, headers: headers)
    }
}
