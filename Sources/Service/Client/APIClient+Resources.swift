package import Basics
package import JSON

extension APIClient {
    /// The most items that one page of a list has.
    package static let pageItemsMax = 100

    // MARK: Monitoring

    /// How the platform is; needs no login, and is no error when it is bad.
    package func health() async throws(ClientError) -> HealthRecord {
        let response = try await open(APIRequest(.get, "/api/v1/health"))
        guard response.status == 200 || response.status == 503 else { throw Self.problem(response) }
        let json = try Self.json(response)
        // A 503 may also come from a proxy, or from admission.
        if json["components"] == nil { throw Self.problem(response) }
        return try HealthRecord(json)
    }

    /// Version, times and components of the server.
    package func status() async throws(ClientError) -> JSONValue {
        try Self.value(await call(APIRequest(.get, "/api/v1/status")))
    }

    /// The user whose token is sent.
    package func me() async throws(ClientError) -> JSONValue {
        try Self.value(await call(APIRequest(.get, "/api/v1/users/me")))
    }

    /// Sets the password of the user whose token is sent; that user's other sessions end.
    package func changePassword(current: String, new: String) async throws(ClientError) {
        var body = JSONObject()
        body["current_password"] = .string(current)
        body["new_password"] = .string(new)
        _ = try await call(Self.json(.put, "/api/v1/users/me/password", .object(body)))
    }

    /// Sets the password of another user, whose sessions end.
    package func setPassword(ofUser id: String, to password: String) async throws(ClientError) {
        var body = JSONObject()
        body["password"] = .string(password)
        _ = try await call(Self.json(.put, "/api/v1/users/\(PercentEncoding.encode(id))/password", .object(body)))
    }

    // MARK: Lists

