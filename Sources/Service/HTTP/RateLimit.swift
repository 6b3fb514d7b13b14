import APIModel
import HTTPTypes
package import KeyValue

/// How many requests a key may make in a window.
package struct Quota: Hashable, Sendable {
    package let requests: Int
    /// At least one second, in whole seconds, since the header fields say it so.
    package let windowSeconds: Int
    /// The quota as the store of limits takes it.
    package let rate: RateQuota

    package init(_ requests: Int, perSeconds windowSeconds: Int) {
        precondition(requests > 0 && windowSeconds > 0, "BUG: a quota allows nothing")
        self.requests = requests
        self.windowSeconds = windowSeconds
        rate = RateQuota(requests, per: .seconds(windowSeconds))
    }
}

/// A group of routes that share a quota per caller.
package struct RateClass: Hashable, Sendable {
    /// The name in header fields and metrics; a word of lower-case letters.
    package let name: String
    package let quota: Quota
    /// Whether its requests come by the clock, day and night: those that succeed are logged for debugging only.
    package let isRoutine: Bool

    package init(_ name: String, _ quota: Quota, isRoutine: Bool = false) {
        precondition(!name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 }, "BUG: \(name)")
        self.name = name
        self.quota = quota
        self.isRoutine = isRoutine
    }

    /// What most routes have: 600 requests a minute, unless ``AdmissionRules/quotas`` says otherwise.
    package static let standard = RateClass("standard", Quota(600, perSeconds: 60))
}

extension RateLimitDecision {
    /// Whole seconds, rounded up, until the quota is whole again; when refused, until one request is allowed.
    var resetSeconds: Int {
        let (seconds, attoseconds) = (isAllowed ? reset : retryAfter).components
        return Int(seconds) + (attoseconds > 0 ? 1 : 0)
    }
}

/// The header fields that tell a client its quota (draft-ietf-httpapi-ratelimit-headers-10).
enum RateLimitFields {
    private static let policy = HTTPField.Name("RateLimit-Policy")
    private static let limit = HTTPField.Name("RateLimit")

    static func append(_ rateClass: RateClass, _ decision: RateLimitDecision, to fields: inout HTTPFields) {
        guard let policy, let limit else { return }
        let quota = rateClass.quota
        fields[policy] = "\"\(rateClass.name)\";q=\(quota.requests);w=\(quota.windowSeconds)"
        fields[limit] = "\"\(rateClass.name)\";r=\(decision.remaining);t=\(decision.resetSeconds)"
    }

    /// The refusal of a request that has no quota left.
    static func refusal(_ rateClass: RateClass, _ decision: RateLimitDecision) -> ProblemError {
        var error = ProblemError(.rateLimited, "retry in \(decision.resetSeconds) seconds")
        append(rateClass, decision, to: &error.headers)
        error.headers[.retryAfter] = String(decision.resetSeconds)
        return error
    }
}
