import ArgumentParser
import Basics
import Client
import JSON

/// The command `kaskman auth`.
struct AuthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth",
        abstract: "Log in to a server, and out again; change one's password.",
        subcommands: [LoginCommand.self, LogoutCommand.self, AuthStatusCommand.self, PasswordCommand.self]
    )
}

/// The command `kaskman auth login`.
struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Log in, and keep the tokens in a file that only you may read.",
        discussion: "The password is asked for at the terminal, or read from the standard input with --password-stdin."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "The user; asked for when it is left out.")
    var username: String?

    @Flag(help: "Read the password from the first line of the standard input.")
    var passwordStdin = false

    @Option(help: ArgumentHelp("Keep the server under this name, and use it from now on.", valueName: "name"))
    var saveContext: String?

    func run() async throws {
        let environment = CommandEnvironment.current
        if let token = environment.variables["KASKMAN_TOKEN"], !token.isEmpty {
            throw CommandFailure.failed("KASKMAN_TOKEN is set and would be used instead of a login: unset it first")
        }
        guard let username = username ?? environment.ask("Username: ", false), !username.isEmpty else {
            throw CommandFailure.usage("a user is needed: there is no terminal to ask at, so give --username")
        }
        let password = try password(environment)
        let address = try connection.address(environment)
        _ = try await connection.withClient(environment) { client in
            try await client.login(username: username, password: password)
        }
        environment.message("Logged in to \(address) as \(username).")
        try keep(address, environment)
    }

    /// Makes the server the one that commands talk to: under the name that was asked for, or as the first that is known.
    private func keep(_ address: ServerAddress, _ environment: CommandEnvironment) throws {
        let files = try ConnectionOptions.files(environment)
        var contexts = try files.contexts()
        let isFirst = connection.url != nil && contexts.addresses.isEmpty
        guard let name = saveContext ?? (isFirst ? "default" : nil) else { return }
        contexts.addresses[name] = address
        contexts.current = name
        try files.write(contexts)
        environment.message("Commands go to this server from now on (context \(name)).")
    }

    private func password(_ environment: CommandEnvironment) throws -> String {
        if passwordStdin { return try PasswordInput.lines(["password"], environment)[0] }
        guard let password = environment.ask("Password: ", true), !password.isEmpty else {
            throw CommandFailure.usage("a password is needed: without a terminal use --password-stdin")
        }
        return password
    }
}

/// The command `kaskman auth logout`.
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "End the session on the server and forget the tokens."
    )

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let address = try connection.address(environment)
        let wasLoggedIn = try await connection.withClient(environment) { try await $0.logout() }
        environment.message(wasLoggedIn ? "Logged out of \(address)." : "Not logged in to \(address).")
    }
}

/// The command `kaskman auth status`.
struct AuthStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show who is logged in; exit status 4 when nobody is."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let address = try connection.address(environment)
        let (user, tokens) = try await connection.withClient(environment) { client in
            // The user first: asking may refresh the tokens.
            (try await client.me(), try await client.tokens())
        }
        var value = JSONObject()
        value["server"] = .string(address.description)
        value["user"] = user
        value["token_expires_at"] = tokens?.expiresAt.map { .string($0.rfc3339) } ?? .null
        environment.output(.object(value), as: format.output) {
            var table = TextTable()
            table.append("Server", address.description)
            table.append("User", user["username"]?.string ?? "")
            table.append("Roles", (user["roles"]?.array ?? []).compactMap(\.string).joined(separator: ", "))
            if let expiry = tokens?.expiresAt { table.append("Token until", expiry.rfc3339) }
            return table
        }
    }
}

/// The command `kaskman context`.
struct ContextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Servers by name.",
        subcommands: [ContextListCommand.self, ContextUseCommand.self, ContextDeleteCommand.self]
    )
}

/// The command `kaskman context list`.
struct ContextListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the contexts.")

    @OptionGroup var format: OutputOptions

    func run() async throws {
        let environment = CommandEnvironment.current
        let contexts = try ConnectionOptions.files(environment).contexts()
        let sorted = contexts.addresses.sorted { $0.key < $1.key }
        let value = sorted.map { name, address in
            var entry = JSONObject()
            entry["name"] = .string(name)
            entry["url"] = .string(address.description)
            entry["current"] = .boolean(name == contexts.current)
            return JSONValue.object(entry)
        }
        environment.output(.array(value), as: format.output) {
            var table = TextTable("CURRENT", "NAME", "URL")
            for (name, address) in sorted {
                table.append(name == contexts.current ? "*" : "", name, address.description)
            }
            return table
        }
    }
}

/// The command `kaskman context use`.
struct ContextUseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use",
        abstract: "Use a context from now on; with --url it is made or changed."
    )

    @Argument(help: "The name.")
    var name: String

    @Option(help: "The server's address.")
    var url: String?

    func run() async throws {
        let environment = CommandEnvironment.current
        let files = try ConnectionOptions.files(environment)
        var contexts = try files.contexts()
        if let url { contexts.addresses[name] = try ServerAddress(url) }
        guard let address = contexts.addresses[name] else {
            throw CommandFailure.failed("there is no context \(name): give its --url")
        }
        contexts.current = name
        try files.write(contexts)
        environment.message("Using \(name) (\(address)).")
    }
}

/// The command `kaskman context delete`.
struct ContextDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Forget a context.")

    @Argument(help: "The name.")
    var name: String

    func run() async throws {
        let environment = CommandEnvironment.current
        let files = try ConnectionOptions.files(environment)
        var contexts = try files.contexts()
        guard contexts.addresses.removeValue(forKey: name) != nil else {
            throw CommandFailure.failed("there is no context \(name)")
        }
        if contexts.current == name { contexts.current = nil }
        try files.write(contexts)
    }
}
