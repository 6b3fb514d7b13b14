import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Notifications

/// Posts webhooks over HTTP and HTTPS.
struct WebhookHTTPTransport: WebhookTransport {
    private let client: HTTPClient

    init() {
        var configuration = HTTPClient.Configuration()
        // A redirect could carry the alert, and its credentials, to a host that nobody configured.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
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
        let limit = TimeAmount.milliseconds(Int64(timeout / .milliseconds(1)))
        let response = try await client.execute(request, timeout: limit)
        // What the receiver says is of no use, but an unread body would keep the connection.
        for try await _ in response.body {}
        return Int(response.status.code)
    }

    /// Closes the connections.
    func close() async throws { try await client.shutdown() }
}
