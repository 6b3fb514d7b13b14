import APIModel
import HTTPTypes

/// How many requests a key may make in a window.
package struct Quota: Hashable, Sendable {
    package let requests: Int
    /// At least one second, in whole seconds, since the header fields say it so.
    package let windowSeconds: Int

    package init(_ requests: Int, perSeconds windowSeconds: Int) {
        precondition(requests > 0 && windowSeconds > 0, "BUG: a quota allows nothing")
        self.requests = requests
        self.windowSeconds = windowSeconds
    }
}

/// A group of routes that share a quota per caller.
package struct RateClass: Hashable, Sendable {
    /// The name in header fields and metrics; a word of lower-case letters.
    package let name: String
    package let quota: Quota

    package init(_ name: String, _ quota: Quota) {
        precondition(!name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 }, "BUG: \(name)")
        self.name = name
        self.quota = quota
    }

    /// What most routes have: 600 requests a minute, unless ``AdmissionRules/quotas`` says otherwise.
    package static let standard = RateClass("standard", Quota(600, perSeconds: 60))
}

/// What a limiter says about one request.
package struct RateDecision: Hashable, Sendable {
    package let isAllowed: Bool
    /// Requests that may follow at once.
    package let remaining: Int
    /// Until the whole quota is there again; when refused, until one request is.
    package let resetSeconds: Int

    package init(isAllowed: Bool, remaining: Int, resetSeconds: Int) {
        self.isAllowed = isAllowed
        self.remaining = remaining
        self.resetSeconds = resetSeconds
    }
}

/// Counts requests by key; in process, or in a store that several servers share.
package protocol RateLimiter: Sendable {
    /// Takes one request from a key's quota.
    /// - Throws: when the store cannot be asked; the request is then let through and counted as such.
    func take(_ key: String, _ quota: Quota) async throws -> RateDecision
}

/// The header fields that tell a client its quota (draft-ietf-httpapi-ratelimit-headers-10).
enum RateLimitFields {
    private static let policy = HTTPField.Name("RateLimit-Policy")
    private static let limit = HTTPField.Name("RateLimit")

    static func append(_ rateClass: RateClass, _ decision: RateDecision, to fields: inout HTTPFields) {
        guard let policy, let limit else { return }
        let quota = rateClass.quota
        fields[policy] = "\"\(rateClass.name)\";q=\(quota.requests);w=\(quota.windowSeconds)"
        fields[limit] = "\"\(rateClass.name)\";r=\(decision.remaining);t=\(decision.resetSeconds)"
    }

    /// The refusal of a request that has no quota left.
    static func refusal(_ rateClass: RateClass, _ decision: RateDecision) -> ProblemError {
        var error = ProblemError(.rateLimited, "retry in \(decision.resetSeconds) seconds")
        append(rateClass, decision, to: &error.headers)
        error.headers[.retryAfter] = String(decision.resetSeconds)
        return error
    }
}
