package import JSON

extension APIClient {
    private static let tasksPath = "/api/v1/tasks"

    /// Lines of the log of a task, waiting for some on the server when there are none.
    ///
    /// - Parameters:
    ///   - task: The task's identifier.
    ///   - attempt: Which attempt; nil for the newest.
    ///   - sequence: Only lines behind this one.
    ///   - seconds: How long to wait; less than this client waits for an answer.
    /// - Returns: The answer, with the members `attempt`, `items`, `next_after`, `ended` and `dropped`.
    /// - Throws: ``ClientError``.
    package func log(
        of task: String,
        attempt: Int64?,
        after sequence: Int64,
        waiting seconds: Int
    ) async throws(ClientError) -> JSONValue {
        var query = [(name: "after", value: String(sequence))]
        if let attempt { query.append(("attempt", String(attempt))) }
        if seconds > 0 { query.append(("wait_seconds", String(seconds))) }
        let path = "\(Self.tasksPath)/\(PercentEncoding.encode(task))/logs"
        return try Self.value(await call(APIRequest(.get, PercentEncoding.target(path, query))))
    }

    /// What some agents do, by their identifiers; at most 50 of them.
    package func work(of agents: [String]) async throws(ClientError) -> [String: JSONValue] {
        if agents.isEmpty { return [:] }
        let target = PercentEncoding.target("/api/v1/agents/work", agents.map { (name: "id", value: $0) })
        let answer = try Self.value(await call(APIRequest(.get, target)))
        var work: [String: JSONValue] = [:]
        for item in try Members(answer, "list of work").array("items") {
            if let id = item["agent_id"]?.string { work[id] = item }
        }
        return work
    }

    /// The artefacts of a task, the newest attempt's first.
    package func artefacts(of task: String) async throws(ClientError) -> [ArtefactRecord] {
        let path = "\(Self.tasksPath)/\(PercentEncoding.encode(task))/artefacts"
        let answer = try Self.value(await call(APIRequest(.get, path)))
        var records: [ArtefactRecord] = []
        for item in try Members(answer, "list of artefacts").array("items") { records.append(try ArtefactRecord(item)) }
        return records
    }

    /// Bytes of an artefact from an offset on, at most `countMax`.
    ///
    /// - Throws: ``ClientError``; `unexpectedAnswer` when the server answers with something else than that range.
    package func content(
        of artefact: ArtefactRecord,
        of task: String,
        from offset: Int64,
        countMax: Int64
    ) async throws(ClientError) -> [UInt8] {
        let count = min(countMax, artefact.bytes - offset)
        guard count > 0 else { return [] }
        let one = "\(PercentEncoding.encode(task))/artefacts/\(PercentEncoding.encode(artefact.id))"
        let headers = [APIRequest.Header("Range", "bytes=\(offset)-\(offset + count - 1)")]
        let response = try await call(APIRequest(.get, "\(Self.tasksPath)/\(one)/content", headers: headers))
        guard response.status == 206, Int64(response.body.count) == count else {
            throw .unexpectedAnswer(
                "\(response.body.count) bytes with status \(response.status) for a range of \(count)"
            )
        }
        return response.body
    }
}

/// A file that an attempt at a task has made.
package struct ArtefactRecord: Hashable, Sendable {
    package let id: String
    package let name: String
    package let bytes: Int64
    package let sha256: String
    package let attempt: Int64
    package let isComplete: Bool
    package let createdAt: String
    /// The whole record.
    package let json: JSONValue

    /// - Throws: ``ClientError/unexpectedAnswer(_:)`` when a member is missing.
    package init(_ json: JSONValue) throws(ClientError) {
        let members = Members(json, "artefact")
        id = try members.string("id")
        name = try members.string("name")
        sha256 = try members.string("sha256")
        createdAt = try members.string("created_at")
        bytes = json["bytes"]?.integer ?? 0
        attempt = json["attempt"]?.integer ?? 0
        isComplete = json["complete"]?.boolean ?? false
        self.json = json
    }
}
