import APIModel
package import HTTP
import HTTPTypes
import JSON
import NIOCore

/// The description of the API for programs.
package enum OpenAPIRoute {
    package static let path = "/api/v1/openapi.json"

    /// The routes with one more, which describes them all, itself included.
    package static func adding(to routes: [Route], version: String) -> [Route] {
        let described = routes + [route { _ in RouteResponse() }]
        let document = OpenAPIDocument(title: "KaskManager", version: version, routes: described)
        let bytes = ByteBuffer(bytes: JSONWriter.bytes(of: document))
        return routes + [route { _ in RouteResponse(MediaType.json.rawValue, bytes) }]
    }

    private static func route(_ handler: @escaping Route.Handler) -> Route {
        Route(
            .get,
            path,
            access: .everyone,
            summary: "This description: OpenAPI 3.1.",
            tag: "api",
            responses: [ResponseRule(200, "The document.", json: .dictionary(.anything, countMax: 100))],
            handler: handler
        )
    }
}
