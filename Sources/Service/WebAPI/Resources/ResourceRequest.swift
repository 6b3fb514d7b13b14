import APIModel
import Basics
import HTTP
import HTTPTypes
import Identity
import JSON
import NIOCore
import Records

/// The identifier of a resource in a path.
enum ResourceID {
    static let parameter = Parameter.path("id", .string(1...200), "A UUID, version 7.")

    /// - Throws: ``ProblemError``: `not_found` for text that is no identifier, since nothing can have it.
    static func of(_ request: RouteRequest) throws(ProblemError) -> UUIDv7 {
        guard let id = request.parameters.string("id").flatMap({ UUIDv7($0) }) else {
            throw ProblemError(.notFound, "what stands in the address is no identifier, which is a UUID of version 7")
        }
        return id
    }
}

/// The parameters of lists.
enum PageParameters {
    static let cursor = Parameter.query(
        "cursor",
        .string(1...PageCursor.textLengthMax),
        "The member next_cursor of the page before; the other parameters must stay as they were."
    )

    static func limit(max: Int) -> Parameter {
        .query(
            "limit",
            .integer(1...Int64(max)),
            "How many items a page has; \(ListLimits.pageItemsDefault) when it is left out."
        )
    }

    static func limit(_ request: RouteRequest) -> Int {
        Int(clamping: request.parameters.integer("limit") ?? Int64(ListLimits.pageItemsDefault))
    }

    /// The search; `words` says where it looks.
    static func words(_ words: String) -> Parameter {
        .query("q", .string(1...ListLimits.searchLengthMax), "Every word of it begins some word of the \(words).")
    }

    /// What every list of records takes beside its filters; `words` says where the search looks.
    static func list<Query: RecordListQuery>(_: Query.Type, words: String) -> [Parameter] {
        [
            self.words(words),
            .query(
                "sort",
                .oneOf(Query.SortKey.allCases.flatMap { [$0.rawValue, "-" + $0.rawValue] }),
                "-created_at at first."
            ),
            limit(max: ListLimits.pageItemsMax), cursor,
        ]
    }

    /// A query with all of that, and no filters.
    static func query<Query: RecordListQuery>(_ request: RouteRequest) -> Query {
        let parameters = request.parameters
        var query = Query()
        query.text = parameters.string("q")
        query.sort = parameters.string("sort").flatMap { RecordSort($0) } ?? RecordSort()
        query.cursor = parameters.string("cursor")
        query.limit = limit(request)
        return query
    }
}

/// Which versions of a resource a change is meant for: `If-Match`, which may be left out.
struct VersionCondition {
    static let parameter = Parameter.header(
        "If-Match",
        .string(1...1024),
        "The ETag of the version that the change is for; without it the change is made to whichever is current."
    )

    /// The tags; nil when any version will do.
    private let tags: [EntityTag]?

    /// - Throws: ``ProblemError``: `malformed_request` for text that is no list of tags.
    init(_ request: RouteRequest) throws(ProblemError) {
        guard let text = request[.ifMatch], text != "*" else {
            tags = nil
            return
        }
        guard let tags = EntityTag.list(text) else {
            throw ProblemError(.malformedRequest, "If-Match is not a list of entity tags")
        }
        self.tags = tags
    }

    /// The version that a repository may expect; nil when any will do.
    ///
    /// - Parameter current: reads the present version, which is needed where several are named.
    /// - Returns: what the repository is to be told.
    /// - Throws: ``ProblemError``: `precondition_failed`; what `current` throws.
    func expected(_ current: () async throws -> Int64) async throws -> ExpectedVersion? {
        guard let tags else { return nil }
        if tags.count == 1, let tag = tags.first, !tag.isWeak, let version = Int64(tag.value),
            String(version) == tag.value
        {
            return .exactly(version)
        }
        let version = try await current()
        try check(version)
        return .exactly(version)
    }

    /// - Throws: ``ProblemError``: `precondition_failed` when a version is none of those; weak tags match none (RFC 9110, 13.1.1).
    func check(_ version: Int64) throws(ProblemError) {
        guard let tags, !tags.contains(EntityTag(version: version)) else { return }
        throw ProblemError(
            .preconditionFailed,
            "its version is \(version) by now",
            headers: [.eTag: EntityTag(version: version).description]
        )
    }
}

extension RouteResponse {
    /// JSON that has been written already.
    static func written(_ json: JSONWriter, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:])
        -> RouteResponse
    {
        var headers = headers
        headers[.contentType] = MediaType.json.rawValue
        return RouteResponse(status: status, headers: headers, body: ByteBuffer(bytes: json.bytes))
    }
}

extension RouteRequest {
    /// Who asks for a change, and in which request.
    var origin: ChangeOrigin {
        get throws(ProblemError) { ChangeOrigin(try caller.actor, requestID: id) }
    }
}
