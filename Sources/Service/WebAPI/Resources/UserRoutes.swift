import APIModel
import Basics
import Foundation
package import HTTP
import HTTPTypes
package import Identity
import JSON
import Records

/// The users: one's own account, and everyone's for those who may.
package struct UserRoutes: Sendable {
    private let identity: IdentityService

    package init(identity: IdentityService) { self.identity = identity }

    package var routes: [Route] { [me, password, list, create, get, update, setPassword].map(\.mappingErrors) }

    // MARK: One's own

    private var me: Route {
        Route(
            .get,
            "/api/v1/users/me",
            access: .authenticated,
            summary: "The user who asks, and what they may do.",
            tag: "users",
            responses: [
                ResponseRule(200, "The user.", json: UserBody.schema),
                ResponseRule.problem(404, "The caller is an agent."),
            ]
        ) { request in
            let caller = try request.caller
            let user = try await identity.me(caller)
            return .json(UserBody(user: user, permissions: caller.permissions))
        }
    }

    private var password: Route {
        Route(
            .put,
            "/api/v1/users/me/password",
            access: .authenticated,
            summary: "Set one's own password; one's other sessions end.",
            tag: "users",
            body: .json(
                .object([
                    .required("current_password", .string(1...1024)),
                    .required("new_password", UserBody.newPasswordSchema),
                ])
            ),
            responses: [
                ResponseRule(204, "The password is set."),
                ResponseRule.problem(422, "The current password is wrong, or the new one breaks the rules."),
            ],
            rateClass: .auth
        ) { request in
            guard let current = request.json?["current_password"]?.string,
                let new = request.json?["new_password"]?.string
            else { throw ProblemError(.validationFailed) }
            do {
                try await identity.changePassword(
                    try request.caller,
                    current: current,
                    new: new,
                    ip: request.client.description,
                    requestID: request.id
                )
            } catch IdentityError.invalidCredentials {
                // Not 401: the caller is who they say, and their tokens stay good.
                throw ProblemMapping.invalid("/current_password", "is wrong")
            } catch IdentityError.password(let fault) {
                throw ProblemMapping.invalid("/new_password", "\(fault)")
            }
            return .noContent
        }
    }

    // MARK: Everyone's

    private var list: Route {
        Route(
            .get,
            "/api/v1/users",
            access: .requires(.usersRead),
            summary: "The users by name.",
            tag: "users",
            parameters: [PageParameters.limit(max: UserLimits.pageUsersMax), PageParameters.cursor],
            responses: [ResponseRule(200, "A page of users.", json: .page(of: UserBody.schema))]
        ) { request in
            let page = try await identity.listUsers(
                after: try request.parameters.string("cursor").map { try UserCursor.name($0) },
                limit: PageParameters.limit(request)
            )
            return .json(
                Page(items: page.users.map { UserBody(user: $0) }, nextCursor: page.next.map(UserCursor.text))
            )
        }
    }

    private var create: Route {
        Route(
            .post,
            "/api/v1/users",
            access: .requires(.usersWrite),
            summary: "Make a user.",
            tag: "users",
            body: .json(
                .named(
                    "NewUser",
                    .object([
                        .required("username", .string(1...UserLimits.usernameLengthMax, format: .username)),
                        .optional("display_name", .string(0...UserLimits.displayNameLengthMax)),
                        .required("roles", UserBody.rolesSchema),
                        .required("password", UserBody.newPasswordSchema),
                    ])
                )
            ),
            responses: [
                ResponseRule(201, "The new user.", json: UserBody.schema),
                ResponseRule.problem(409, "The name is taken."),
            ],
            // A password is hashed.
            rateClass: .auth
        ) { request in
            guard let username = request.json?["username"]?.string, let password = request.json?["password"]?.string
            else { throw ProblemError(.validationFailed) }
            let new = NewUser(
                username: username,
                displayName: request.json?["display_name"]?.string ?? "",
                roles: Self.roles(request.json) ?? [],
                password: password
            )
            let user = try await identity.createUser(new, by: try request.caller, requestID: request.id)
            return .json(
                UserBody(user: user),
                status: .created,
                headers: [
                    .location: "/api/v1/users/\(user.id)", .eTag: EntityTag(version: user.version).description,
                ]
            )
        }
    }

    private var get: Route {
        Route(
            .get,
            "/api/v1/users/{id}",
            access: .requires(.usersRead),
            summary: "A user.",
            tag: "users",
            parameters: [ResourceID.parameter, Preconditions.noneMatch],
            responses: [
                ResponseRule(200, "The user.", json: UserBody.schema),
                ResponseRule.problem(404, "There is no such user."),
            ]
        ) { request in
            let user = try await identity.user(try ResourceID.of(request))
            return Preconditions.answer(request.head.headerFields, EntityTag(version: user.version)) {
                .json(UserBody(user: user))
            }
        }
    }

    private var update: Route {
        Route(
            .patch,
            "/api/v1/users/{id}",
            access: .requires(.usersWrite),
            summary: "Change a user; with other roles, or when made inactive, all of the user's sessions end.",
            tag: "users",
            parameters: [ResourceID.parameter, VersionCondition.parameter],
            body: .json(
                .named(
                    "UserChange",
                    .object([
                        .optional("display_name", .string(0...UserLimits.displayNameLengthMax)),
                        .optional("roles", UserBody.rolesSchema),
                        .optional("active", .boolean),
                    ])
                )
            ),
            responses: [
                ResponseRule(200, "The changed user.", json: UserBody.schema),
                ResponseRule.problem(404, "There is no such user."),
                ResponseRule.problem(409, "It would leave no active administrator."),
                ResponseRule.problem(412, "The user was changed meanwhile."),
            ]
        ) { request in
            let id = try ResourceID.of(request)
            let condition = try VersionCondition(request)
            let current = try await identity.user(id).version
            try condition.check(current)
            let change = UserChange(
                displayName: request.json?["display_name"]?.string,
                roles: Self.roles(request.json),
                isActive: request.json?["active"]?.boolean
            )
            let user = try await identity.updateUser(
                id,
                version: current,
                change,
                by: try request.caller,
                requestID: request.id
            )
            return .json(UserBody(user: user), headers: [.eTag: EntityTag(version: user.version).description])
        }
    }

    private var setPassword: Route {
        Route(
            .put,
            "/api/v1/users/{id}/password",
            access: .requires(.usersWrite),
            summary: "Set the password of a user who forgot it; all of the user's sessions end.",
            tag: "users",
            parameters: [ResourceID.parameter],
            body: .json(.object([.required("password", UserBody.newPasswordSchema)])),
            responses: [
                ResponseRule(204, "The password is set."),
                ResponseRule.problem(404, "There is no such user."),
                ResponseRule.problem(409, "It is the caller's own account."),
            ],
            rateClass: .auth
        ) { request in
            guard let password = request.json?["password"]?.string else { throw ProblemError(.validationFailed) }
            let id = try ResourceID.of(request)
            let caller = try request.caller
            // A token alone must not be enough to take its owner's account over.
            guard id != caller.userID else {
                throw ProblemError(.conflict, "one's own password is changed at /api/v1/users/me/password")
            }
            try await identity.setPassword(of: id, to: password, by: caller, requestID: request.id)
            return .noContent
        }
    }

    private static func roles(_ json: JSONValue?) -> Set<Role>? {
        json?["roles"]?.array.map { Set($0.compactMap { $0.string.flatMap(Role.init(rawValue:)) }) }
    }
}

