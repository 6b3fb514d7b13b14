import HTTPTypes

/// The identifier that ties a request, its answer and its log lines together.
enum RequestID {
    static let field = HTTPField.Name("X-Request-ID")
    static let lengthMax = 128

    /// The client's own identifier, if it has 1 to ``lengthMax`` letters, digits and `-_.:` signs, so that it can stand
    /// in any log.
    static func valid(_ fields: HTTPFields) -> String? {
        guard let field, let text = fields[field], (1...lengthMax).contains(text.utf8.count) else { return nil }
        let isValid = text.utf8.allSatisfy {
            (97...122).contains($0 | 0x20) || (45...46).contains($0) || (48...58).contains($0) || $0 == 95
        }
        return isValid ? text : nil
    }
}
