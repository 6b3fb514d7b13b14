import APIModel
package import HTTPTypes

/// A client's name for one creation, so that a repeated request creates once
/// (draft-ietf-httpapi-idempotency-key-header).
///
/// This type reads the field; whoever owns the resource keeps the keys.
package struct IdempotencyKey: Hashable, Sendable {
    /// The longest key.
    package static let lengthMax = 255

    package let value: String

    /// Reads the field, a quoted string or bare text; nil when it was not sent.
    /// - Throws: ``ProblemError`` with `malformed_request` unless it has 1 to ``lengthMax`` visible ASCII characters.
    package init?(_ fields: HTTPFields) throws(ProblemError) {
        guard let name = HTTPField.Name("Idempotency-Key"), let text = fields[name] else { return nil }
        var bytes = Array(text.utf8)
        if bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") {
            bytes = Array(bytes.dropFirst().dropLast())
        }
        let isVisible = bytes.allSatisfy {
            (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        guard isVisible, (1...Self.lengthMax).contains(bytes.count) else {
            throw ProblemError(
                .malformedRequest,
                "Idempotency-Key must have 1 to \(Self.lengthMax) visible ASCII characters"
            )
        }
        value = String(decoding: bytes, as: UTF8.self)
    }
}