    /// The items of a list, page after page, up to a number.
    ///
    /// - Parameters:
    ///   - path: Where the list is.
    ///   - filter: The parameters of the list.
    ///   - limit: The most items.
    ///   - cursor: Where a list with the same filter ended; nil to begin.
    ///   - progress: Told how many items have come.
    /// - Returns: The items, and the cursor of what follows; nil at the end of the list.
    /// - Throws: ``ClientError``.
    package func items(
        _ path: String,
        _ filter: [(name: String, value: String)],
        limit: Int,
        from cursor: String? = nil,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(ClientError) -> (items: [JSONValue], next: String?) {
        var items: [JSONValue] = []
        var cursor = cursor
        repeat {
            var query = filter
            query.append(("limit", String(max(1, min(limit - items.count, Self.pageItemsMax)))))
            if let cursor { query.append(("cursor", cursor)) }
            let page = try Self.value(await call(APIRequest(.get, PercentEncoding.target(path, query))))
            guard let new = page["items"]?.array else { throw .unexpectedAnswer("a page without items") }
            items += new
            cursor = new.isEmpty ? nil : page["next_cursor"]?.string
            progress(items.count)
        } while cursor != nil && items.count < limit
        // Behind a page with more than was asked for the cursor would leave some out.
        return (Array(items.prefix(limit)), items.count > limit ? nil : cursor)
    }

    /// The names of users and agents by identifier, with which they may be named in requests.
    ///
    /// Who is not known is left out, and so is what is no identifier.
    package func names(of ids: some Sequence<String> & Sendable) async throws(ClientError) -> [String: String] {
        var names: [String: String] = [:]
        var wanted = Set(ids.filter { UUIDv7($0) != nil }).sorted()[...]
        while !wanted.isEmpty {
            let query = wanted.prefix(Self.pageItemsMax).map { (name: "id", value: $0) }
            wanted = wanted.dropFirst(query.count)
            let answer = try Self.value(await call(APIRequest(.get, PercentEncoding.target("/api/v1/people", query))))
            for person in answer["items"]?.array ?? [] {
                if let id = person["id"]?.string { names[id] = person["name"]?.string }
            }
        }
        return names
    }

    // MARK: Single resources

    /// A resource and its version tag.
    package func resource(
        _ path: String,
        id: String
    ) async throws(ClientError) -> (json: JSONValue, tag: String?) {
        let response = try await call(APIRequest(.get, "\(path)/\(PercentEncoding.encode(id))"))
        return (try Self.value(response), response.header("ETag"))
    }

    /// Makes a resource.
    ///
    /// `key`: The same for every attempt of the same creation, so that it is done once.
    package func create(_ path: String, _ body: JSONValue, key: String) async throws(ClientError) -> JSONValue {
        let headers = [APIRequest.Header("Idempotency-Key", key)]
        return try Self.value(await call(Self.json(.post, path, body, headers: headers)))
    }

    /// Changes members of a resource (JSON merge patch), if its version is still that of the tag.
    package func patch(
        _ path: String,
        id: String,
        _ body: JSONValue,
        tag: String?
    ) async throws(ClientError) -> JSONValue {
        let request = Self.json(
            .patch,
            "\(path)/\(PercentEncoding.encode(id))",
            body,
            contentType: "application/merge-patch+json",
            headers: tag.map { [APIRequest.Header("If-Match", $0)] } ?? []
        )
        return try Self.value(await call(request))
    }

    /// Has something done to a resource that is not a change of its fields, such as `cancel`.
    package func act(
        _ path: String,
        id: String,
        _ word: String,
        _ body: JSONValue? = nil
    ) async throws(ClientError) -> JSONValue {
        let target = "\(path)/\(PercentEncoding.encode(id))/\(word)"
        return try Self.value(await call(body.map { Self.json(.post, target, $0) } ?? APIRequest(.post, target)))
    }

    /// Deletes a resource.
    package func delete(_ path: String, id: String) async throws(ClientError) {
        _ = try await call(APIRequest(.delete, "\(path)/\(PercentEncoding.encode(id))"))
    }

    // MARK: Prometheus API

    /// Evaluates an expression at a time; nil for the server's present.
    package func query(_ expression: String, at time: Timestamp?) async throws(ClientError) -> QueryAnswer {
        var form = [(name: "query", value: expression)]
        if let time { form.append(("time", Self.seconds(time))) }
        return try await query("/prometheus/api/v1/query", form)
    }

    /// Evaluates an expression from one time to another.
    package func query(
        _ expression: String,
        from start: Timestamp,
        through end: Timestamp,
        step: Duration
    ) async throws(ClientError) -> QueryAnswer {
        try await query(
            "/prometheus/api/v1/query_range",
            [
                ("query", expression), ("start", Self.seconds(start)), ("end", Self.seconds(end)),
                ("step", FloatText.decimal(Double(step.wholeMilliseconds) / 1000)),
            ]
        )
    }

    private func query(_ path: String, _ form: [(name: String, value: String)]) async throws(ClientError) -> QueryAnswer
    {
        let headers = [APIRequest.Header("Content-Type", "application/x-www-form-urlencoded")]
        let request = APIRequest(.post, path, headers: headers, body: Array(PercentEncoding.form(form).utf8))
        return try QueryAnswer(Self.value(await call(request)))
    }

    private static func seconds(_ time: Timestamp) -> String { FloatText.decimal(Double(time.milliseconds) / 1000) }

    /// The groups of rules as the Prometheus API tells them.
    package func ruleGroups() async throws(ClientError) -> [JSONValue] {
        let json = try Self.value(await call(APIRequest(.get, "/prometheus/api/v1/rules")))
        guard let groups = json["data"]?["groups"]?.array else { throw .unexpectedAnswer("no groups of rules in it") }
        return groups
    }

    /// The alerts that are pending or firing.
    package func alerts() async throws(ClientError) -> (records: [AlertRecord], json: JSONValue) {
        let json = try Self.value(await call(APIRequest(.get, "/prometheus/api/v1/alerts")))
        guard let list = json["data"]?["alerts"], let alerts = list.array else {
            throw .unexpectedAnswer("no alerts in it")
        }
        var records: [AlertRecord] = []
        for alert in alerts { records.append(try AlertRecord(alert)) }
        return (records, list)
    }
}
