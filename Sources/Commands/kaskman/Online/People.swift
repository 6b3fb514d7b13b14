import Client
import JSON

/// The names of those who stand in records, so that tables tell who somebody is.
struct People {
    /// The members of projects and agents that hold identifiers of people.
    private static let members = ["owner", "assignees", "created_by"]

    private let names: [String: String]

    /// Asks for everyone who stands in some records, once.
    ///
    /// A server that does not tell leaves the identifiers as they are: the records are what was asked for.
    static func named(in records: [JSONValue], as format: OutputFormat, by client: APIClient) async -> People {
        guard format == .table else { return People(names: [:]) }
        let ids = records.flatMap { record in members.flatMap { Self.ids(record[$0]) } }
        return People(names: (try? await client.names(of: ids)) ?? [:])
    }

    /// The name; the identifier where it is not known.
    func name(_ id: String?) -> String { id.map { names[$0] ?? $0 } ?? "" }

    /// A record with names in place of identifiers.
    func naming(_ record: JSONValue) -> JSONValue {
        guard var object = record.object else { return record }
        for member in Self.members {
            switch object[member] {
            case .string(let id): object[member] = .string(name(id))
            case .array(let ids): object[member] = .array(ids.map { $0.string.map { .string(name($0)) } ?? $0 })
            default: continue
            }
        }
        return .object(object)
    }

    private static func ids(_ value: JSONValue?) -> [String] {
        if let id = value?.string { return [id] }
        return (value?.array ?? []).compactMap(\.string)
    }
}
