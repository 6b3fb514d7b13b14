import ArgumentParser
import Basics
import Client
import JSON

/// The command `kaskman user`.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Users, for administrators.",
        subcommands: [UserListCommand.self, UserCreateCommand.self, UserUpdateCommand.self, UserPasswordCommand.self]
    )

    static let path = "/api/v1/users"

    /// The identifier of a user who is named by it, or by the name to sign in with.
    static func identifier(_ user: String, by client: APIClient) async throws -> String {
        if UUIDv7(user) != nil { return user }
        let users = try await client.items(path, [], limit: LimitOptions.limitMax).items
        let found = users.first { $0["username"]?.string?.lowercased() == user.lowercased() }
        guard let id = found?["id"]?.string else {
            throw CommandFailure.failed("there is no user '\(TextTable.visible(user))'")
        }
        return id
    }

    static func roles(_ user: JSONValue) -> String {
        (user["roles"]?.array ?? []).compactMap(\.string).joined(separator: ",")
    }
}

/// The command `kaskman user list`.
struct UserListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List users by name.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var limit: LimitOptions

    func run() async throws {
        try await connection.list(UserCommand.path, [], limit: limit, as: format, of: "users", { $0 }) { users, _ in
            var table = TextTable("ID", "NAME", "DISPLAY NAME", "ROLES", "ACTIVE")
            for user in users {
                table.append(
                    user["id"]?.string ?? "",
                    user["username"]?.string ?? "",
                    user["display_name"]?.string ?? "",
                    UserCommand.roles(user),
                    user["active"]?.boolean == false ? "no" : "yes"
                )
            }
            return table
        }
    }
}

/// Where the password of another user comes from.
struct NewPasswordOptions: ParsableArguments {
    @Flag(help: "Read the password from the first line of the standard input.")
    var passwordStdin = false

    /// Asks twice at the terminal; without one, or when that was said, reads the standard input.
    func password(of name: String, _ environment: CommandEnvironment) throws(CommandFailure) -> String {
        let prompt = "New password of \(TextTable.visible(name))"
        if !passwordStdin, let password = try PasswordInput.new(prompt, environment) { return password }
        return try PasswordInput.lines(["password"], environment)[0]
    }
}

/// The command `kaskman user create`.
struct UserCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a user, and show it.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions
    @OptionGroup var input: NewPasswordOptions

    @Argument(help: "The name to sign in with.")
    var name: String

    @Option(help: "administrator, operator, researcher or viewer; may be repeated.")
    var role: [String]

    @Option(help: "The name that others see; the one to sign in with when it is left out.")
    var displayName: String?

    func run() async throws {
        let environment = CommandEnvironment.current
        var body = JSONObject()
        body["username"] = .string(name)
        body["display_name"] = displayName.map { .string($0) }
        body["roles"] = .array(role.map { .string($0) })
        body["password"] = .string(try input.password(of: name, environment))
        let content = JSONValue.object(body)
        try await connection.show(as: format) { client in
            try await client.create(UserCommand.path, content, key: environment.uniqueKey())
        }
    }
}

/// The command `kaskman user update`.
struct UserUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a user, and show it; with other roles, or when made inactive, that user's sessions end."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The user's name or identifier.")
    var user: String

    @Option(
        help: "The roles instead of those there are: administrator, operator, researcher or viewer; may be repeated."
    )
    var role: [String] = []

    @Option(help: "The name that others see.")
    var displayName: String?

    @Flag(inversion: .prefixedNo, help: "Whether the user may sign in.")
    var active: Bool?

    func run() async throws {
        var body = JSONObject()
        body["display_name"] = displayName.map { .string($0) }
        if !role.isEmpty { body["roles"] = .strings(role) }
        body["active"] = active.map { .boolean($0) }
        if body.isEmpty { throw CommandFailure.usage("nothing to change was given") }
        let content = JSONValue.object(body)
        try await connection.show(as: format) { client in
            let id = try await UserCommand.identifier(user, by: client)
            let tag = try await client.resource(UserCommand.path, id: id).tag
            return try await client.patch(UserCommand.path, id: id, content, tag: tag)
        }
    }
}

/// The command `kaskman user password`.
struct UserPasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Set the password of another user, who forgot it; that user's sessions end."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var input: NewPasswordOptions

    @Argument(help: "The user's name or identifier.")
    var user: String

    func run() async throws {
        let environment = CommandEnvironment.current
        let password = try input.password(of: user, environment)
        try await connection.withClient(environment) { client in
            try await client.setPassword(ofUser: try await UserCommand.identifier(user, by: client), to: password)
        }
        environment.message("The password of \(TextTable.visible(user)) is set.")
    }
}
