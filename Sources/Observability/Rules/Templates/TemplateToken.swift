/// The smallest parts of a template.
struct TemplateToken: Equatable {
    enum Kind: Equatable {
        case text, leftDelimiter, rightDelimiter, space, assign, declare, pipe, comma, character
        case leftParenthesis, rightParenthesis
        case dot, field, variable, identifier, keyword, boolean, string, rawString, characterConstant, number
        case end
        /// The token's text is the message.
        case error
    }

    let kind: Kind
    let text: String
    /// Byte offset in the template.
    let position: Int

    /// As Go prints a token in messages.
    var description: String {
        switch kind {
        case .end: return "EOF"
        case .error: return text
        case .keyword: return "<\(text)>"
        default:
            return text.count > 10 ? GoQuote.quote(String(text.prefix(10))) + "..." : GoQuote.quote(text)
        }
    }

    static let keywords: Set<String> = [
        "block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with",
    ]
}
