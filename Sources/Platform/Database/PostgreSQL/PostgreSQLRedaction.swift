import CPostgres

/// The address of a server, as far as it may be shown, and its secrets taken out of messages.
struct PostgreSQLRedaction: Sendable {
    private let secrets: [String]
    /// The address without passwords, such as `postgresql://kaskman@db.example:5432/kaskman`.
    let description: String

    /// Reads a URL (libpq's documentation, 34.1.1.2).
    /// - Throws: ``DatabaseError``: `connection`; libpq's own reason would quote the URL with its password.
    init(url: String) throws(DatabaseError) {
        guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://"), !url.utf8.contains(0) else {
            throw DatabaseError(.connection, "the URL does not begin with postgresql://")
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            PQfreemem(message)
            throw DatabaseError(
                .connection,
                "the URL is none that libpq reads: is something misspelt, or a character of the password not written as %XX?"
            )
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        secrets = ["password", "sslpassword"].compactMap { values[$0] }.filter { !$0.isEmpty }
        let user = values["user"].map { "\($0)@" } ?? ""
        let host = values["host"] ?? values["hostaddr"] ?? ""
        let port = values["port"].map { ":\($0)" } ?? ""
        description = "postgresql://\(user)\(host)\(port)/\(values["dbname"] ?? "")"
    }

    /// A message without the secrets, in a line.
    func apply(_ message: String) -> String {
        var text = message
        while text.last?.isNewline == true { text.removeLast() }
        text = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        for secret in secrets { text = text.replacing(secret, with: "***") }
        return text
    }
}
