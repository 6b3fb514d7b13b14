import Yams

/// Says in a sentence why a text is no YAML, and where.
enum YAMLSyntaxText {
    /// The fault of a file: `path:line:column: …`; without a place where the parser tells none.
    static func fault(_ error: YamlError, in path: String) -> String {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            "\(path):\(mark.line):\(mark.column): \(sentence(problem, begin: context?.mark.line))"
        case .duplicatedKeysInMapping(let names, let context):
            "\(path):\(context.mark.line):\(context.mark.column): the key \(names.joined(separator: ", ")) "
                + "is given more than once"
        case .reader: "\(path): the file is not YAML: it holds characters that YAML does not allow"
        default: "\(path): the file is not YAML"
        }
    }

    /// The parser's words in ours; `begin` is the line where what could not be read begins.
    private static func sentence(_ problem: String, begin: Int?) -> String {
        let begun = begin.map { " that begins on line \($0)" } ?? ""
        return switch problem {
        case "did not find expected ',' or ']'": "the list\(begun) is not closed: a comma or ] is missing"
        case "did not find expected ',' or '}'": "the mapping\(begun) is not closed: a comma or } is missing"
        case "did not find expected node content": "no value where one is expected: is a list or mapping not closed?"
        case "found unexpected end of stream": "the text in quotes\(begun) is not closed"
        case "mapping values are not allowed in this context":
            "a colon that cannot be a key's here: a text that holds one belongs in quotes, and keys of one section are "
                + "indented alike"
        case "could not find expected ':'": "the key\(begun) has no colon"
        case "did not find expected key": "no key where one is expected: keys of one section are indented alike"
        case "did not find expected '-' indicator": "no - where one is expected: items of one list are indented alike"
        case "found character that cannot start any token":
            "a character that cannot begin a value: blanks indent, not tabs; other texts that begin so belong in quotes"
        default: "the file is not YAML here: \(problem)"
        }
    }
}
