/// Why a pattern was refused.
///
/// The text follows Go's `regexp/syntax`, so a user of Prometheus sees the message they know:
/// ``error parsing regexp: missing closing ): `a(b` ``.
public struct RegularExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of refusal; the raw value is the message's wording.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// A malformed range or an unknown class name, such as `z-a` or `[:foo:]`.
        case invalidCharacterRange = "invalid character class range"
        /// An escape RE2 does not have, backreferences included.
        case invalidEscape = "invalid escape sequence"
        /// A group name that is empty, unterminated or has characters other than letters, digits and `_`.
        case invalidNamedCapture = "invalid named capture"
        /// A `(?…` construct RE2 does not have, such as a lookahead.
        case invalidPerlSyntax = "invalid or unsupported Perl syntax"
        /// Two repetition operators in a row.
        case invalidRepeatOperator = "invalid nested repetition operator"
        /// A repetition count (or a product of nested counts) over ``RegularExpression/Limits/repeatCountMax``.
        case invalidRepeatCount = "invalid repeat count"
        /// A character class that is not closed.
        case missingBracket = "missing closing ]"
        /// A group that is not closed.
        case missingParenthesis = "missing closing )"
        /// A repetition operator with nothing before it.
        case missingRepeatArgument = "missing argument to repetition operator"
        /// The pattern ends in a backslash.
        case trailingBackslash = "trailing backslash at end of expression"
        /// A `)` without a group.
        case unexpectedParenthesis = "unexpected )"
        /// Nesting over ``RegularExpression/Limits/nestingDepthMax``.
        case nestingTooDeep = "expression nests too deeply"
        /// The compiled program would exceed ``RegularExpression/Limits``.
        case tooLarge = "expression too large"
        /// The pattern is longer than ``RegularExpression/Limits/patternBytesMax``.
        case patternTooLong = "expression too long"
        /// A class name that is no general category and that the Unicode data at hand cannot answer as a script.
        case unsupportedScript = "unsupported script"
    }

    /// The kind of refusal.
    public let code: Code

    /// The part of the pattern the message is about.
    public let expression: String

    /// Creates an error about a part of a pattern.
    public init(_ code: Code, _ expression: String) {
        self.code = code
        self.expression = expression
    }

    /// The message in Go's wording.
    public var description: String {
        "error parsing regexp: \(code.rawValue): `\(expression)`"
    }
}
