package import Basics
package import JSON

/// A client of the server's HTTP API.
///
/// Sends the token with each request, and when the server takes it no longer gets a new one with the refresh token, once for all
/// requests that wait.
///
/// Concurrency: any number of calls may be under way.
package actor APIClient {
    /// How long an answer may take where nothing else is said.
    package static let defaultTimeout = Duration.seconds(30)

    package nonisolated let address: ServerAddress
    private let transport: any APITransport
    private let store: any TokenStore
    private let clock: any WallClock
    private let timeout: Duration
    private var refreshing: Task<Result<Tokens, ClientError>, Never>?

    package init(
        address: ServerAddress,
        transport: any APITransport,
        tokens: any TokenStore,
        clock: any WallClock,
        timeout: Duration = defaultTimeout
    ) {
        self.address = address
        self.transport = transport
        store = tokens
        self.clock = clock
        self.timeout = timeout
    }

    // MARK: Signing in

    /// Logs in with a password, and keeps the tokens.
    package func login(username: String, password: String) async throws(ClientError) -> Tokens {
        var body = JSONObject()
        body["username"] = .string(username)
        body["password"] = .string(password)
        let request = Self.json(.post, "/api/v1/auth/login", .object(body))
        let response = try await transport.send(request, to: address, timeout: timeout)
        if response.status == 401 { throw Self.problem(response) }
        let tokens = try Tokens(Self.value(response), username: username, now: clock.now)
        try store.replace(tokens)
        return tokens
    }

    /// Ends the session on the server and forgets the tokens; false when there were none.
    ///
    /// The tokens are forgotten also when the server cannot be reached; that error is thrown then.
    package func logout() async throws(ClientError) -> Bool {
        guard let tokens = try store.tokens() else { return false }
        var body = JSONObject()
        body["refresh_token"] = tokens.refresh.map { .string($0) }
        var request = Self.json(.post, "/api/v1/auth/logout", .object(body))
        request.headers.append(Self.authorization(tokens))
        let response: APIResponse
        do throws(ClientError) {
            response = try await transport.send(request, to: address, timeout: timeout)
        } catch {
            try store.replace(nil)
            throw error
        }
        try store.replace(nil)
        // A session that has ended already is what was asked for.
        if response.status != 401 { _ = try Self.checked(response) }
        return true
    }

    /// The stored tokens.
    package func tokens() throws(ClientError) -> Tokens? { try store.tokens() }

    // MARK: Calls

    /// Sends a request of someone who is logged in.
    /// - Throws: ``ClientError``; `needsLogin` when there is no token or it cannot be refreshed.
    package func call(_ request: APIRequest) async throws(ClientError) -> APIResponse {
        guard let tokens = try store.tokens() else { throw .needsLogin("not logged in to \(address)") }
        let response = try await send(request, tokens)
        guard response.status == 401 else { return try Self.checked(response) }
        let fresh = try await refreshed(insteadOf: tokens)
        let second = try await send(request, fresh)
        if second.status == 401 { throw .needsLogin("\(address) refuses the token") }
        return try Self.checked(second)
    }

    /// Sends a request that needs no login; a token is not sent.
    ///
    /// Any status is returned.
    package func open(_ request: APIRequest) async throws(ClientError) -> APIResponse {
        try await transport.send(request, to: address, timeout: timeout)
    }

    /// Sends a request of someone who is logged in, and hands the body of a successful answer on as it comes.
    /// - Throws: ``ClientError``, and whatever `receive` throws.
    func stream(
        _ request: APIRequest,
        receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws -> APIResponse {
        guard let tokens = try store.tokens() else { throw ClientError.needsLogin("not logged in to \(address)") }
        let response = try await stream(request, tokens, receive)
        guard response.status == 401 else { return try Self.checked(response) }
        let second = try await stream(request, refreshed(insteadOf: tokens), receive)
        if second.status == 401 { throw ClientError.needsLogin("\(address) refuses the token") }
        return try Self.checked(second)
    }

    private func stream(
        _ request: APIRequest,
        _ tokens: Tokens,
        _ receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws -> APIResponse {
        var request = request
        request.headers.append(Self.authorization(tokens))
        return try await transport.stream(request, to: address, timeout: timeout, receive: receive)
    }

    /// Waits by the client's clock.
    func pause(for delay: Duration) async throws { try await clock.sleep(for: delay) }

    private func send(_ request: APIRequest, _ tokens: Tokens) async throws(ClientError) -> APIResponse {
        var request = request
        request.headers.append(Self.authorization(tokens))
        return try await transport.send(request, to: address, timeout: timeout)
    }

    private static func authorization(_ tokens: Tokens) -> APIRequest.Header {
        APIRequest.Header("Authorization", "Bearer \(tokens.access)")
    }

    // MARK: Refreshing

    private func refreshed(insteadOf old: Tokens) async throws(ClientError) -> Tokens {
        // Another call, or another process, may have been faster.
        if let current = try store.tokens(), current.access != old.access { return current }
        let task: Task<Result<Tokens, ClientError>, Never>
        if let refreshing {
            task = refreshing
        } else {
            task = Task { await self.refresh(old) }
            refreshing = task
        }
        let result = await task.value
        return try result.get()
    }

    private func refresh(_ old: Tokens) async -> Result<Tokens, ClientError> {
        defer { refreshing = nil }
        guard let token = old.refresh else { return .failure(.needsLogin("\(address) refuses the token")) }
        do throws(ClientError) {
            var body = JSONObject()
            body["refresh_token"] = .string(token)
            let request = Self.json(.post, "/api/v1/auth/refresh", .object(body))
            let response = try await transport.send(request, to: address, timeout: timeout)
            if (400...403).contains(response.status) {
                try store.replace(nil)
                return .failure(.needsLogin("the session on \(address) has ended"))
            }
            let tokens = try Tokens(Self.value(response), username: old.username, now: clock.now)
            try store.replace(tokens)
            return .success(tokens)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Bodies

    /// A request with a JSON body.
    package static func json(
        _ method: APIRequest.Method,
        _ target: String,
        _ body: JSONValue,
        contentType: String = "application/json",
        headers: [APIRequest.Header] = []
    ) -> APIRequest {
        APIRequest(
            method,
            target,
            headers: headers + [APIRequest.Header("Content-Type", contentType)],
            body: JSONWriter.bytes(of: body)
        )
    }

    /// The JSON of a successful answer.
    package static func value(_ response: APIResponse) throws(ClientError) -> JSONValue {
        try json(checked(response))
    }

    /// The JSON of an answer of any status.
    package static func json(_ response: APIResponse) throws(ClientError) -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: response.body, limits: limits)
        } catch {
            throw .unexpectedAnswer("status \(response.status), \(error)")
        }
    }

    /// Query results are large; the transport bounds their bytes.
    private static let limits = JSONLimits(
        bytesMax: HTTPClientTransport.defaultBodyBytesMax,
        depthMax: 64,
        valuesMax: 20_000_000
    )

    private static func checked(_ response: APIResponse) throws(ClientError) -> APIResponse {
        guard (200...299).contains(response.status) else { throw problem(response) }
        return response
    }

    /// What an answer says that is no success.
    static func problem(_ response: APIResponse) -> ClientError {
        guard let json = try? json(response) else {
            return .problem(
                status: response.status,
                title: "HTTP status \(response.status)",
                detail: nil,
                violations: []
            )
        }
        if json["status"]?.string == "error" {
            return .query(
                type: json["errorType"]?.string ?? "error",
                message: json["error"]?.string ?? "no reason given"
            )
        }
        let violations = (json["errors"]?.array ?? []).compactMap { error -> String? in
            guard let detail = error["detail"]?.string else { return nil }
            let place = error["pointer"]?.string ?? error["parameter"]?.string ?? ""
            return place.isEmpty ? detail : "\(place): \(detail)"
        }
        return .problem(
            status: response.status,
            title: json["title"]?.string ?? "HTTP status \(response.status)",
            detail: json["detail"]?.string,
            violations: violations
        )
    }
}
