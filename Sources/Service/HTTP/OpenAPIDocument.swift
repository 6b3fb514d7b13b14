import APIModel
import HTTPTypes
package import JSON

/// The description of the API for programs: OpenAPI 3.1, from the routes themselves.
package struct OpenAPIDocument: JSONWritable {
    package let title: String
    package let version: String
    private let routes: [Route]

    package init(title: String, version: String, routes: [Route]) {
        self.title = title
        self.version = version
        self.routes = routes
    }

    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("openapi", "3.1.0")
            json.key("info")
            json.object { json in
                json.member("title", title)
                json.member("version", version)
            }
            json.key("paths")
            json.object { json in writePaths(to: &json) }
            json.key("components")
            json.object { json in writeComponents(to: &json) }
        }
    }

    private func writePaths(to json: inout JSONWriter) {
        let byPath = Dictionary(grouping: routes, by: \.path.description)
        for (path, routes) in byPath.sorted(by: { $0.key < $1.key }) {
            json.key(path)
            json.object { json in
                for route in routes.sorted(by: { $0.method.rawValue < $1.method.rawValue }) {
                    json.key(route.method.rawValue.lowercased())
                    json.object { json in route.writeOperation(to: &json) }
                }
            }
        }
    }

    private func writeComponents(to json: inout JSONWriter) {
        var schemas = JSONSchema.problem.namedSchemas
        for schema in routes.flatMap(\.schemas) {
            for (name, named) in schema.namedSchemas {
                precondition(schemas[name] == nil || schemas[name] == named, "BUG: two schemas are named \(name)")
                schemas[name] = named
            }
        }
        json.key("schemas")
        json.object { json in
            for (name, schema) in schemas.sorted(by: { $0.key < $1.key }) { json.member(name, schema) }
        }
        json.key("securitySchemes")
        json.object { json in
            for scheme in ["basic", "bearer"] {
                json.key(scheme)
                json.object { json in
                    json.member("type", "http")
                    json.member("scheme", scheme)
                }
            }
        }
    }
}

extension Route {
    /// A name for the operation, unique since method and path are.
    var operationID: String {
        let words = path.description.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        return ([method.rawValue.lowercased()] + words.map(String.init)).joined(separator: "_")
    }

    /// All schemas of parameters, body and answers.
    var schemas: [JSONSchema] {
        let schemas = parameters.map(\.schema) + answers.compactMap(\.schema)
        switch body {
        case .json(let schema, _, _): return schemas + [schema]
        case .form(let fields, _): return schemas + fields.map(\.schema)
        case .none, .bytes: return schemas
        }
    }

    fileprivate func writeOperation(to json: inout JSONWriter) {
        json.member("operationId", operationID)
        json.member("summary", summary)
        json.member("tags", [tag])
        if access == .everyone {
            json.key("security")
            json.array { _ in }
        } else {
            json.key("security")
            json.array { json in
                for scheme in ["bearer", "basic"] {
                    json.object { json in
                        json.key(scheme)
                        json.array { _ in }
                    }
                }
            }
        }
        if case .requires(let permission) = access { json.member("x-permission", permission.rawValue) }
        json.member("x-rate-class", rateClass.name)
        if !parameters.isEmpty { json.member("parameters", parameters) }
        writeBody(to: &json)
        writeResponses(to: &json)
    }

    private func writeBody(to json: inout JSONWriter) {
        let isRequired: Bool
        switch body {
        case .none: return
        case .json(_, let required, _): isRequired = required
        case .form(let fields, _): isRequired = fields.contains(where: \.isRequired)
        case .bytes: isRequired = false
        }
        json.key("requestBody")
        json.object { json in
            json.member("required", isRequired)
            json.key("content")
            json.object { json in
                switch body {
                case .none: break
                case .json(let schema, _, _):
                    Self.writeContent(.json, schema, to: &json)
                    if method == .patch { Self.writeContent(.mergePatch, schema, to: &json) }
                case .bytes(let types, _): for type in types { Self.writeContent(type, nil, to: &json) }
                case .form(let fields, _): Self.writeContent(.form, .object(fields.map(\.property)), to: &json)
                }
            }
        }
    }

    private func writeResponses(to json: inout JSONWriter) {
        json.key("responses")
        json.object { json in
            let byStatus = Dictionary(grouping: answers, by: \.status)
            for (status, rules) in byStatus.sorted(by: { $0.key < $1.key }) {
                json.key(String(status))
                json.object { json in
                    json.member("description", rules.map(\.description).joined(separator: " "))
                    guard rules.contains(where: { $0.mediaType != nil }) else { return }
                    json.key("content")
                    json.object { json in
                        for rule in rules {
                            if let type = rule.mediaType { Self.writeContent(type, rule.schema, to: &json) }
                        }
                    }
                }
            }
            json.key("default")
            json.object { json in
                json.member(
                    "description",
                    "A problem (RFC 9457) of the request as a whole: its head is late or too large."
                )
                json.key("content")
                json.object { json in Self.writeContent(.problem, .problem, to: &json) }
            }
        }
    }

    private static func writeContent(_ type: MediaType, _ schema: JSONSchema?, to json: inout JSONWriter) {
        json.key(type.rawValue)
        json.object { json in
            if let schema { json.member("schema", schema) }
        }
    }
}

extension Parameter: JSONWritable {
    /// The parameter as a field of a form.
    fileprivate var property: JSONSchema.Property {
        isRequired ? .required(name, schema, description) : .optional(name, schema, description)
    }

    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("name", name)
            json.member("in", location.rawValue)
            json.member("required", isRequired)
            if let description { json.member("description", description) }
            json.member("schema", schema)
        }
    }
}
