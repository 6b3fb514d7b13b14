internal import Basics
internal import Crypto
internal import Foundation

/// A token that says nothing itself: 32 random bytes behind a prefix that tells people and scanners what it is.
///
/// Only its SHA-256 is stored; with 256 random bits there is nothing to guess, so no slow hash is needed.
enum OpaqueToken {
    /// The beginnings of our tokens.
    enum Prefix: String {
        case refresh = "kmr_"
        case agent = "kma_"
    }

    private static let randomBytes = 32

    /// Makes a token.
    static func make(_ prefix: Prefix) -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        return prefix.rawValue + Base64URL.encode(bytes)
    }

    /// What is stored of a token: its SHA-256 in hexadecimal.
    static func digest(_ token: String) -> String {
        SHA256.hash(data: Data(token.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// The beginning that is shown in lists, so that people recognise a token.
    static func hint(_ token: String) -> String { String(token.prefix(10)) }
}

/// Base64 with the alphabet for URLs, without padding (RFC 4648, 5).
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The bytes; nil for anything but unpadded base64url.
    static func decode(_ text: Substring) -> Data? {
        let isClean = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isClean else { return nil }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: standard + String(repeating: "=", count: (4 - standard.count % 4) % 4))
    }
}
