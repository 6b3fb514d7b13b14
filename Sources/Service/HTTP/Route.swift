package import APIModel
package import HTTPTypes

/// One operation of the API as a value.
///
/// From this declaration come the handler's registration, the permission check, validation, the OpenAPI document and
/// the labels of the metrics. The access has no default: a route without one does not compile.
package struct Route: Sendable {
    /// Answers a request that has been admitted and validated.
    ///
    /// Runs on the connection's task, which is cancelled when the client is told 503 for lateness, or the server stops.
    /// A ``ProblemError`` is answered as it is; any other error as 500.
    package typealias Handler = @Sendable (RouteRequest) async throws -> RouteResponse

    package let method: HTTPRequest.Method
    package let path: PathTemplate
    package let access: Access
    /// A sentence for the document.
    package var summary: String
    /// The group in the document.
    package var tag: String
    /// Those of the path are strings unless declared here.
    package var parameters: [Parameter]
    package var unknownQuery: UnknownQuery
    package var body: BodyRule
    /// What the handler answers; ``answers`` has what follows from the rest of the declaration too.
    package var responses: [ResponseRule]
    package var rateClass: RateClass
    /// How problems are answered where it is not `application/problem+json`.
    package var envelope: ProblemEnvelope?
    package var handler: Handler

    package init(
        _ method: HTTPRequest.Method,
        _ path: String,
        access: Access,
        summary: String,
        tag: String,
        parameters: [Parameter] = [],
        unknownQuery: UnknownQuery = .refused,
        body: BodyRule = .none,
        responses: [ResponseRule],
        rateClass: RateClass = .standard,
        envelope: ProblemEnvelope? = nil,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = PathTemplate(path)
        self.access = access
        self.summary = summary
        self.tag = tag
        let names = self.path.captureNames
        precondition(
            parameters.allSatisfy { $0.location != .path || names.contains($0.name) },
            "BUG: \(path) declares a path parameter that it does not have"
        )
        let undeclared = names.filter { name in !parameters.contains { $0.location == .path && $0.name == name } }
        self.parameters = undeclared.map { .path($0, .string(1...200)) } + parameters
        self.unknownQuery = unknownQuery
        self.body = body
        self.responses = responses
        self.rateClass = rateClass
        self.envelope = envelope
        self.handler = handler
    }
}

/// A value in the path, the query or a header field.
package struct Parameter: Sendable {
    package enum Location: String, Sendable {
        case path, query, header
    }

    package let name: String
    package let location: Location
    package let schema: JSONSchema
    package let isRequired: Bool
    package let description: String?

    /// A segment of the path; always there.
    package static func path(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> Parameter {
        Parameter(name: name, location: .path, schema: schema, isRequired: true, description: description)
    }

    /// A parameter of the query; one with an array schema may be repeated, any other not.
    package static func query(
        _ name: String,
        _ schema: JSONSchema,
        isRequired: Bool = false,
        _ description: String? = nil
    ) -> Parameter {
        Parameter(name: name, location: .query, schema: schema, isRequired: isRequired, description: description)
    }

    /// A header field, which may be sent once.
    package static func header(_ name: String, _ schema: JSONSchema, _ description: String? = nil) -> Parameter {
        Parameter(name: name, location: .header, schema: schema, isRequired: false, description: description)
    }
}

/// What happens to parameters of the query that a route does not declare.
package enum UnknownQuery: Sendable {
    case refused
    /// For APIs of the ecosystem, whose clients send more than they document.
    case ignored
    /// The handler reads the query itself, all of it; what the route declares of the query is for the document.
    case leftToHandler
}

/// What a route takes as its body.
package enum BodyRule: Sendable {
    /// A body is not looked at.
    case none
    /// JSON that satisfies a schema; without `bytesMax` the server's limit holds.
    case json(JSONSchema, isRequired: Bool = true, bytesMax: Int? = nil)
    /// Bytes of one of these media types, for the handler to read.
    case bytes([MediaType], bytesMax: Int? = nil)
    /// A form (`application/x-www-form-urlencoded`) for the handler to read; its fields are for the document.
    case form([Parameter], bytesMax: Int? = nil)
}

/// How problems are answered where it is not `application/problem+json`: the envelope of another API.
package struct ProblemEnvelope: Sendable {
    package let mediaType: MediaType
    package let schema: JSONSchema
    /// Paths that begin so and lead to no route are answered in the envelope too.
    package let pathPrefix: String
    package let answer: @Sendable (Problem) -> RouteResponse

    package init(
        _ mediaType: MediaType,
        _ schema: JSONSchema,
        pathPrefix: String,
        answer: @escaping @Sendable (Problem) -> RouteResponse
    ) {
        self.mediaType = mediaType
        self.schema = schema
        self.pathPrefix = pathPrefix
        self.answer = answer
    }
}

/// One of the answers that a route documents.
package struct ResponseRule: Sendable {
    package let status: Int
    package let description: String
    package let schema: JSONSchema?
    /// The media type of the body; nil when there is none.
    package let mediaType: MediaType?

    package init(_ status: Int, _ description: String) {
        self.init(status, description, nil, nil)
    }

    package init(_ status: Int, _ description: String, json schema: JSONSchema) {
        self.init(status, description, .json, schema)
    }

    package init(_ status: Int, _ description: String, _ mediaType: MediaType) {
        self.init(status, description, mediaType, nil)
    }

    init(_ status: Int, _ description: String, _ mediaType: MediaType?, _ schema: JSONSchema?) {
        self.status = status
        self.description = description
        self.mediaType = mediaType
        self.schema = schema
    }

    /// A refusal as `application/problem+json`.
    package static func problem(_ status: Int, _ description: String) -> ResponseRule {
        ResponseRule(status, description, .problem, .problem)
    }
}
