package import APIModel
package import HTTPTypes
package import JSON
package import Logging
package import NIOCore

/// A request as a handler sees it: admitted, and valid by the route's declaration.
package struct RouteRequest: Sendable {
    package let head: HTTPRequest
    /// Names the request in logs and in the answer's `X-Request-ID`.
    package let id: String
    /// The client's address, behind trusted proxies.
    package let client: IPAddress
    /// The caller; nil on routes for everyone.
    package let principal: (any Principal)?
    package let parameters: ParameterValues
    /// The body's bytes; empty when the route takes none.
    package let body: ByteBuffer
    /// The body as a tree; nil when the route does not take JSON, or none was sent.
    package let json: JSONValue?
    /// Carries the request's identifier.
    package let logger: Logger
    /// Whether the client has closed its side: a handler that waits for something need not hand it out any more.
    package let isClientGone: @Sendable () -> Bool

    /// The body as JSON that satisfies a schema: for routes that take JSON beside other media types.
    ///
    /// - Throws: the refusal, as a route that takes JSON alone would answer it.
    package func json(satisfying schema: JSONSchema) throws -> JSONValue { try RequestReading.json(body, schema) }

    /// A header field's value.
    package subscript(_ name: HTTPField.Name) -> String? { head.headerFields[name] }
}

/// The values of a route's parameters, by name; each has the kind that its schema says.
package struct ParameterValues: Sendable {
    private var values: [(name: String, value: JSONValue)] = []

    package init() {}

    mutating func append(_ name: String, _ value: JSONValue) { values.append((name, value)) }

    /// The value; an array for repeatable parameters; nil when it was not sent.
    package subscript(_ name: String) -> JSONValue? { values.first { $0.name == name }?.value }

    package func string(_ name: String) -> String? { self[name]?.string }

    package func integer(_ name: String) -> Int64? { self[name]?.integer }

    package func boolean(_ name: String) -> Bool? { self[name]?.boolean }

    /// The values of a repeatable parameter; empty when it was not sent.
    package func strings(_ name: String) -> [String] { self[name]?.array?.compactMap(\.string) ?? [] }
}
