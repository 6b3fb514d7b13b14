/// A request as it goes to the server.
package struct APIRequest: Hashable, Sendable {
    /// The methods that the API knows.
    package enum Method: String, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// A header field; names are compared without case.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: Method
    /// From the first slash on, with the query, properly encoded.
    package var target: String
    package var headers: [Header]
    package var body: [UInt8]

    package init(_ method: Method, _ target: String, headers: [Header] = [], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// The value of a header field.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An answer as it came from the server.
package struct APIResponse: Hashable, Sendable {
    package var status: Int
    package var headers: [APIRequest.Header]
    package var body: [UInt8]

    package init(status: Int, headers: [APIRequest.Header] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of a header field.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// What carries requests to a server and answers back; redirects are not followed, since they could carry a token elsewhere.
///
/// Concurrency: any number of requests may be under way.
package protocol APITransport: Sendable {
    /// Sends a request and waits for the whole answer.
    func send(_ request: APIRequest, to address: ServerAddress, timeout: Duration) async throws(ClientError)
        -> APIResponse

    /// Sends a request and hands the body of a successful answer on as it comes; any other answer is returned whole.
    ///
    /// A stream of which nothing comes for longer than its transport allows is over.
    ///
    /// `receive`: takes the next bytes; what it throws ends the stream.
    /// - Throws: ``ClientError``, and whatever `receive` throws.
    func stream(
        _ request: APIRequest,
        to address: ServerAddress,
        timeout: Duration,
        receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws -> APIResponse
}
