import Basics
import Client
import JSON

/// A record that a command names by its identifier or by its name.
enum NamedRecord {
    /// How many records whose text matches are looked at.
    private static let candidatesMax = 1000

    /// The identifier of a record that is named by it, or by its name; parameters and errors as for ``find(_:at:called:by:)``.
    static func identifier(
        _ text: String,
        at path: String,
        called one: String,
        by client: APIClient
    ) async throws -> String {
        if UUIDv7(text) != nil { return text }
        let found = try await find(text, at: path, called: one, by: client)
        guard let id = found["id"]?.string else { throw ClientError.unexpectedAnswer("\(one): id is missing") }
        return id
    }

    /// Finds a record.
    ///
    /// - Parameters:
    ///   - text: its identifier; otherwise its name, without regard to case.
    ///   - path: where the list is.
    ///   - one: what the records are called.
    ///   - client: asks the server.
    /// - Returns: the record.
    /// - Throws: ``CommandFailure`` when no record or several have the name; ``ClientError``.
    static func find(
        _ text: String,
        at path: String,
        called one: String,
        by client: APIClient
    ) async throws -> JSONValue {
        if UUIDv7(text) != nil { return try await client.resource(path, id: text).json }
        let name = text.lowercased()
        let shown = TextTable.visible(text)
        let unknown = CommandFailure.failed("'\(shown)' is neither the identifier nor the name of any \(one)")
        if name.isEmpty { throw unknown }
        // The search finds the words wherever they stand; the name tells.
        let candidates = try await client.items(path, [("q", text)], limit: candidatesMax).items
        let found = candidates.filter { $0["name"]?.string?.lowercased() == name }
        guard let first = found.first else { throw unknown }
        guard found.count == 1 else {
            let lines = found.map { record in
                ["id", "status", "created_at"].map { TextTable.visible(record[$0]?.string ?? "") }
                    .joined(separator: "  ")
            }
            let list = lines.map { "\n  " + $0 }.joined()
            throw CommandFailure.failed("\(found.count) \(one)s are named '\(shown)'; give the identifier:\(list)")
        }
        return first
    }
}

extension ConnectionOptions {
    /// The identifier of the project that an option names; nil where it was not given.
    ///
    /// Asks the server only for a name.
    func projectID(_ text: String?) async throws -> String? {
        guard let text else { return nil }
        if UUIDv7(text) != nil { return text }
        return try await withClient(CommandEnvironment.current) { client in
            try await NamedRecord.identifier(text, at: ProjectCommand.path, called: "project", by: client)
        }
    }
}
