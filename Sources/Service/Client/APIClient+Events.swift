package import JSON

extension APITransport {
    /// A transport that knows no streams hands the whole answer on at once.
    package func stream(
        _ request: APIRequest,
        to address: ServerAddress,
        timeout: Duration,
        receive: (ArraySlice<UInt8>) async throws -> Void
    ) async throws -> APIResponse {
        let response = try await send(request, to: address, timeout: timeout)
        guard (200...299).contains(response.status) else { return response }
        try await receive(response.body[...])
        return APIResponse(status: response.status, headers: response.headers)
    }
}

extension APIClient {
    /// How long to wait before connecting anew, where the server says nothing.
    package static let retryDelay = Duration.seconds(3)

    /// Follows the log of events behind a position until `receive` throws or the task is cancelled.
    ///
    /// A lost connection is made anew, and what happened meanwhile comes then: nothing is lost, and nothing comes twice.
    ///
    /// - Parameters:
    ///   - position: The last position that is known; nil for what comes from now on.
    ///   - filter: The parameters of the stream, such as `kind`.
    ///   - onLoss: Is told why a connection was lost, before it is made anew.
    ///   - receive: Takes an event: its name, which is its kind, `gap` or `reset`; and what it is.
    /// - Throws: ``ClientError`` when the server refuses, and whatever `receive` throws.
    package func followEvents(
        after position: Int64?,
        _ filter: [(name: String, value: String)],
        onLoss: @Sendable (ClientError) -> Void,
        receive: @Sendable (_ name: String, _ event: JSONValue) async throws -> Void
    ) async throws {
        var parser = EventStreamParser(lastID: position.map { String($0) })
        while !Task.isCancelled {
            do {
                try await followOnce(&parser, filter, receive)
                onLoss(.unreachable("the server ended the stream"))
            } catch let error as ClientError where Self.isPassing(error) {
                onLoss(error)
            }
            let delay = parser.retryMilliseconds.map { Duration.milliseconds($0) } ?? Self.retryDelay
            parser.reconnect()
            try await pause(for: delay)
        }
        throw CancellationError()
    }

    private func followOnce(
        _ parser: inout EventStreamParser,
        _ filter: [(name: String, value: String)],
        _ receive: @Sendable (_ name: String, _ event: JSONValue) async throws -> Void
    ) async throws {
        var request = APIRequest(.get, PercentEncoding.target("/api/v1/events", filter))
        request.headers.append(APIRequest.Header("Accept", "text/event-stream"))
        if let id = parser.lastID { request.headers.append(APIRequest.Header("Last-Event-ID", id)) }
        // A copy, since the stream's closure may not hold the caller's.
        var own = parser
        defer { parser = own }
        _ = try await stream(request) { bytes in
            for event in try own.take(bytes) {
                guard let json = try? JSONValue(parsing: event.data) else {
                    throw ClientError.unexpectedAnswer("an event that is not JSON")
                }
                try await receive(event.name, json)
            }
        }
    }

    /// Whether trying again may help.
    private static func isPassing(_ error: ClientError) -> Bool {
        switch error {
        case .unreachable, .timeout: true
        case .problem(let status, _, _, _): status == 429 || status >= 500
        default: false
        }
    }
}
