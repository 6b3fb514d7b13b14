import Basics
import Client
import Synchronization

/// A server in memory: a closure answers, and what was asked is remembered.
final class StubTransport: APITransport {
    private let requests = Mutex<[APIRequest]>([])
    private let answer: @Sendable (APIRequest) -> APIResponse

    init(_ answer: @escaping @Sendable (APIRequest) -> APIResponse) { self.answer = answer }

    var sent: [APIRequest] { requests.withLock { $0 } }

    func send(
        _ request: APIRequest,
        to address: ServerAddress,
        timeout: Duration
    ) async throws(ClientError) -> APIResponse {
        requests.withLock { $0.append(request) }
        // Others get their turn, as over a real connection.
        await Task.yield()
        return answer(request)
    }
}

extension APIResponse {
    /// An answer with JSON.
    static func json(_ text: String, status: Int = 200, headers: [APIRequest.Header] = []) -> APIResponse {
        APIResponse(status: status, headers: headers, body: Array(text.utf8))
    }
}

extension APIRequest {
    var bodyText: String { String(decoding: body, as: UTF8.self) }
}
