import JSON
import Rules

/// A file that holds JSON, or YAML that says the same.
enum StructuredFile {
    /// Reads a file; `-` is the standard input.
    /// - Throws: ``CommandFailure``, with the place for what is neither.
    static func value(_ path: String, _ environment: CommandEnvironment) throws(CommandFailure) -> JSONValue {
        let text = try InputFiles.text(path, environment)
        if let json = try? JSONValue(parsing: text) { return json }
        do throws(YAMLProblem) {
            return json(try YAMLDocument(text).root)
        } catch {
            throw .failed("\(path):\(error)")
        }
    }

    /// What a scalar without quotes is follows from YAML's core schema (1.2.2, 10.3.2), as far as JSON has such a thing.
    private static func json(_ value: YAMLValue) -> JSONValue {
        switch value.content {
        case .null: return .null
        case .sequence(let values): return .array(values.map { json($0) })
        case .mapping(let entries): return .object(JSONObject(entries.map { ($0.key, json($0.value)) }))
        case .scalar(let text):
            if value.isQuoted { return .string(text) }
            if ["true", "True", "TRUE"].contains(text) { return true }
            if ["false", "False", "FALSE"].contains(text) { return false }
            if let number = try? JSONValue(parsing: text), case .number = number { return number }
            return .string(text)
        }
    }
}
