package import Basics
package import JSON

/// What an agent calls: leases of tasks, and what it reports about them.
///
/// A token of an agent does not expire and cannot be refreshed, so each call is one request, and nothing is tried again
/// here: when to do that is the caller's decision.
///
/// Concurrency: any number of calls may be under way.
package struct AgentClient: Sendable {
    /// How long an answer may take, beyond what the server was asked to wait.
    package static let defaultTimeout = Duration.seconds(30)
    /// The longest wait for work that servers take, in seconds.
    package static let waitSecondsMax = 30
    /// How many tasks one request for work may ask for.
    package static let leasesPerRequestMax = 50

    package let address: ServerAddress
    private let transport: any APITransport
    private let token: String
    private let timeout: Duration

    package init(
        address: ServerAddress,
        transport: any APITransport,
        token: String,
        timeout: Duration = defaultTimeout
    ) {
        self.address = address
        self.transport = transport
        self.token = token
        self.timeout = timeout
    }

    // MARK: The agent

    /// The agent whose token is sent.
    package func me() async throws(AgentCallError) -> AgentRecord {
        let json = try await json(APIRequest(.get, "/api/v1/agents/me"))
        do throws(ClientError) { return try AgentRecord(json) } catch { throw .unexpectedAnswer("\(error)") }
    }

    /// Says that the agent lives, and how loaded it is, or that it `isEnding`: that nobody need worry when nothing more comes;
    /// returns what it is to do.
    @discardableResult
    package func heartbeat(
        agent id: String,
        load: Double,
        isEnding: Bool = false,
        timeout: Duration? = nil
    ) async throws(AgentCallError) -> AgentOrders {
        var body = JSONObject()
        body["load"] = JSONNumber(load).map { .number($0) }
        if isEnding { body["ending"] = true }
        let path = "/api/v1/agents/\(PercentEncoding.encode(id))/heartbeat"
        let answer = try await json(APIClient.json(.post, path, .object(body)), timeout: timeout)
        return AgentOrders(
            isDraining: answer["draining"]?.boolean ?? false,
            isStopping: answer["stop"]?.boolean ?? false
        )
    }

    /// Asks for work, and waits for some on the server while there is none.
    ///
    /// - Parameters:
    ///   - id: The agent's identifier.
    ///   - count: The most tasks.
    ///   - wait: At most ``waitSecondsMax`` seconds.
    /// - Returns: The tasks, none when there were none in time, and whether the agent is to end.
    /// - Throws: ``AgentCallError``.
    package func lease(agent id: String, count: Int, wait: Duration) async throws(AgentCallError) -> LeaseAnswer {
        let wait = min(max(wait, .zero), .seconds(Self.waitSecondsMax))
        var body: JSONObject = ["count": .integer(Int64(count))]
        body["wait_seconds"] = JSONNumber(wait.inSeconds).map { .number($0) }
        let path = "/api/v1/agents/\(PercentEncoding.encode(id))/leases"
        let answer = try await json(APIClient.json(.post, path, .object(body)), timeout: timeout + wait)
        var grants: [LeaseGrant] = []
        for entry in answer["leases"]?.array ?? [] { grants.append(try LeaseGrant(entry)) }
        return LeaseAnswer(grants: grants, isStopping: answer["stop"]?.boolean ?? false)
    }

    // MARK: The attempt

    /// Says that an attempt goes on; returns the new deadline by the server's clock.
    ///
    /// `cost`: What the attempt has cost so far, in the currency of the budget; nil when nobody counts.
    @discardableResult
    package func renew(
        _ lease: LeaseKey,
        fraction: Double? = nil,
        message: String? = nil,
        cost: Double? = nil
    ) async throws(AgentCallError) -> Timestamp {
        var body = Self.body(lease, cost: cost)
        body["fraction"] = fraction.flatMap { JSONNumber($0) }.map { .number($0) }
        body["message"] = message.map { .string($0) }
        let answer = try await json(APIClient.json(.post, path(lease, "renew"), .object(body)))
        guard let deadline = answer["deadline"]?.string.flatMap({ Timestamp(rfc3339: $0) }) else {
            throw .unexpectedAnswer("a renewal without deadline")
        }
        return deadline
    }

    /// Hands in what an attempt gave; `output` is an object.
    package func complete(
        _ lease: LeaseKey,
        output: JSONValue,
        cost: Double? = nil
    ) async throws(AgentCallError) {
        var body = Self.body(lease, cost: cost)
        body["output"] = output
        _ = try await send(APIClient.json(.post, path(lease, "complete"), .object(body)))
    }

    /// Says that an attempt failed; `errorClass` is what a retry policy names.
    package func fail(
        _ lease: LeaseKey,
        errorClass: String,
        message: String,
        cost: Double? = nil
    ) async throws(AgentCallError) {
        var body = Self.body(lease, cost: cost)
        body["error"] = ["class": .string(errorClass), "message": .string(message)]
        _ = try await send(APIClient.json(.post, path(lease, "fail"), .object(body)))
    }

    /// Makes tasks while the coordinator of a plan runs.
    ///
    /// `key`: the same for every attempt that asks for the same, so that they are made once.
    package func spawn(_ lease: LeaseKey, _ tasks: [JSONValue], key: String) async throws(AgentCallError) {
        let body: JSONObject = ["token": .integer(lease.token), "tasks": .array(tasks)]
        let headers = [APIRequest.Header("Idempotency-Key", key)]
        _ = try await send(APIClient.json(.post, path(lease, "children"), .object(body), headers: headers))
    }

    private static func body(_ lease: LeaseKey, cost: Double?) -> JSONObject {
        var body: JSONObject = ["token": .integer(lease.token)]
        body["cost"] = cost.flatMap { JSONNumber($0) }.map { .number($0) }
        return body
    }

    // MARK: Sending

    func path(_ lease: LeaseKey, _ rest: String) -> String {
        "/api/v1/tasks/\(PercentEncoding.encode(lease.taskID))/\(rest)"
    }

    func json(_ request: APIRequest, timeout: Duration? = nil) async throws(AgentCallError) -> JSONValue {
        let response = try await send(request, timeout: timeout)
        do throws(ClientError) { return try APIClient.json(response) } catch { throw .unexpectedAnswer("\(error)") }
    }

    func send(_ request: APIRequest, timeout: Duration? = nil) async throws(AgentCallError) -> APIResponse {
        var request = request
        request.headers.append(APIRequest.Header("Authorization", "Bearer \(token)"))
        let response: APIResponse
        do throws(ClientError) {
            response = try await transport.send(request, to: address, timeout: timeout ?? self.timeout)
        } catch {
            throw AgentCallError(error)
        }
        guard (200...299).contains(response.status) else { throw AgentCallError(response) }
        return response
    }
}
