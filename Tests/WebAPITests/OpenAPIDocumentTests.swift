import APIModel
import HTTP
import HTTPTypes
import JSON
import Testing

@Suite("The API's description")
struct OpenAPIDocumentTests {
    /// Runs a check on the document.
    private func document(_ body: (JSONValue, APIHarness) throws -> Void) async throws {
        try await APIHarness.run { api in
            let reply = try await api.send(.get, "openapi.json", as: .nobody)
            #expect(reply.status == 200)
            try body(try #require(reply.json), api)
        }
    }

    /// Every value of a member of this name, wherever it stands.
    private func all(_ name: String, in value: JSONValue) -> [JSONValue] {
        switch value {
        case .array(let values): values.flatMap { all(name, in: $0) }
        case .object(let object):
            object.members.flatMap { ($0.name == name ? [$0.value] : []) + all(name, in: $0.value) }
        default: []
        }
    }

    @Test("It is OpenAPI 3.1, and every reference in it leads somewhere")
    func references() async throws {
        try await document { json, _ in
            #expect(json["openapi"]?.string == "3.1.0")
            #expect(json["info"]?["version"]?.string == "0.0.1")
            let references = all("$ref", in: json).compactMap(\.string)
            #expect(!references.isEmpty)
            for reference in references {
                #expect(reference.hasPrefix("#/"))
                let target = reference.dropFirst(2).split(separator: "/").reduce(json as JSONValue?) { $0?[String($1)] }
                #expect(target != nil, "\(reference)")
            }
        }
    }

    @Test("Every route is in it, with a summary, its parameters, its permission and an answer")
    func routes() async throws {
        try await document { json, api in
            var identifiers: Set<String> = []
            for route in api.routes {
                let name = "\(route.method) \(route.path)"
                let operation = json["paths"]?[route.path.description]?[route.method.rawValue.lowercased()]
                let found = try #require(operation, "\(name)")
                #expect(found["summary"]?.string?.hasSuffix(".") == true, "\(name)")
                let id = try #require(found["operationId"]?.string)
                #expect(identifiers.insert(id).inserted, "\(id)")
                let documented = Set(found["parameters"]?.array?.compactMap { $0["name"]?.string } ?? [])
                #expect(documented == Set(route.parameters.map(\.name)), "\(name)")
                #expect(Set(route.path.captureNames).isSubset(of: documented), "\(name)")
                if case .requires(let permission) = route.access {
                    #expect(found["x-permission"]?.string == permission.rawValue, "\(name)")
                }
                #expect((found["security"]?.array == []) == (route.access == .everyone), "\(name)")
                let answers = found["responses"]?.object?.members ?? []
                #expect(answers.contains { $0.name.hasPrefix("2") || ["101", "302"].contains($0.name) }, "\(name)")
                let expected = Set(route.answers.map { "\($0.status) \($0.mediaType?.rawValue ?? "-")" })
                let written = answers.flatMap { answer in
                    (answer.value["content"]?.object?.members.map(\.name) ?? ["-"]).map { "\(answer.name) \($0)" }
                }
                #expect(expected.union(["default application/problem+json"]) == Set(written), "\(name)")
                #expect(answers.allSatisfy { $0.value["description"]?.string?.hasSuffix(".") == true }, "\(name)")
            }
            let operations = json["paths"]?.object?.members.flatMap { $0.value.object?.members ?? [] }
            #expect(operations?.count == api.routes.count)
        }
    }

    @Test("The paths, written out")
    func paths() async throws {
        try await document { json, _ in
            let expected = """
                /alerts
                /api/v1/activities
                /api/v1/agents
                /api/v1/agents/me
                /api/v1/agents/work
                /api/v1/agents/{id}
                /api/v1/agents/{id}/attempts
                /api/v1/agents/{id}/drain
                /api/v1/agents/{id}/heartbeat
                /api/v1/agents/{id}/leases
                /api/v1/agents/{id}/results
                /api/v1/agents/{id}/stop
                /api/v1/agents/{id}/token
                /api/v1/agents/{id}/undrain
                /api/v1/auth/login
                /api/v1/auth/logout
                /api/v1/auth/refresh
                /api/v1/auth/tickets
                /api/v1/events
                /api/v1/health
                /api/v1/health/live
                /api/v1/health/ready
                /api/v1/metrics
                /api/v1/openapi.json
                /api/v1/people
                /api/v1/projects
                /api/v1/projects/{id}
                /api/v1/rnd/coordinate
                /api/v1/schedules
                /api/v1/schedules/preview
                /api/v1/schedules/{id}
                /api/v1/schedules/{id}/next
                /api/v1/schedules/{id}/pause
                /api/v1/schedules/{id}/resume
                /api/v1/schedules/{id}/run
                /api/v1/status
                /api/v1/tasks
                /api/v1/tasks/counts
                /api/v1/tasks/retry
                /api/v1/tasks/{id}
                /api/v1/tasks/{id}/approve
                /api/v1/tasks/{id}/artefacts
                /api/v1/tasks/{id}/artefacts/{artefact_id}
                /api/v1/tasks/{id}/artefacts/{artefact_id}/content
                /api/v1/tasks/{id}/cancel
                /api/v1/tasks/{id}/children
                /api/v1/tasks/{id}/complete
                /api/v1/tasks/{id}/dependencies
                /api/v1/tasks/{id}/fail
                /api/v1/tasks/{id}/graph
                /api/v1/tasks/{id}/logs
                /api/v1/tasks/{id}/metrics
                /api/v1/tasks/{id}/pause
                /api/v1/tasks/{id}/reject
                /api/v1/tasks/{id}/renew
                /api/v1/tasks/{id}/resume
                /api/v1/tasks/{id}/retry
                /api/v1/tasks/{id}/why
                /api/v1/users
                /api/v1/users/me
                /api/v1/users/me/password
                /api/v1/users/{id}
                /api/v1/users/{id}/password
                /graph
                /metrics
                /prometheus/api/v1/alerts
                /prometheus/api/v1/label/{name}/values
                /prometheus/api/v1/labels
                /prometheus/api/v1/metadata
                /prometheus/api/v1/query
                /prometheus/api/v1/query_exemplars
                /prometheus/api/v1/query_range
                /prometheus/api/v1/rules
                /prometheus/api/v1/series
                /prometheus/api/v1/status/buildinfo
                /ws
                /ws/agents
                /ws/dashboard
                /ws/monitoring
                /ws/projects
                """
            #expect(json["paths"]?.object?.members.map(\.name) == expected.split(separator: "\n").map(String.init))
        }
    }

    @Test("The query API: parameters in the query or the form, and answers and errors in its own envelope")
    func prometheus() async throws {
        try await document { json, _ in
            let paths = json["paths"]?.object?.members.filter { $0.name.hasPrefix("/prometheus/") } ?? []
            #expect(paths.count > 8)
            for (path, method, operation) in paths.flatMap({ path in
                path.value.object?.members.map { (path.name, $0.name, $0.value) } ?? []
            }) {
                let schema = operation["responses"]?["200"]?["content"]?["application/json"]?["schema"]
                #expect(schema?["properties"]?["data"] != nil, "\(method) \(path)")
                for status in ["400", "401", "403", "429", "500", "503"] {
                    let content = operation["responses"]?[status]?["content"]?["application/json"]
                    #expect(content?["schema"]?["$ref"]?.string == "#/components/schemas/PrometheusError", "\(path)")
                }
            }
            func f(_ path: String, _ expected: [String]) {
                let operations = json["paths"]?["/prometheus/api/v1/" + path]
                let parameters = operations?["get"]?["parameters"]?.array ?? []
                let names = parameters.compactMap { parameter in
                    parameter["name"]?.string.map { $0 + (parameter["required"]?.boolean == true ? "!" : "") }
                }
                #expect(names == expected, "\(path)")
                guard let post = operations?["post"] else { return }
                let form = post["requestBody"]?["content"]?["application/x-www-form-urlencoded"]?["schema"]
                let required = form?["required"]?.array ?? []
                let fields = form?["properties"]?.object?.members.map { field in
                    field.name + (required.contains(.string(field.name)) ? "!" : "")
                }
                #expect(fields == expected, "\(path)")
                #expect(post["parameters"] == nil, "\(path)")
                #expect(post["responses"]?["415"] != nil && post["responses"]?["413"] != nil, "\(path)")
            }
            f("query", ["query!", "time", "timeout", "limit", "lookback_delta", "stats"])
            f(
                "query_range",
                ["query!", "start!", "end!", "step!", "timeout", "limit", "lookback_delta", "stats"]
            )
            f("query_exemplars", ["query!", "start", "end"])
            f("labels", ["start", "end", "match[]", "limit"])
            f("series", ["start", "end", "match[]!", "limit"])
            f("label/{name}/values", ["name!", "start", "end", "match[]", "limit"])
            f("metadata", ["metric", "limit", "limit_per_metric"])
            f(
                "rules",
                [
                    "type", "rule_name[]", "rule_group[]", "file[]", "match[]", "exclude_alerts", "group_limit",
                    "group_next_token",
                ]
            )
        }
    }

    @Test("Partial updates are described in both media types, header fields as such")
    func details() async throws {
        try await document { json, _ in
            let patch = json["paths"]?["/api/v1/projects/{id}"]?["patch"]
            let types = patch?["requestBody"]?["content"]?.object?.members.map(\.name)
            #expect(types == ["application/json", "application/merge-patch+json"])
            let header = patch?["parameters"]?.array?.first { $0["name"]?.string == "If-Match" }
            #expect(header?["in"]?.string == "header")
            #expect(header?["required"]?.boolean == false)
            let project = json["components"]?["schemas"]?["ProjectInput"]
            #expect(project?["required"]?.array == [.string("name"), .string("type")])
            #expect(project?["additionalProperties"]?.boolean == false)
        }
    }
}
