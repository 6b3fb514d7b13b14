import ArgumentParser
import Client
import JSON

/// How many items a list shows.
struct LimitOptions: ParsableArguments {
    static let limitMax = 100_000

    @Option(help: "The most items to list.")
    var limit = 100

    @Option(help: "Go on where a list ended that said so; the other options must stay as they were.")
    var cursor: String?

    mutating func validate() throws {
        guard (1...Self.limitMax).contains(limit) else {
            throw ValidationError("--limit must be from 1 to \(Self.limitMax)")
        }
    }
}

/// What the commands of all resources share.
extension ConnectionOptions {
    /// Asks for pages until there are enough records, and writes them: `table`, which may name people, is made only when it is
    /// wanted.
    func list<Record>(
        _ path: String,
        _ filter: [(name: String, value: String)],
        limit: LimitOptions,
        as format: OutputOptions,
        of many: String,
        _ record: (JSONValue) throws(ClientError) -> Record,
        table: ([Record], People) -> TextTable
    ) async throws {
        let environment = CommandEnvironment.current
        let progress = Progress(environment)
        let (items, next, people) = try await withClient(environment) { client in
            defer { progress.clear() }
            let (items, next) = try await client.items(path, filter, limit: limit.limit, from: limit.cursor) { count in
                progress.show("\(count) \(many)")
            }
            return (items, next, await People.named(in: items, as: format.output, by: client))
        }
        let records = try items.map(record)
        environment.output(.array(items), as: format.output) { table(records, people) }
        if let next {
            // On the standard error, so that the list stays what programs read; quoted, for shells.
            let cursor = TextTable.visible(next).replacing("'", with: "'\\''")
            environment.message("There are more \(many): give a greater --limit, or go on with --cursor '\(cursor)'.")
        }
    }

    /// Has something done to a record, and writes it.
    func act(_ path: String, _ id: String, _ word: String, as format: OutputOptions) async throws {
        let environment = CommandEnvironment.current
        let json = try await withClient(environment) { client in try await client.act(path, id: id, word) }
        environment.output(json, as: format.output) { RecordTable.make(json) }
    }

    /// Writes one record, which `body` gets, and returns it.
    @discardableResult
    func show(
        as format: OutputOptions,
        _ body: (APIClient) async throws -> JSONValue
    ) async throws -> JSONValue {
        let environment = CommandEnvironment.current
        let (json, people) = try await withClient(environment) { client in
            let json = try await body(client)
            return (json, await People.named(in: [json], as: format.output, by: client))
        }
        environment.output(json, as: format.output) { RecordTable.make(people.naming(json)) }
        return json
    }
}

/// A record with a line for each member.
enum RecordTable {
    static func make(_ json: JSONValue) -> TextTable {
        var table = TextTable()
        for member in json.object?.members ?? [] {
            let value: String
            switch member.value {
            case .null: continue
            case .string(let text): value = text
            case .array(let values) where values.allSatisfy({ $0.string != nil }):
                value = values.compactMap(\.string).joined(separator: ", ")
            default: value = JSONText.compact(member.value)
            }
            table.append(member.name, value)
        }
        return table
    }
}
