import ArgumentParser
import Basics
import Client

/// Which server a command speaks to.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's address; before KASKMAN_URL and the context.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("The context to use instead of the current one.", valueName: "name"))
    var context: String?

    @Option(help: ArgumentHelp("Seconds that an answer may take.", valueName: "seconds"))
    var timeout: Double = 30

    mutating func validate() throws {
        guard timeout.isFinite, (0.001...86_400).contains(timeout) else {
            throw ValidationError("--timeout must be from 0.001 to 86400 seconds")
        }
    }

    /// The client's files.
    /// - Throws: ``ClientError`` without a home directory.
    static func files(_ environment: CommandEnvironment) throws(ClientError) -> ConfigurationFiles {
        guard let folder = ConfigurationFiles.folder(environment: environment.variables) else {
            throw .files("there is no folder for credentials: set HOME or XDG_CONFIG_HOME")
        }
        return ConfigurationFiles(folder: folder, fileSystem: environment.fileSystem)
    }

    /// The server: of the flag, the named context, the variable, the current context, or this machine's.
    func address(_ environment: CommandEnvironment) throws(ClientError) -> ServerAddress {
        if let url { return try ServerAddress(url) }
        if let context {
            guard let address = try Self.files(environment).contexts().addresses[context] else {
                throw .files("there is no context \(context)")
            }
            return address
        }
        if let url = environment.variables["KASKMAN_URL"], !url.isEmpty { return try ServerAddress(url) }
        // Without a home directory there are no contexts, which is fine here.
        guard ConfigurationFiles.folder(environment: environment.variables) != nil else { return .standard }
        let contexts = try Self.files(environment).contexts()
        return contexts.current.flatMap { contexts.addresses[$0] } ?? .standard
    }

    /// Calls the server, and ends the connections behind it.
    func withClient<Answer: Sendable>(
        _ environment: CommandEnvironment,
        _ body: (APIClient) async throws -> Answer
    ) async throws -> Answer {
        let address = try address(environment)
        let tokens: any TokenStore
        if let token = environment.variables["KASKMAN_TOKEN"], !token.isEmpty {
            tokens = FixedToken(token)
        } else {
            tokens = StoredTokens(files: try Self.files(environment), address: address)
        }
        let (transport, close) = environment.transport()
        let client = APIClient(
            address: address,
            transport: transport,
            tokens: tokens,
            clock: environment.clock,
            timeout: .milliseconds(Int64(timeout * 1000))
        )
        do {
            let answer = try await body(client)
            await close()
            return answer
        } catch {
            await close()
            throw error
        }
    }
}
