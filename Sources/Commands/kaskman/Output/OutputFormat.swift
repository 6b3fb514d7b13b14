import ArgumentParser
import JSON

/// How data is written.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, yaml
}

/// The option that every command with data has.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "How the data is written: table, json or yaml.")
    var output: OutputFormat = .table
}

extension CommandEnvironment {
    /// Writes data: as a table that is made only when it is wanted, or as the whole value.
    func output(_ value: JSONValue, as format: OutputFormat, table: () -> TextTable) {
        switch format {
        case .table: write(table().text)
        case .json: write(JSONText.pretty(value))
        case .yaml: write(YAMLText.document(value))
        }
    }
}
