import APIModel
import Crypto
package import HTTPTypes

/// A request for a WebSocket that may be granted (RFC 6455, 4.2).
package struct WebSocketHandshake: Sendable {
    private static let upgrade = HTTPField.Name("Upgrade")
    private static let key = HTTPField.Name("Sec-WebSocket-Key")
    private static let version = HTTPField.Name("Sec-WebSocket-Version")
    private static let accept = HTTPField.Name("Sec-WebSocket-Accept")
    private static let extensions = HTTPField.Name("Sec-WebSocket-Extensions")
    /// What the key is hashed with (RFC 6455, 1.3).
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    let fields: HTTPFields
    let deflate: DeflateAgreement?

    /// Checks a request.
    ///
    /// `origins`: the pages that may connect, for a browser says whose page it is.
    /// - Throws: ``ProblemError``: `upgradeRequired` for what is no handshake of version 13, `malformedRequest` for one
    ///   that is broken, `forbidden` for a page of another origin.
    package init(_ head: HTTPRequest, origins: OriginPolicy) throws(ProblemError) {
        guard let upgrade = Self.upgrade, let key = Self.key, let version = Self.version, let accept = Self.accept,
            let extensions = Self.extensions
        else { throw ProblemError(.internalError) }
        let request = head.headerFields
        guard head.method == .get, Self.lists("websocket", request[values: upgrade]),
            Self.lists("upgrade", request[values: .connection]), request[values: version] == ["13"]
        else {
            throw ProblemError(
                .upgradeRequired,
                "a WebSocket of version 13 is spoken here (RFC 6455)",
                headers: [upgrade: "websocket", version: "13"]
            )
        }
        let keys = request[values: key]
        guard keys.count == 1, Self.isKey(keys[0]) else {
            throw ProblemError(.malformedRequest, "Sec-WebSocket-Key must be the base64 of 16 bytes")
        }
        guard request[.contentLength] ?? "0" == "0", !request.contains(.transferEncoding) else {
            throw ProblemError(.malformedRequest, "a handshake has no body")
        }
        guard origins.allows(head) else {
            throw ProblemError(.forbidden, "pages of this origin may not connect (http.allowed_origins)")
        }
        deflate = DeflateAgreement.choosing(from: request[values: extensions])
        let hash = Insecure.SHA1.hash(data: Array((keys[0] + Self.suffix).utf8))
        var fields: HTTPFields = [
            upgrade: "websocket", .connection: "Upgrade", accept: Self.base64(Array(hash)),
        ]
        if let deflate { fields[extensions] = deflate.field }
        self.fields = fields
    }

    private static func lists(_ word: String, _ fields: [String]) -> Bool {
        fields.contains { field in
            field.split(separator: ",").contains { item in
                item.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased() == word
            }
        }
    }

    /// Whether a text is the base64 of 16 bytes.
    private static func isKey(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 24 && bytes.suffix(2) == [61, 61] && bytes.prefix(22).allSatisfy(alphabet.contains)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                text.append(place <= group.count ? alphabet[word >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
