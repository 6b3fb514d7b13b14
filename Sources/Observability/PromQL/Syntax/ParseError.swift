/// Why a text is no PromQL: everything that is wrong with it, in the order Prometheus reports it.
public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One complaint.
    public struct Issue: Hashable, Sendable {
        /// The message without position.
        public var message: String
        /// What it is about, in bytes of the text.
        public var position: SourceRange

        /// Makes a complaint.
        public init(_ message: String, _ position: SourceRange) {
            self.message = message
            self.position = position
        }
    }

    /// The text that was parsed.
    public let text: String
    /// At least one.
    public let issues: [Issue]

    init(text: String, issues: [Issue]) {
        precondition(!issues.isEmpty, "BUG: a parse error without an issue")
        self.text = text
        self.issues = issues
    }

    /// The first message.
    public var message: String { issues.first?.message ?? "" }

    /// `line:column: parse error: message`, for the first issue.
    public var description: String {
        issues.first.map(rendered) ?? ""
    }

    /// `line:column: parse error: message`, for one of the issues.
    public func rendered(_ issue: Issue) -> String {
        "\(issue.position.lineAndColumn(in: text)): parse error: \(issue.message)"
    }
}

extension SourceRange {
    /// `line:column` of the start, both from 1, the column in bytes; `unknown position` in an empty text.
    public func lineAndColumn(in text: String) -> String {
        if text.isEmpty { return "unknown position" }
        guard start >= 0, start <= text.utf8.count else { return "invalid position" }
        var line = 1
        var column = 1
        for byte in text.utf8.prefix(start) {
            column += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            }
        }
        return "\(line):\(column)"
    }
}
