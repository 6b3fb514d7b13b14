internal import Basics
internal import Crypto

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
        SHA256.hash(data: Array(token.utf8)).hexadecimal
    }

    /// The beginning that is shown in lists, so that people recognise a token.
    static func hint(_ token: String) -> String { String(token.prefix(10)) }
}
