import APIModel
import Basics
package import HTTP
import HTTPTypes
import JSON
package import Projects

/// The projects.
package struct ProjectRoutes: Sendable {
    private let projects: ProjectRepository

    package init(projects: ProjectRepository) { self.projects = projects }

    package var routes: [Route] { [list, create, get, replace, patch, delete].map(\.mappingErrors) }

    private static let path = "/api/v1/projects"
    private static let notFound = ResponseRule(404, "There is no such project.", json: .problem)
    private static let outdated = ResponseRule(412, "The project was changed meanwhile.", json: .problem)
    private static let invalid = ResponseRule(422, "Fields break their rules.", json: .problem)
    private static let transition = ResponseRule(409, "The status cannot change that way.", json: .problem)
    /// How often a replacement that keeps the status is begun again because the project was changed meanwhile.
    private static let replaceAttemptsMax = 3

    private var list: Route {
        Route(
            .get,
            Self.path,
            access: .requires(.projectsRead),
            summary: "Projects by filters, a page at a time.",
            tag: "projects",
            parameters: ProjectListParameters.all,
            responses: [ResponseRule(200, "A page of projects.", json: .page(of: ProjectBody.schema))]
        ) { request in
            let page = try await projects.listRows(try ProjectListParameters.query(request))
            var json = JSONWriter(capacity: 256 + page.items.count * 1024)
            json.object { json in
                json.key("items")
                json.array { json in
                    for row in page.items { ProjectBody(row).write(to: &json) }
                }
                json.member("next_cursor", orNull: page.nextCursor)
            }
            return .written(json)
        }
    }

    private var create: Route {
        Route(
            .post,
            Self.path,
            access: .requires(.projectsWrite),
            summary: "Make a project; without an owner it is the caller's.",
            tag: "projects",
            parameters: [
                .header(
                    "Idempotency-Key",
                    .string(1...IdempotencyKey.lengthMax + 2),
                    "The client's name for this creation: within 24 hours the same request with it creates nothing more."
                )
            ],
            body: .json(ProjectInput.schema),
            responses: [
                ResponseRule(
                    201,
                    "The new project, or the one that an earlier request with the key made.",
                    json: ProjectBody.schema
                ),
                ResponseRule(409, "The key was used for a project with another content.", json: .problem),
                Self.invalid,
            ]
        ) { request in
            let creation = try await projects.create(
                try ProjectInput.fields(request.json),
                idempotencyKey: try IdempotencyKey(request.head.headerFields)?.value,
                by: try request.origin
            )
            let project = creation.project
            var headers: HTTPFields = [
                .location: "\(Self.path)/\(project.id)", .eTag: EntityTag(version: project.version).description,
            ]
            if creation.isReplay, let name = HTTPField.Name("Idempotency-Replayed") { headers[name] = "true" }
            return .json(ProjectBody(project), status: .created, headers: headers)
        }
    }

    private var get: Route {
        Route(
            .get,
            Self.path + "/{id}",
            access: .requires(.projectsRead),
            summary: "A project.",
            tag: "projects",
            parameters: [ResourceID.parameter],
            responses: [
                ResponseRule(200, "The project.", json: ProjectBody.schema),
                ResponseRule(304, "The client's copy is current."), Self.notFound,
            ]
        ) { request in
            let project = try await projects.get(try ResourceID.of(request))
            return Preconditions.answer(request.head.headerFields, EntityTag(version: project.version)) {
                .json(ProjectBody(project))
            }
        }
    }

    private var replace: Route {
        Route(
            .put,
            Self.path + "/{id}",
            access: .requires(.projectsWrite),
            summary: "Replace a project; what is left out gets its default, only the status stays when it is left out.",
            tag: "projects",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            body: .json(ProjectInput.schema),
            responses: [
                ResponseRule(200, "The project.", json: ProjectBody.schema), Self.notFound, Self.transition,
                Self.outdated,
                Self.invalid,
            ]
        ) { request in
            let id = try ResourceID.of(request)
            let fields = try ProjectInput.fields(request.json)
            let expected = try await expectedVersion(request, id)
            let keepsStatus = request.json?["status"] == nil
            let project = try await put(
                fields,
                at: id,
                keepsStatus: keepsStatus,
                expecting: expected,
                by: try request.origin
            )
            return Self.answer(project)
        }
    }

    private var patch: Route {
        Route(
            .patch,
            Self.path + "/{id}",
            access: .requires(.projectsWrite),
            summary:
                "Change some fields of a project (JSON merge patch): null clears a field, lists are replaced as a whole.",
            tag: "projects",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            body: .json(ProjectInput.patchSchema),
            responses: [
                ResponseRule(200, "The project.", json: ProjectBody.schema), Self.notFound, Self.transition,
                Self.outdated,
                Self.invalid,
            ]
        ) { request in
            let id = try ResourceID.of(request)
            let patch = try ProjectInput.patch(request.json)
            let expected = try await expectedVersion(request, id)
            return Self.answer(try await projects.patch(id, patch, expecting: expected, by: try request.origin))
        }
    }

    private var delete: Route {
        Route(
            .delete,
            Self.path + "/{id}",
            access: .requires(.projectsDelete),
            summary: "Delete a project: it is found no more, but its activities stay.",
            tag: "projects",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            responses: [ResponseRule(204, "The project is deleted."), Self.notFound, Self.outdated]
        ) { request in
            let id = try ResourceID.of(request)
            let expected = try await expectedVersion(request, id)
            try await projects.delete(id, expecting: expected, by: try request.origin)
            return .noContent
        }
    }

    private func expectedVersion(_ request: RouteRequest, _ id: UUIDv7) async throws -> ExpectedVersion? {
        try await VersionCondition(request).expected { try await projects.get(id).version }
    }

    /// Replaces the fields; where the status is to stay, it is read first, and again when the project was changed in between.
    private func put(
        _ fields: ProjectFields,
        at id: UUIDv7,
        keepsStatus: Bool,
        expecting version: ExpectedVersion?,
        by origin: ChangeOrigin
    ) async throws -> Project {
        guard keepsStatus else { return try await projects.replace(id, with: fields, expecting: version, by: origin) }
        var fields = fields
        for _ in 1..<Self.replaceAttemptsMax {
            let current = try await projects.get(id)
            fields.status = current.fields.status
            let expected = version ?? .exactly(current.version)
            do {
                return try await projects.replace(id, with: fields, expecting: expected, by: origin)
            } catch {
                // Someone was faster; with a version of the caller's own that is for the caller to know.
                guard case .versionMismatch = error, version == nil else { throw error }
            }
        }
        let current = try await projects.get(id)
        fields.status = current.fields.status
        return try await projects.replace(id, with: fields, expecting: version ?? .exactly(current.version), by: origin)
    }

    private static func answer(_ project: Project) -> RouteResponse {
        .json(ProjectBody(project), headers: [.eTag: EntityTag(version: project.version).description])
    }
}
