import APIModel
import Basics
package import HTTPTypes
import Instruments
package import KeyValue

/// What admission asks of the rest of the house.
package struct AdmissionRules: Sendable {
    /// Says who sent a request, from its credentials; nil when it has none.
    ///
    /// Throws a ``ProblemError`` (`unauthenticated`) for credentials that are wrong or expired.
    package typealias Authenticate = @Sendable (HTTPRequest, IPAddress) async throws -> (any Principal)?

    /// What one address may send, before anything else is looked at; nil for no limit.
    package var addressQuota: Quota?
    /// Counts what callers send to a class of routes.
    package var limiter: any RateLimitStore
    package var authenticate: Authenticate
    /// Quotas, by the names of classes of routes, that hold instead of those the classes were declared with.
    package var quotas: [String: Quota]
    /// The challenges of a 401 (`WWW-Authenticate`).
    package var challenges: [String]

    package init(
        addressQuota: Quota? = Quota(6_000, perSeconds: 60),
        limiter: any RateLimitStore,
        quotas: [String: Quota] = [:],
        challenges: [String] = ["Bearer"],
        authenticate: @escaping Authenticate
    ) {
        self.addressQuota = addressQuota
        self.limiter = limiter
        self.quotas = quotas
        self.challenges = challenges
        self.authenticate = authenticate
    }

    /// A class of routes with the quota that holds for it.
    func effective(_ rateClass: RateClass) -> RateClass {
        quotas[rateClass.name].map { RateClass(rateClass.name, $0, isRoutine: rateClass.isRoutine) } ?? rateClass
    }
}

/// The one function that decides about every request.
///
/// Its order: the address's limit → the route → the caller's identity → the permission → the caller's limit for the
/// class of routes. Nothing else checks access.
struct Admission: Sendable {
    /// A request that may go to its endpoint.
    struct Admitted: Sendable {
        let endpoint: Endpoint
        let captures: [Substring]
        let principal: (any Principal)?
        let rate: RateLimitDecision?
    }

    /// How many addresses are counted at a time.
    private static let addressesMax = 65_536

    let rules: AdmissionRules
    let router: Router<Endpoint>
    private let instruments: HTTPInstruments
    private let clock: any WallClock
    private let addresses: InProcessRateLimitStore
    private let addressClass: RateClass?
    private let addressCounters: RateCounters

    init(_ rules: AdmissionRules, router: Router<Endpoint>, clock: any WallClock, instruments: HTTPInstruments) {
        self.rules = rules
        self.router = router
        self.instruments = instruments
        self.clock = clock
        addresses = InProcessRateLimitStore(keysMax: Self.addressesMax, seed: .random(in: 0 ... .max))
        addressClass = rules.addressQuota.map { RateClass("address", $0) }
        addressCounters = instruments.rateCounters("address")
    }

    /// Decides about a request.
    ///
    /// `endpoint` is set as soon as it is known, so that a refusal is counted for its route too.
    ///
    /// - Throws: ``RejectionError``, or what authentication throws.
    func admit(
        _ head: HTTPRequest,
        path: String,
        from client: IPAddress,
        endpoint: inout Endpoint?
    ) async throws -> Admitted {
        if let addressClass {
            let decision = addresses.decide(client.limitKey, quota: addressClass.quota.rate, now: steadyTime)
            addressCounters.count(decision)
            guard decision.isAllowed else {
                throw RejectionError(.addressRate, RateLimitFields.refusal(addressClass, decision))
            }
        }
        let (found, captures) = try route(head.method, path)
        endpoint = found
        let principal = try await identify(head, client, for: found.access)
        let rate = try await limit(found, principal, client)
        return Admitted(endpoint: found, captures: captures, principal: principal, rate: rate)
    }

    /// A time that goes on when the machine's clock is set, so that this blocks no address.
    private var steadyTime: Timestamp { Timestamp(milliseconds: clock.uptime.wholeMilliseconds) }

    private func route(_ method: HTTPRequest.Method, _ path: String) throws(RejectionError) -> (Endpoint, [Substring]) {
        switch router.match(method, path) {
        case .found(let endpoint, let captures): return (endpoint, captures)
        case .none: throw RejectionError(.notFound, .notFound)
        case .otherMethods(let allowed):
            var error = ProblemError(.methodNotAllowed, "allowed: \(allowed.joined(separator: ", "))")
            error.headers[.allow] = allowed.joined(separator: ", ")
            throw RejectionError(.methodNotAllowed, error)
        }
    }

    private func identify(
        _ head: HTTPRequest,
        _ client: IPAddress,
        for access: Access
    ) async throws -> (any Principal)? {
        let permission: Permission?
        switch access {
        case .everyone: return nil
        case .authenticated: permission = nil
        case .requires(let needed): permission = needed
        }
        let principal: (any Principal)?
        do {
            principal = try await rules.authenticate(head, client)
        } catch let error as ProblemError where error.problem.type == .unauthenticated {
            throw RejectionError(.unauthenticated, challenged(error))
        }
        guard let principal else {
            throw RejectionError(.unauthenticated, challenged(ProblemError(.unauthenticated)))
        }
        if let permission, !principal.allows(permission) {
            throw RejectionError(.forbidden, .forbidden, "the permission \(permission.rawValue) is needed")
        }
        return principal
    }

    private func challenged(_ error: ProblemError) -> ProblemError {
        var error = error
        if !error.headers.contains(.wwwAuthenticate) {
            error.headers[values: .wwwAuthenticate] = rules.challenges
        }
        return error
    }

    private func limit(
        _ endpoint: Endpoint,
        _ principal: (any Principal)?,
        _ client: IPAddress
    ) async throws -> RateLimitDecision? {
        guard let rateClass = endpoint.rateClass else { return nil }
        let caller = principal.map { "user:" + $0.id } ?? "address:" + String(client.limitKey, radix: 16)
        let decision: RateLimitDecision
        do {
            let key = rateClass.name + ":" + caller
            decision = try await rules.limiter.take(key, quota: rateClass.quota.rate, now: clock.now)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A limiter that is down must not take the service with it.
            endpoint.rateCounters?.failed.increment()
            return nil
        }
        endpoint.rateCounters?.count(decision)
        guard decision.isAllowed else {
            throw RejectionError(.userRate, RateLimitFields.refusal(rateClass, decision))
        }
        return decision
    }
}

/// What a path leads to: a route of the API, or a file.
struct Endpoint: Sendable {
    enum Target: Sendable {
        case route(Route)
        case file(StaticFile)
    }

    let target: Target
    let access: Access
    let rateClass: RateClass?
    let rateCounters: RateCounters?
    let instruments: RouteInstruments
}
