import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Notifications
import Synchronization

/// Posts webhooks over HTTP and HTTPS.
final class WebhookHTTPTransport: WebhookTransport {
    /// Made when it is first needed: a client that is dropped without having been shut down ends the process, as one would be
    /// whenever the platform cannot be built.
    private let client = Mutex<HTTPClient?>(nil)

    private static func makeClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        // A redirect could carry the alert, and its credentials, to a host that nobody configured.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        // The sender tries again by a policy of its own, and counts it; the client would hide a refused connection until
        // the delivery's time is up.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func post(
        url: String,
        headers: [(name: String, value: String)],
        body: [UInt8],
        timeout: Duration
    ) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let client = client.withLock { client in
            let current = client ?? Self.makeClient()
            client = current
            return current
        }
        let limit = TimeAmount.milliseconds(Int64(timeout / .milliseconds(1)))
        let response = try await client.execute(request, timeout: limit)
        // What the receiver says is of no use, but an unread body would keep the connection.
        for try await _ in response.body {}
        return Int(response.status.code)
    }

    /// Closes the connections; a later post opens new ones.
    func close() async throws {
        let old = client.withLock { client in
            defer { client = nil }
            return client
        }
        try await old?.shutdown()
    }
}
