/// Posts requests: the one thing the notifier asks of a network.
///
/// Concurrency: may be called from many tasks at once.
public protocol WebhookTransport: Sendable {
    /// Posts a body and returns the receiver's answer.
    /// - Throws: Whatever kept an answer from coming; it counts as a network error and is tried again.
    func post(url: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration) async throws
        -> WebhookAnswer
}

/// What a receiver answered.
public struct WebhookAnswer: Sendable, Hashable {
    /// How many bytes of an answer's body are of use to people.
    public static let excerptBytesMax = 512

    /// The status of HTTP.
    public let status: Int
    /// The beginning of the body, for people; at most ``excerptBytesMax`` bytes.
    public let excerpt: String

    /// Makes an answer; of `excerpt` the beginning is kept.
    public init(status: Int, excerpt: String = "") {
        self.status = status
        self.excerpt = String(decoding: excerpt.utf8.prefix(Self.excerptBytesMax), as: UTF8.self)
    }
}

/// Why a delivery failed; a closed set, since it becomes the label `reason`.
public enum DeliveryFailure: String, Error, Sendable, CaseIterable {
    /// A status that is neither success nor 429 nor 5xx (4xx, a redirect): trying again would not help.
    case rejected
    /// 5xx or 429, until the deadline.
    case serverError = "server_error"
    /// No response, until the deadline.
    case network
    /// A secret's file could not be read, or a secret holds what cannot be sent: no web URL, or a header with control
    /// characters.
    case secret
    /// The notifier stopped.
    case stopped
}
