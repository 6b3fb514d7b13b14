import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

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

    /// After how long without a byte a stream counts as lost; the server sends a comment each 30 s.
    package static let streamSilenceMax = Duration.seconds(75)

    private let client: HTTPClient
    private let streams: HTTPClient
    private let userAgent: String
    private let bodyBytesMax: Int

    /// Makes a transport; ``close()`` must be called once it is no longer used.
    package init(userAgent: String, bodyBytesMax: Int = defaultBodyBytesMax) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(Self.connectTimeout.components.seconds)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        configuration.timeout.read = .seconds(Self.streamSilenceMax.components.seconds)
        streams = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.userAgent = userAgent
        self.bodyBytesMax = bodyBytesMax
    }

    package func send(
        _ request: APIRequest,
        to address: ServerAddress,
        timeout: Duration
    ) async throws(ClientError) -> APIResponse {
        let outgoing = outgoing(request, to: address)
        do {
            let limit = TimeAmount.milliseconds(Int64(timeout / .milliseconds(1)))
            let answer = try await client.execute(outgoing, timeout: limit)
            return try await whole(answer)
        } catch {
            throw typed(error, timeout)
        }
    }

    package func stream(
        _ request: APIRequest,
        to address: ServerAddress,
        timeout: Duration,
        receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws -> APIResponse {
        let answer: HTTPClientResponse
        do {
            answer = try await streams.execute(outgoing(request, to: address), deadline: .distantFuture)
            guard (200...299).contains(answer.status.code) else { return try await whole(answer) }
        } catch {
            throw typed(error, timeout)
        }
        var body = answer.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await body.next()
            } catch {
                throw typed(error, Self.streamSilenceMax)
            }
            guard let part else { return APIResponse(status: Int(answer.status.code), headers: Self.headers(answer)) }
            try await receive(ArraySlice(part.readableBytesView))
        }
    }

    private func outgoing(_ request: APIRequest, to address: ServerAddress) -> HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: address.description + request.target)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        outgoing.headers.add(name: "User-Agent", value: userAgent)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if !request.body.isEmpty { outgoing.body = .bytes(ByteBuffer(bytes: request.body)) }
        return outgoing
    }

    private func whole(_ answer: HTTPClientResponse) async throws -> APIResponse {
        let body = try await answer.body.collect(upTo: bodyBytesMax)
        return APIResponse(
            status: Int(answer.status.code),
            headers: Self.headers(answer),
            body: Array(body.readableBytesView)
        )
    }

    private static func headers(_ answer: HTTPClientResponse) -> [APIRequest.Header] {
        answer.headers.map { APIRequest.Header($0.name, $0.value) }
    }

    private func typed(_ error: any Error, _ timeout: Duration) -> ClientError {
        switch error {
        case is NIOTooManyBytesError: .tooLarge(bytesMax: bodyBytesMax)
        case let error as HTTPClientError where Self.isTimeout(error): .timeout(timeout)
        default: .unreachable(Self.reason(error))
        }
    }

    /// What went wrong, in the system's words where it said so.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "the name \(error.host) is not known"
        case NIOSSLError.handshakeFailed(let cause): tlsReason(String(describing: cause))
        default: "\(error)"
        }
    }

    /// What a handshake failed for, from BoringSSL's text, such as
    /// `error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at …`.
    static func tlsReason(_ text: String) -> String {
        let code = text.firstRange(of: "OPENSSL_internal:").map { text[$0.upperBound...].prefix { $0 != " " } } ?? ""
        return switch code {
        case "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST":
            "it does not speak TLS; is its address http:// instead of https://?"
        case "CERTIFICATE_VERIFY_FAILED":
            "its certificate is not trusted: it is signed by nobody this machine knows, has expired, or is for another name"
        case "": "TLS: \(text)"
        default: "TLS: \(code.lowercased().replacing("_", with: " "))"
        }
    }

    private static func isTimeout(_ error: HTTPClientError) -> Bool {
        [.deadlineExceeded, .readTimeout, .writeTimeout, .connectTimeout].contains(error)
    }

    /// Closes the connections.
    package func close() async throws {
        try await streams.shutdown()
        try await client.shutdown()
    }
}
