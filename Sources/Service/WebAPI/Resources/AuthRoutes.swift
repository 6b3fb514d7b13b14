import APIModel
package import Basics
package import HTTP
import HTTPTypes
package import Identity
import JSON

/// Logging in and out, and exchanging refresh tokens.
package struct AuthRoutes: Sendable {
    private let identity: IdentityService
    private let authenticator: Authenticator
    private let clock: any WallClock
    private let isSecure: Bool

    /// Makes the routes; `isSecure` says that people reach the server by https, so that cookies are for https only.
    package init(identity: IdentityService, authenticator: Authenticator, clock: any WallClock, isSecure: Bool) {
        self.identity = identity
        self.authenticator = authenticator
        self.clock = clock
        self.isSecure = isSecure
    }

    package var routes: [Route] { [login, refresh, logout].map(\.mappingErrors) }

    /// Bytes of a body here: names, passwords and tokens are short.
    private static let bodyBytesMax = 16 << 10

    private var login: Route {
        Route(
            .post,
            "/api/v1/auth/login",
            access: .everyone,
            summary: "Begin a session with a name and password.",
            tag: "auth",
            parameters: [WebClient.parameter],
            body: .json(
                .object([
                    .required("username", .string(1...256)),
                    .required("password", .string(1...1024)),
                ]),
                bytesMax: Self.bodyBytesMax
            ),
            responses: [
                ResponseRule(200, "The tokens of the session.", json: TokensBody.schema),
                ResponseRule.problem(401, "Name or password is wrong, or the user is not active."),
                ResponseRule.problem(429, "Too many failed logins, or too many requests."),
            ],
            rateClass: .auth
        ) { request in
            guard let username = request.json?["username"]?.string, let password = request.json?["password"]?.string
            else { throw ProblemError(.validationFailed) }
            do {
                let tokens = try await identity.login(
                    username: username,
                    password: password,
                    ip: request.client.description,
                    requestID: request.id
                )
                return answer(tokens, request)
            } catch IdentityError.invalidCredentials {
                throw Self.unauthenticated("\(IdentityError.invalidCredentials)")
            }
        }
    }

    private var refresh: Route {
        Route(
            .post,
            "/api/v1/auth/refresh",
            access: .everyone,
            summary: "Exchange a refresh token, from the body or the page's cookie, for new tokens.",
            tag: "auth",
            parameters: [WebClient.parameter],
            body: .json(Self.tokenSchema, isRequired: false, bytesMax: Self.bodyBytesMax),
            responses: [
                ResponseRule(200, "The new tokens; the old refresh token is used up.", json: TokensBody.schema),
                ResponseRule.problem(401, "The refresh token is not good any more."),
                ResponseRule.problem(403, "The cookie was sent without the header field of the page."),
            ],
            rateClass: .sessions
        ) { request in
            guard let token = try refreshToken(request) else {
                throw Self.unauthenticated("a refresh token is needed, in the body or in the cookie")
            }
            do {
                let tokens = try await identity.refresh(token, ip: request.client.description, requestID: request.id)
                return answer(tokens, request)
            } catch let error as TokenError {
                var problem = Self.unauthenticated("\(error)")
                if WebClient.sent(request.head) { problem.headers.append(WebClient.noCookie(isSecure: isSecure)) }
                throw problem
            }
        }
    }

    private var logout: Route {
        Route(
            .post,
            "/api/v1/auth/logout",
            access: .everyone,
            summary: "End the session of a refresh token (body or cookie) or of the access token.",
            tag: "auth",
            parameters: [WebClient.parameter],
            body: .json(Self.tokenSchema, isRequired: false, bytesMax: Self.bodyBytesMax),
            responses: [
                ResponseRule(204, "The session has ended."),
                ResponseRule.problem(401, "No token was sent, or the access token is not good any more."),
                ResponseRule.problem(403, "The cookie was sent without the header field of the page."),
            ],
            rateClass: .sessions
        ) { request in
            if let token = try refreshToken(request) {
                // An unknown token is no error: the session is over either way.
                try await identity.logout(refreshToken: token, requestID: request.id)
            } else if let caller = try await authenticator.authenticate(request.head, request.client) as? Caller {
                try await identity.logout(caller.principal, requestID: request.id)
            } else {
                throw Self.unauthenticated("a token is needed")
            }
            var response = RouteResponse.noContent
            if WebClient.sent(request.head) { response.headers.append(WebClient.noCookie(isSecure: isSecure)) }
            return response
        }
    }

    private static let tokenSchema = JSONSchema.object([
        .optional("refresh_token", .string(1...4096), "Left out when the cookie holds it.")
    ])

    /// The refresh token of the body, else of the cookie; nil without either.
    /// - Throws: ``ProblemError``: `forbidden` for the cookie without the page's header field, which another site may have caused.
    private func refreshToken(_ request: RouteRequest) throws(ProblemError) -> String? {
        if let token = request.json?["refresh_token"]?.string { return token }
        guard let token = WebClient.refreshToken(request.head) else { return nil }
        guard WebClient.sent(request.head) else {
            throw ProblemError(
                .forbidden,
                "the cookie is taken only with \(WebClient.fieldName): \(WebClient.fieldValue)"
            )
        }
        return token
    }

    private func answer(_ tokens: TokenPair, _ request: RouteRequest) -> RouteResponse {
        let usesCookie = WebClient.sent(request.head)
        var response = RouteResponse.json(TokensBody(tokens: tokens, showsRefreshToken: !usesCookie))
        response.user = tokens.principal.username
        if usesCookie {
            let seconds = max(0, tokens.refreshExpires.since(clock.now).components.seconds)
            response.headers.append(WebClient.cookie(tokens.refreshToken, seconds: seconds, isSecure: isSecure))
        }
        return response
    }

    /// A refusal whose challenge opens no window in a browser.
    private static func unauthenticated(_ detail: String) -> ProblemError {
        ProblemError(.unauthenticated, detail, headers: [.wwwAuthenticate: "Bearer"])
    }
}

extension RateClass {
    /// Logins and refreshes, per address: few, since each may cost the hashing of a password.
    package static let auth = RateClass("auth", Quota(60, perSeconds: 60))

    /// Refreshes and sign-outs: they hash no password, and must not be shut out by sign-ins that others try.
    package static let sessions = RateClass("sessions", Quota(600, perSeconds: 60))
}

/// What a login or a refresh answers.
private struct TokensBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Tokens",
        .object([
            .required("access_token", .string(), "For the field Authorization: Bearer."),
            .optional("refresh_token", .string(), "Good for one exchange; in the cookie instead for the page."),
            .required("token_type", .oneOf(["Bearer"])),
            .required("expires_in", .integer(0...86_400), "Seconds for which the access token is good."),
        ])
    )

    let tokens: TokenPair
    let showsRefreshToken: Bool

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("access_token", tokens.accessToken)
            if showsRefreshToken { json.member("refresh_token", tokens.refreshToken) }
            json.member("token_type", "Bearer")
            json.member("expires_in", Int(tokens.expiresIn.components.seconds))
        }
    }
}
