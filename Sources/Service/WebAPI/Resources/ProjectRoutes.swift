import APIModel
import Basics
package import HTTP
import HTTPTypes
import JSON
package import Projects
import Records

/// The projects.
package struct ProjectRoutes: Sendable {
    private typealias Shared = ResourceRoutes<Project>

    private let projects: ProjectRepository
    private let shared: Shared

    package init(projects: ProjectRepository) {
        self.projects = projects
        shared = Shared { try await projects.get($0).version }
    }

    package var routes: [Route] { [list, create, get, replace, patch, delete].map(\.mappingErrors) }

    private static let changed = [
        ResponseRule(200, "The project.", json: ProjectBody.schema),
        ResponseRule.problem(409, "The status cannot change that way."), Shared.invalid,
    ]
    /// How often a replacement that keeps the status is begun again because the project was changed meanwhile.
    private static let replaceAttemptsMax = 3

    private var list: Route {
        Route(
            .get,
            Shared.path,
            access: .requires(.projectsRead),
            summary: "Projects by filters, a page at a time.",
            tag: Shared.tag,
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
            Shared.path,
            access: .requires(.projectsWrite),
            summary: "Make a project; without an owner it is the caller's.",
            tag: Shared.tag,
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
                ResponseRule.problem(409, "The key was used for a project with another content."),
                Shared.invalid,
            ]
        ) { request in
            let creation = try await projects.create(
                try ProjectInput.fields(request.json),
                idempotencyKey: try IdempotencyKey(request.head.headerFields)?.value,
                by: try request.origin
            )
            var headers: HTTPFields = [:]
            if creation.isReplay, let name = HTTPField.Name("Idempotency-Replayed") { headers[name] = "true" }
            return Shared.created(ProjectBody(creation.project), creation.project, headers)
        }
    }

    private var get: Route {
        Route(
            .get,
            Shared.one,
            access: .requires(.projectsRead),
            summary: "A project.",
            tag: Shared.tag,
            parameters: [ResourceID.parameter, Preconditions.noneMatch],
            responses: [
                ResponseRule(200, "The project.", json: ProjectBody.schema),
                Shared.notFound,
            ]
        ) { request in
            let project = try await projects.get(try ResourceID.of(request))
            return Preconditions.answer(request.head.headerFields, EntityTag(version: project.version)) {
                .json(ProjectBody(project))
            }
        }
    }

    private var replace: Route {
        shared.change(
            .put,
            .projectsWrite,
            "Replace a project; what is left out gets its default, only the status stays when it is left out.",
            body: .json(ProjectInput.schema),
            responses: Self.changed
        ) { request, id, expected in
            let fields = try ProjectInput.fields(request.json)
            let keepsStatus = request.json?["status"] == nil
            let origin = try request.origin
            return Self.answer(
                try await put(fields, at: id, keepsStatus: keepsStatus, expecting: expected, by: origin)
            )
        }
    }

    private var patch: Route {
        shared.change(
            .patch,
            .projectsWrite,
            "Change some fields of a project (JSON merge patch): null clears a field, lists are replaced as a whole.",
            body: .json(ProjectInput.patchSchema),
            responses: Self.changed
        ) { request, id, expected in
            let patch = try ProjectInput.patch(request.json)
            return Self.answer(try await projects.patch(id, patch, expecting: expected, by: try request.origin))
        }
    }

    private var delete: Route {
        shared.change(
            .delete,
            .projectsDelete,
            "Delete a project: it is found no more and its open tasks are cancelled; its activities stay.",
            responses: [ResponseRule(204, "The project is deleted.")]
        ) { request, id, expected in
            try await projects.delete(id, expecting: expected, by: try request.origin)
            return .noContent
        }
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
        Shared.answer(ProjectBody(project), version: project.version)
    }
}
