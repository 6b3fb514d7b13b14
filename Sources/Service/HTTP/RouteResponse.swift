package import APIModel
package import HTTPTypes
package import JSON
package import NIOCore

/// A body of a known length that is sent in parts.
package struct BodyStream: Sendable {
    /// Bytes of the whole.
    package let length: Int
    /// The next part, from an offset on, of at most the rest and at least one byte; an error ends the connection, since
    /// the client has been promised the whole.
    ///
    /// Called when the parts before have been taken, one call after the other.
    package let part: @Sendable (_ offset: Int) async throws -> ByteBuffer

    package init(length: Int, part: @escaping @Sendable (_ offset: Int) async throws -> ByteBuffer) {
        self.length = length
        self.part = part
    }
}

/// What a handler answers; the server adds length, date, identifier and security fields.
package struct RouteResponse: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: ByteBuffer
    /// In place of `body` where the body is too large to be held: its parts, made as the client takes them.
    package var stream: BodyStream?
    /// Whom the handler has recognised, for the log: on routes where admission asks nobody, such as a login.
    package var user: String?
    /// What takes the connection over once the head is out; the body is not sent then.
    package var takeover: ConnectionTakeover?

    package init(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Bytes of a media type.
    package init(status: HTTPResponse.Status = .ok, _ contentType: String, _ body: ByteBuffer) {
        self.init(status: status, headers: [.contentType: contentType], body: body)
    }

    /// A value as JSON.
    package static func json(
        _ value: some JSONWritable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) -> RouteResponse {
        var headers = headers
        headers[.contentType] = MediaType.json.rawValue
        return RouteResponse(status: status, headers: headers, body: ByteBuffer(bytes: JSONWriter.bytes(of: value)))
    }

    /// Done, with nothing to say.
    package static let noContent = RouteResponse(status: .noContent)

    /// A problem as `application/problem+json`.
    package static func problem(_ problem: Problem) -> RouteResponse {
        RouteResponse(
            status: HTTPResponse.Status(code: problem.type.status),
            MediaType.problem.rawValue,
            ByteBuffer(bytes: JSONWriter.bytes(of: problem))
        )
    }
}
