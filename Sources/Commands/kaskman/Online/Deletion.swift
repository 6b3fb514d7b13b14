import ArgumentParser
import Client

/// What the commands that delete something have in common.
struct DeletionOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    /// Asks, finds the record that is named by its identifier or its name, and deletes it.
    func delete(
        _ text: String,
        at path: String,
        called one: String,
        over connection: ConnectionOptions
    ) async throws {
        let environment = CommandEnvironment.current
        let shown = TextTable.visible(text)
        if !yes {
            guard let answer = environment.ask("Delete \(one) \(shown)? [y/N] ", false) else {
                throw CommandFailure.usage("there is no terminal to ask at: give --yes")
            }
            guard ["y", "yes"].contains(answer.lowercased()) else { throw CommandFailure.failed("nothing was deleted") }
        }
        try await connection.withClient(environment) { client in
            try await client.delete(path, id: try await NamedRecord.identifier(text, at: path, called: one, by: client))
        }
        environment.message("Deleted \(shown).")
    }
}
