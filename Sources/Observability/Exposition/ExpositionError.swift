/// Why a page is not in the text format: the line and what is wrong with it.
public struct ExpositionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of mistake; a closed set, since it may become a label.
    public enum Code: String, CaseIterable, Sendable {
        case unexpectedEnd = "unexpected_end"
        case invalidName = "invalid_name"
        case invalidLabel = "invalid_label"
        case invalidEscape = "invalid_escape"
        case invalidValue = "invalid_value"
        case invalidTimestamp = "invalid_timestamp"
        case invalidMetadata = "invalid_metadata"
        case negativeCount = "negative_count"
    }

    /// The kind of mistake.
    public let code: Code
    /// The first line is 1.
    public let line: Int
    /// As the decoder of prometheus/common words it.
    public let message: String

    /// Makes an error.
    public init(code: Code, line: Int, message: String) {
        self.code = code
        self.line = line
        self.message = message
    }

    /// The line and the message, as upstream prints them.
    public var description: String { "text format parsing error in line \(line): \(message)" }
}
