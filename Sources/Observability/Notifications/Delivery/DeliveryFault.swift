/// A delivery, or an attempt of it, that failed.
public struct DeliveryFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why, as one of the closed set.
    public let reason: DeliveryFailure
    /// What happened, for people: the receiver's own words or the network's; without the receiver's URL and credentials.
    public let detail: String
    /// How many attempts were made so far.
    public let attempts: Int
    /// Whether it is not tried again.
    public let isFinal: Bool

    /// The detail and the number of attempts.
    public var description: String { "\(detail) (attempt \(attempts))" }
}

/// A text from outside as a line of ours.
enum ForeignText {
    /// One line of at most `bytesMax` bytes in which the secrets do not stand.
    static func line(_ text: String, without secrets: [String], bytesMax: Int = 600) -> String {
        var text = text
        // The longer one first: a credential may be a part of the URL.
        for secret in secrets.filter({ !$0.isEmpty }).sorted(by: { $0.utf8.count > $1.utf8.count }) {
            text = text.replacing(secret, with: "…")
        }
        let bytes = text.utf8.prefix(bytesMax).map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: " ") : $0 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