/// The cursor of the list of users: the name that ended the page before.
private enum UserCursor {
    private static let prefix = "users:"

    static func text(_ name: String) -> String { Data((prefix + name).utf8).base64EncodedString() }

    /// - Throws: ``ProblemError`` for what is no cursor of this list.
    static func name(_ text: String) throws(ProblemError) -> String {
        guard let data = Data(base64Encoded: text), let name = String(data: data, encoding: .utf8),
            name.hasPrefix(prefix),
            !name.utf8.contains(0)
        else { throw ProblemMapping.invalidParameter("cursor", "is not a cursor of this list") }
        return String(name.dropFirst(prefix.count))
    }
}

/// A user as the API shows it.
private struct UserBody: JSONWritable {
    /// The roles that a user may have; the one of agents comes with their tokens.
    static let rolesSchema = JSONSchema.array(
        of: .oneOf(Role.allCases.filter { $0 != .agent }.map(\.rawValue)),
        count: 1...Role.allCases.count,
        isSet: true
    )

    /// The rules of ``PasswordPolicy``, so that a body is told all its faults at once.
    static let newPasswordSchema = JSONSchema.string(
        PasswordPolicy.lengthMin...PasswordPolicy.bytesMax,
        format: .newPassword
    )

    static let schema = JSONSchema.named(
        "User",
        .object([
            .required("id", .string(format: .uuid)),
            .required("username", .string()),
            .required("display_name", .string()),
            .required("roles", .array(of: .oneOf(Role.self))),
            .required("active", .boolean),
            .optional("permissions", .array(of: .oneOf(Identity.Permission.self)), "For one's own account."),
            .required("version", .integer()),
            .required("created_at", .string(format: .dateTime)),
            .required("updated_at", .string(format: .dateTime)),
        ])
    )

    let user: User
    var permissions: Set<Identity.Permission>?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("id", user.id.description)
            json.member("username", user.username)
            json.member("display_name", user.displayName)
            json.member("roles", user.roles.sorted().map(\.rawValue))
            json.member("active", user.isActive)
            if let permissions { json.member("permissions", permissions.map(\.rawValue).sorted()) }
            json.member("version", Int(user.version))
            json.member("created_at", user.createdAt.rfc3339)
            json.member("updated_at", user.updatedAt.rfc3339)
        }
    }
}
