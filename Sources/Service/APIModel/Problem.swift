package import JSON

/// One thing that is wrong with a request, and where.
package struct Violation: Hashable, Sendable, Codable {
    /// Where in the request a violation is; it decides the member that carries the name.
    package enum Place: Hashable, Sendable {
        /// A JSON pointer into the body (RFC 6901); empty for the whole body.
        case body(pointer: String)
        case query(name: String)
        case path(name: String)
        case header(name: String)
    }

    package let place: Place
    /// What is wrong, in words; never repeats the value that was sent.
    package let detail: String
    /// Where in the body's text; nil for what is wrong with a value, which the pointer names.
    package let position: Position?

    /// A place in a text.
    package struct Position: Hashable, Sendable {
        /// From 1.
        package let line: Int
        /// From 1, in Unicode scalars.
        package let column: Int
        /// Bytes before it, from the text's start.
        package let offset: Int

        package init(line: Int, column: Int, offset: Int) {
            self.line = line
            self.column = column
            self.offset = offset
        }
    }

    package init(_ place: Place, _ detail: String, at position: Position? = nil) {
        self.place = place
        self.detail = detail
        self.position = position
    }

    private enum CodingKeys: String, CodingKey {
        case pointer, parameter, location = "in", detail, line, column, offset
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        detail = try members.decode(String.self, forKey: .detail)
        if let line = try members.decodeIfPresent(Int.self, forKey: .line) {
            position = Position(
                line: line,
                column: try members.decode(Int.self, forKey: .column),
                offset: try members.decode(Int.self, forKey: .offset)
            )
        } else {
            position = nil
        }
        if let pointer = try members.decodeIfPresent(String.self, forKey: .pointer) {
            place = .body(pointer: pointer)
            return
        }
        let name = try members.decode(String.self, forKey: .parameter)
        switch try members.decode(String.self, forKey: .location) {
        case "query": place = .query(name: name)
        case "path": place = .path(name: name)
        case "header": place = .header(name: name)
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .location,
                in: members,
                debugDescription: "neither query, path nor header"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        if let parameter = place.parameter {
            try members.encode(parameter.name, forKey: .parameter)
            try members.encode(parameter.location, forKey: .location)
        } else if case .body(let pointer) = place {
            try members.encode(pointer, forKey: .pointer)
        }
        try members.encode(detail, forKey: .detail)
        try members.encodeIfPresent(position?.line, forKey: .line)
        try members.encodeIfPresent(position?.column, forKey: .column)
        try members.encodeIfPresent(position?.offset, forKey: .offset)
    }
}

extension Violation.Place {
    /// The parameter's name and the OpenAPI word for where it is; nil for the body.
    var parameter: (name: String, location: String)? {
        switch self {
        case .body: nil
        case .query(let name): (name, "query")
        case .path(let name): (name, "path")
        case .header(let name): (name, "header")
        }
    }
}

/// An error as the API answers it: `application/problem+json` (RFC 9457).
package struct Problem: Hashable, Sendable, Codable {
    package let type: ProblemType
    /// What is wrong with this request, in words; nil when the title says it all.
    package let detail: String?
    /// Names this occurrence: the path of the request, or its identifier in the logs.
    package let instance: String?
    /// Each thing that is wrong, where there are several or where a place is known.
    package let errors: [Violation]

    package init(_ type: ProblemType, detail: String? = nil, instance: String? = nil, errors: [Violation] = []) {
        self.type = type
        self.detail = detail
        self.instance = instance
        self.errors = errors
    }

    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, instance, errors
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        let uri = try members.decode(String.self, forKey: .type)
        guard
            uri.hasPrefix(ProblemType.uriPrefix),
            let type = ProblemType(rawValue: String(uri.dropFirst(ProblemType.uriPrefix.count)))
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .type,
                in: members,
                debugDescription: "not a type of problem that this version knows"
            )
        }
        self.type = type
        detail = try members.decodeIfPresent(String.self, forKey: .detail)
        instance = try members.decodeIfPresent(String.self, forKey: .instance)
        errors = try members.decodeIfPresent([Violation].self, forKey: .errors) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(type.uri, forKey: .type)
        try members.encode(type.title, forKey: .title)
        try members.encode(type.status, forKey: .status)
        try members.encodeIfPresent(detail, forKey: .detail)
        try members.encodeIfPresent(instance, forKey: .instance)
        if !errors.isEmpty { try members.encode(errors, forKey: .errors) }
    }
}

extension Problem: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("type", type.uri)
            json.member("title", type.title)
            json.member("status", type.status)
            if let detail { json.member("detail", detail) }
            if let instance { json.member("instance", instance) }
            if !errors.isEmpty { json.member("errors", errors) }
        }
    }
}

extension Violation: JSONWritable {
    package func write(to json: inout JSONWriter) {
        json.object { json in
            if let parameter = place.parameter {
                json.member("parameter", parameter.name)
                json.member("in", parameter.location)
            } else if case .body(let pointer) = place {
                json.member("pointer", pointer)
            }
            json.member("detail", detail)
            if let position {
                json.member("line", position.line)
                json.member("column", position.column)
                json.member("offset", position.offset)
            }
        }
    }
}
