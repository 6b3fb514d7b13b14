import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Carries requests over HTTP and HTTPS with a pool of connections.
package struct HTTPClientTransport: APITransport {
    /// How long a connection may take to stand.
    package static let connectTimeout = Duration.seconds(10)
    /// The largest answer that is read.
    package static let defaultBodyBytesMax = 64 << 20

    private let client: HTTPClient
    private let userAgent: String
    private let bodyBytesMax: Int

    /// Makes a transport; ``close()`` must be called once it is no longer used.
    package init(userAgent: String, bodyBytesMax: Int = defaultBodyBytesMax) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(Self.connectTimeout.components.seconds)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.userAgent = userAgent
        self.bodyBytesMax = bodyBytesMax
    }

    package func send(
        _ request: APIRequest,
        to address: ServerAddress,
        timeout: Duration
    ) async throws(ClientError) -> APIResponse {
        var outgoing = HTTPClientRequest(url: address.description + request.target)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        outgoing.headers.add(name: "User-Agent", value: userAgent)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        do {
            let limit = TimeAmount.milliseconds(Int64(timeout / .milliseconds(1)))
            let answer = try await client.execute(outgoing, timeout: limit)
            let body = try await answer.body.collect(upTo: bodyBytesMax)
            return APIResponse(
                status: Int(answer.status.code),
                headers: answer.headers.map { APIRequest.Header($0.name, $0.value) },
                body: Array(body.readableBytesView)
            )
        } catch is NIOTooManyBytesError {
            throw .tooLarge(bytesMax: bodyBytesMax)
        } catch let error as HTTPClientError where Self.isTimeout(error) {
            throw .timeout(timeout)
        } catch {
            throw .unreachable(Self.reason(error))
        }
    }

    /// What went wrong, in the system's words where it said so.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "the name \(error.host) is not known"
        default: "\(error)"
        }
    }

    private static func isTimeout(_ error: HTTPClientError) -> Bool {
        [.deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout].contains(error)
    }

    /// Closes the connections.
    package func close() async throws { try await client.shutdown() }
}
