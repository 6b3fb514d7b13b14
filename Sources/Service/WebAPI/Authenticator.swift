import APIModel
import Basics
import Foundation
package import HTTP
package import HTTPTypes
package import Identity

/// Finds out who sends a request: a Bearer token, or a name and password (Basic) for clients that know nothing else, such as Grafana.
package struct Authenticator: Sendable {
    private let identity: IdentityService
    private let tickets: LiveTickets?

    /// `tickets`: those that open streams; nil where there are none.
    package init(identity: IdentityService, tickets: LiveTickets? = nil) {
        self.identity = identity
        self.tickets = tickets
    }

    /// The challenges of a 401.
    package static let challenges = ["Bearer", "Basic realm=\"KaskManager\", charset=\"UTF-8\""]

    /// - Throws: ``ProblemError`` for credentials that are wrong, and for a database that does not answer.
    package func authenticate(_ request: HTTPRequest, _ address: IPAddress) async throws -> (any HTTP.Principal)? {
        do {
            return try await caller(request, address)
        } catch {
            guard var problem = ProblemMapping.problem(error) else { throw error }
            if problem.problem.type == .unauthenticated { WebClient.challengeQuietly(&problem, request) }
            throw problem
        }
    }

    private func caller(_ request: HTTPRequest, _ address: IPAddress) async throws -> (any HTTP.Principal)? {
        guard let field = request.headerFields[.authorization] else {
            if let holder = try ticketHolder(request) { return holder }
            guard WebClient.sent(request) else { return nil }
            throw ProblemError(.unauthenticated)
        }
        let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2 else { throw ProblemError(.unauthenticated, "the Authorization field is malformed") }
        switch parts[0].lowercased() {
        case "bearer": return Caller(principal: try await identity.authenticate(bearer: String(parts[1])))
        case "basic": return Caller(principal: try await basic(parts[1], address))
        default: throw ProblemError(.unauthenticated, "the authentication scheme is not known: use Bearer or Basic")
        }
    }

    /// Who has the ticket in the address of a stream, which is used up by this; nil without one.
    private func ticketHolder(_ request: HTTPRequest) throws(ProblemError) -> TicketHolder? {
        guard let tickets, let path = request.path, LiveRoutes.takesTicket(path),
            let mark = path.firstIndex(of: "?"),
            let items = try? QueryItems(parsing: path[path.index(after: mark)...]).items,
            let ticket = items.first(where: { $0.name == "ticket" })?.value
        else { return nil }
        guard let caller = tickets.redeem(ticket) else {
            throw ProblemError(.unauthenticated, "the ticket is not known, was used, or has expired")
        }
        return TicketHolder(caller: caller)
    }

    /// When the access token of a request that was authenticated expires; nil for other credentials.
    func expiry(_ request: HTTPRequest) async -> Timestamp? {
        let parts = request.headerFields[.authorization]?.split(separator: " ", maxSplits: 1) ?? []
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return await identity.expiry(ofAccessToken: String(parts[1]))
    }

    /// Who has a bearer token, and until when; `limit` for one that does not expire.
    func caller(bearer token: String, or limit: Timestamp) async throws -> LiveCaller {
        let principal = try await identity.authenticate(bearer: token)
        let expires = await identity.expiry(ofAccessToken: token)
        return LiveCaller(principal: Caller(principal: principal), expires: expires ?? limit)
    }

    private func basic(_ credentials: Substring, _ address: IPAddress) async throws -> Identity.Principal {
        guard let data = Data(base64Encoded: String(credentials)), let text = String(data: data, encoding: .utf8),
            let colon = text.firstIndex(of: ":")
        else { throw ProblemError(.unauthenticated, "the Basic credentials are malformed") }
        return try await identity.authenticate(
            basic: String(text[..<colon]),
            password: String(text[text.index(after: colon)...]),
            ip: address.description
        )
    }
}

/// A principal of Identity as HTTP sees it.
struct Caller: HTTP.Principal {
    let principal: Identity.Principal

    var id: String { principal.userID.description }
    var name: String { principal.username }

    func allows(_ permission: HTTP.Permission) -> Bool {
        Identity.Permission(rawValue: permission.rawValue).map(principal.permissions.contains) ?? false
    }
}

/// Somebody who opens a stream with a ticket: may what the one may to whom it was given.
struct TicketHolder: HTTP.Principal {
    let caller: LiveCaller

    var id: String { caller.principal.id }
    var name: String { caller.principal.name }

    func allows(_ permission: HTTP.Permission) -> Bool { caller.principal.allows(permission) }
}

extension RouteRequest {
    /// Who sent the request, on routes that are not for everyone.
    /// - Throws: ``ProblemError``: `unauthenticated`.
    var caller: Identity.Principal {
        get throws(ProblemError) {
            guard let caller = principal as? Caller else { throw ProblemError(.unauthenticated) }
            return caller.principal
        }
    }
}
