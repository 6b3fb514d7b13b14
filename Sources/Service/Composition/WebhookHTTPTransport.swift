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
    ) async throws -> WebhookAnswer {
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
        var excerpt: [UInt8] = []
        // An unread body would keep the connection; of an endless one the timeout above makes an end.
        for try await part in response.body where excerpt.count < WebhookAnswer.excerptBytesMax {
            excerpt += part.readableBytesView.prefix(WebhookAnswer.excerptBytesMax - excerpt.count)
        }
        return WebhookAnswer(status: Int(response.status.code), excerpt: String(decoding: excerpt, as: UTF8.self))
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
