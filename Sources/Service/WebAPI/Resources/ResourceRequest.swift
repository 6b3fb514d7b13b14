import APIModel
import Basics
import HTTP
import HTTPTypes
import JSON
import NIOCore
import Projects

/// The identifier of a resource in a path.
enum ResourceID {
    static let parameter = Parameter.path("id", .string(1...200), "A UUID, version 7.")

    /// - Throws: ``ProblemError``: `not_found` for text that is no identifier, since nothing can have it.
    static func of(_ request: RouteRequest) throws(ProblemError) -> UUIDv7 {
        guard let id = request.parameters.string("id").flatMap({ UUIDv7($0) }) else {
            throw ProblemError(.notFound, "there is nothing with this identifier")
        }
        return id
    }
}

/// The parameters of lists.
enum PageParameters {
    static let limitDefault = 50
    /// Characters of a cursor.
    static let cursorLengthMax = 4096

    static let cursor = Parameter.query(
        "cursor",
        .string(1...cursorLengthMax),
        "The member next_cursor of the page before; the other parameters must stay as they were."
    )

    static func limit(max: Int) -> Parameter {
        .query("limit", .integer(1...Int64(max)), "How many items a page has; \(limitDefault) when it is left out.")
    }

    static func limit(_ request: RouteRequest, max: Int) -> Int {
        Int(clamping: request.parameters.integer("limit") ?? Int64(limitDefault))
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
