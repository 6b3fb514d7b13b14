package import Basics
import JSON

/// What a login gives.
package struct Tokens: Hashable, Sendable {
    /// Sent with every request.
    package var access: String
    /// Exchanged for new tokens; nil for a token that was handed in.
    package var refresh: String?
    /// When the access token ends; nil when that is not known.
    package var expiresAt: Timestamp?
    /// Who logged in; nil when that is not known.
    package var username: String?

    package init(access: String, refresh: String? = nil, expiresAt: Timestamp? = nil, username: String? = nil) {
        self.access = access
        self.refresh = refresh
        self.expiresAt = expiresAt
        self.username = username
    }

    /// Reads the answer of a login or a refresh.
    init(_ json: JSONValue, username: String?, now: Timestamp) throws(ClientError) {
        guard let access = json["access_token"]?.string, !access.isEmpty else {
            throw .unexpectedAnswer("a login without access_token")
        }
        if let type = json["token_type"]?.string, type.lowercased() != "bearer" {
            throw .unexpectedAnswer("a token of the type \(type)")
        }
        self.access = access
        refresh = json["refresh_token"]?.string
        expiresAt = json["expires_in"]?.integer.map { now.advanced(by: .seconds(max(0, $0))) }
        self.username = username
    }
}

/// Where tokens are kept.
package protocol TokenStore: Sendable {
    /// The tokens for the server in question.
    func tokens() throws(ClientError) -> Tokens?
    /// Keeps new tokens, or forgets them.
    func replace(_ tokens: Tokens?) throws(ClientError)
}

/// A token that was handed in (`KASKMAN_TOKEN`); it cannot be refreshed, and is never written anywhere.
package struct FixedToken: TokenStore {
    private let token: String

    package init(_ token: String) { self.token = token }

    package func tokens() -> Tokens? { Tokens(access: token) }

    package func replace(_ tokens: Tokens?) throws(ClientError) {
        throw .files("the token of KASKMAN_TOKEN cannot be replaced: unset the variable to log in or out")
    }
}
