package import Basics
import JSON

/// The client's files, `contexts.json` and `credentials.json`: for the owner alone, replaced atomically.
///
/// Credentials are kept by the server's address, so that a token never goes to another server than the one that gave it.
///
/// Concurrency: a value; two processes that write at once leave the files of one of them.
package struct ConfigurationFiles: Sendable {
    /// The largest file that is read.
    package static let bytesMax = 1 << 20

    /// The folder of both files.
    package let folder: String
    private let fileSystem: any FileSystem

    package init(folder: String, fileSystem: any FileSystem) {
        self.folder = folder
        self.fileSystem = fileSystem
    }

    /// The folder by the XDG Base Directory rules: `$XDG_CONFIG_HOME/kaskman`, or `~/.config/kaskman`; nil without a home.
    package static func folder(environment: [String: String]) -> String? {
        // The rules have relative paths ignored.
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder + "/kaskman" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.config/kaskman" }
        return nil
    }

    // MARK: Contexts

    /// Servers by name, and the one in use.
    package struct Contexts: Hashable, Sendable {
        package var current: String?
        package var addresses: [String: ServerAddress]

        package init(current: String? = nil, addresses: [String: ServerAddress] = [:]) {
            self.current = current
            self.addresses = addresses
        }
    }

    package func contexts() throws(ClientError) -> Contexts {
        guard let json = try read("contexts.json") else { return Contexts() }
        var contexts = Contexts(current: json["current"]?.string)
        for member in json["contexts"]?.object?.members ?? [] {
            guard let text = member.value["url"]?.string else {
                throw .files("\(folder)/contexts.json: the context \(member.name) has no url")
            }
            contexts.addresses[member.name] = try ServerAddress(text)
        }
        return contexts
    }

    package func write(_ contexts: Contexts) throws(ClientError) {
        var list = JSONObject()
        for (name, address) in contexts.addresses.sorted(by: { $0.key < $1.key }) {
            var entry = JSONObject()
            entry["url"] = .string(address.description)
            list[name] = .object(entry)
        }
        var file = JSONObject()
        file["current"] = contexts.current.map { .string($0) }
        file["contexts"] = .object(list)
        try write(.object(file), to: "contexts.json")
    }

    // MARK: Credentials

    /// The tokens for a server.
    package func tokens(for address: ServerAddress) throws(ClientError) -> Tokens? {
        guard let entry = try read("credentials.json")?["servers"]?[address.description] else { return nil }
        guard let access = entry["access_token"]?.string else { return nil }
        return Tokens(
            access: access,
            refresh: entry["refresh_token"]?.string,
            expiresAt: entry["expires_at"]?.string.flatMap { Timestamp(rfc3339: $0) },
            username: entry["username"]?.string
        )
    }

    /// Keeps or forgets the tokens for a server.
    package func replace(_ tokens: Tokens?, for address: ServerAddress) throws(ClientError) {
        var servers = try read("credentials.json")?["servers"]?.object ?? JSONObject()
        if let tokens {
            var entry = JSONObject()
            entry["username"] = tokens.username.map { .string($0) }
            entry["access_token"] = .string(tokens.access)
            entry["refresh_token"] = tokens.refresh.map { .string($0) }
            entry["expires_at"] = tokens.expiresAt.map { .string($0.rfc3339) }
            servers[address.description] = .object(entry)
        } else {
            servers[address.description] = nil
        }
        var file = JSONObject()
        file["servers"] = .object(servers)
        try write(.object(file), to: "credentials.json")
    }

    // MARK: Files

    private func read(_ name: String) throws(ClientError) -> JSONValue? {
        let path = "\(folder)/\(name)"
        let bytes: [UInt8]
        do throws(FileSystemError) {
            bytes = try fileSystem.read(path, bytesMax: Self.bytesMax)
        } catch {
            if error.code == .notFound { return nil }
            throw .files(error.description)
        }
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw .files("\(path): \(error)")
        }
    }

    private func write(_ json: JSONValue, to name: String) throws(ClientError) {
        do throws(FileSystemError) {
            try fileSystem.createDirectory(folder, mode: .ownerOnlyDirectory)
            let text = JSONWriter.bytes(of: json) + [UInt8(ascii: "\n")]
            try fileSystem.writeAtomically(text, to: "\(folder)/\(name)", mode: .ownerOnly)
        } catch {
            throw .files(error.description)
        }
    }
}

/// The stored tokens of one server.
package struct StoredTokens: TokenStore {
    private let files: ConfigurationFiles
    private let address: ServerAddress

    package init(files: ConfigurationFiles, address: ServerAddress) {
        self.files = files
        self.address = address
    }

    package func tokens() throws(ClientError) -> Tokens? { try files.tokens(for: address) }

    package func replace(_ tokens: Tokens?) throws(ClientError) { try files.replace(tokens, for: address) }
}
