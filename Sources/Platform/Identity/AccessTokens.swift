internal import Basics
internal import Foundation
internal import JWTKit
internal import Synchronization

/// The signed statement in an access token.
struct AccessClaims: JWTPayload, Hashable {
    var iss: String
    var aud: String
    var sub: String
    /// The session.
    var sid: String
    var name: String
    var roles: [Role]
    var iat: Int64
    var nbf: Int64
    var exp: Int64

    /// Times are checked by ``AccessTokens``, under the clock that was handed in.
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

/// Signs and checks access tokens: JWT with HS256.
///
/// HS256, since those who check are those who sign, and share the key through the database.
struct AccessTokens: Sendable {
    static let issuer = "kaskman"
    static let audience = "kaskman-api"
    /// Longer texts are refused unread.
    static let bytesMax = 4096
    /// How far the clocks of servers that share a database may differ.
    static let clockSkew: Duration = .seconds(5)
    private static let algorithm = "HS256"

    /// A key to sign with.
    struct Key: Sendable {
        let id: String
        let secret: [UInt8]
    }

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        let typ: String?
        let crit: [String]?
    }

    private let keys: JWTKeyCollection
    private let keyIDs: Set<String>
    private let signingKey: Key
    private let verified = VerifiedTokens()

    /// - Parameter keys: all that are accepted, the one to sign with first.
    init(_ keys: [Key]) async {
        guard let first = keys.first else { preconditionFailure("BUG: access tokens need a key") }
        let collection = JWTKeyCollection()
        for key in keys {
            precondition(key.secret.count >= 32, "BUG: a key of fewer than 32 bytes")
            let kid = JWKIdentifier(string: key.id)
            await collection.add(hmac: HMACKey(from: key.secret), digestAlgorithm: .sha256, kid: kid)
        }
        self.keys = collection
        keyIDs = Set(keys.map(\.id))
        signingKey = first
    }

    /// Signs a statement.
    func sign(_ claims: AccessClaims) async throws -> String {
        try await keys.sign(claims, kid: JWKIdentifier(string: signingKey.id))
    }

    /// Checks a token: form, algorithm, key, signature, issuer, audience and times, in this order.
    ///
    /// The header is looked at before the library sees the token, which would take any algorithm that it has a key for,
    /// and its default key for an unknown one.
    func verify(_ token: String, now: Timestamp) async throws(TokenError) -> AccessClaims {
        guard token.utf8.count <= Self.bytesMax else { throw .tooLong }
        if let claims = verified[token] {
            try check(claims, now: now)
            return claims
        }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]) else { throw .malformed }
        guard let header = try? JSONDecoder().decode(Header.self, from: Data(headerBytes)) else { throw .malformed }
        guard header.alg == Self.algorithm else { throw .wrongAlgorithm }
        guard header.crit == nil, header.typ == nil || header.typ == "JWT" else { throw .malformed }
        guard let kid = header.kid, keyIDs.contains(kid) else { throw .unknownKey }
        let claims: AccessClaims
        do {
            claims = try await keys.verify(token, as: AccessClaims.self)
        } catch let error as JWTError where error.errorType == .signatureVerificationFailed {
            throw .badSignature
        } catch {
            throw .malformed
        }
        try check(claims, now: now)
        verified[token] = claims
        return claims
    }

    private func check(_ claims: AccessClaims, now: Timestamp) throws(TokenError) {
        guard claims.iss == Self.issuer else { throw .wrongIssuer }
        guard claims.aud == Self.audience else { throw .wrongAudience }
        let seconds = now.milliseconds / 1000
        guard claims.exp > seconds else { throw .expired }
        guard claims.nbf <= seconds + Self.clockSkew.components.seconds else { throw .notYetValid }
    }
}

/// What tokens say whose signatures these keys were found to bear: a client shows the same one with each request.
///
/// Concurrency: may be shared.
private final class VerifiedTokens: Sendable {
    /// How many are kept; when there are more, all are forgotten.
    private static let tokensMax = 1000

    private let claims = Mutex<[String: AccessClaims]>([:])

    subscript(token: String) -> AccessClaims? {
        get { claims.withLock { $0[token] } }
        set {
            claims.withLock { claims in
                if claims.count >= Self.tokensMax { claims.removeAll(keepingCapacity: true) }
                claims[token] = newValue
            }
        }
    }
}
