/// The example file: every key with its meaning and its default, commented out.
package enum ExampleConfiguration {
    /// The text of deploy/kaskman.example.yaml; a test compares them.
    package static var text: String {
        var lines = [
            "# KaskManager's configuration. Every key is shown with its default; a key that is left out keeps it.",
            "# A variable overrides a key: http.port is KASKMAN_HTTP_PORT. Flags override both.",
        ]
        var section = ""
        for setting in SettingsTable.all {
            let parts = setting.key.split(separator: ".").map(String.init)
            if parts.count == 1 {
                section = ""
            } else if parts[0] != section {
                section = parts[0]
                lines += ["", "\(section):"]
            }
            let indent = parts.count == 1 ? "" : "  "
            if parts.count == 1 || lines.last?.hasSuffix(":") != true { lines.append("") }
            lines += wrapped(setting.help, width: 100).map { "\(indent)# \($0)" }
            let value = setting.defaultText.map(quoted) ?? "\"\""
            lines.append("\(indent)\(parts[parts.count - 1]): \(value)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || "./_-".contains($0) }
        return isPlain ? text : "\"\(text)\""
    }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        text.split(separator: " ").reduce(into: [String]()) { lines, word in
            if let last = lines.last, last.count + word.count < width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
    }
}
