package import Basics
import JSON

/// One line of what an attempt writes.
package struct TaskLogLine: Hashable, Sendable {
    /// Where it was written; `system` is what the agent itself says.
    package enum Stream: String, Hashable, Sendable {
        case stdout, stderr, system
    }

    /// From 1, growing within the attempt: a line that is sent twice is stored once.
    package let sequence: Int64
    package let at: Timestamp
    package let stream: Stream
    /// Without its line end; at most ``textBytesMax`` bytes of UTF-8.
    package let text: String

    /// Longer lines are cut before they are sent.
    package static let textBytesMax = 16 << 10
    /// How many lines one request takes.
    package static let linesPerRequestMax = 1000

    package init(sequence: Int64, at: Timestamp, stream: Stream, text: String) {
        self.sequence = sequence
        self.at = at
        self.stream = stream
        self.text = text
    }
}

/// A file that an attempt made, as the server knows it.
package struct ArtefactReceipt: Hashable, Sendable {
    package let id: String
    package let name: String
    /// How many bytes of it have arrived: where to go on.
    package let offset: Int
    package let isComplete: Bool

    init(_ json: JSONValue) throws(AgentCallError) {
        guard let id = json["id"]?.string, let name = json["name"]?.string,
            let offset = json["offset"]?.integer, offset >= 0, let isComplete = json["complete"]?.boolean
        else { throw .unexpectedAnswer("an artefact without id, name, offset or complete") }
        self.id = id
        self.name = name
        self.offset = Int(clamping: offset)
        self.isComplete = isComplete
    }
}

/// How a push of metrics was taken.
package struct MetricsReceipt: Hashable, Sendable {
    package let accepted: Int
    package let rejected: Int
}

extension AgentClient {
    /// Adds lines to the log of an attempt; returns how many the server dropped so far because the log was full.
    @discardableResult
    package func appendLogs(_ lease: LeaseKey, _ lines: [TaskLogLine]) async throws(AgentCallError) -> Int {
        let body: JSONObject = [
            "token": .integer(lease.token),
            "lines": .array(
                lines.map { line in
                    [
                        "sequence": .integer(line.sequence), "at": .string(line.at.rfc3339),
                        "stream": .string(line.stream.rawValue), "text": .string(line.text),
                    ]
                }
            ),
        ]
        let answer = try await json(APIClient.json(.post, path(lease, "logs"), .object(body)))
        return Int(clamping: answer["dropped"]?.integer ?? 0)
    }

    /// Pushes samples in the Prometheus text format 0.0.4.
    package func pushMetrics(_ lease: LeaseKey, text: [UInt8]) async throws(AgentCallError) -> MetricsReceipt {
        let request = APIRequest(
            .post,
            path(lease, "metrics?token=\(lease.token)"),
            headers: [APIRequest.Header("Content-Type", "text/plain; version=0.0.4")],
            body: text
        )
        let answer = try await json(request)
        return MetricsReceipt(
            accepted: Int(clamping: answer["accepted"]?.integer ?? 0),
            rejected: Int(clamping: answer["rejected"]?.integer ?? 0)
        )
    }

    /// Announces a file; one whose content the project has already is complete at once.
    package func createArtefact(
        _ lease: LeaseKey,
        name: String,
        bytes: Int,
        sha256: String,
        mediaType: String? = nil
    ) async throws(AgentCallError) -> ArtefactReceipt {
        var body: JSONObject = [
            "token": .integer(lease.token), "name": .string(name), "bytes": .integer(Int64(bytes)),
            "sha256": .string(sha256),
        ]
        body["media_type"] = mediaType.map { .string($0) }
        return try ArtefactReceipt(await json(APIClient.json(.post, path(lease, "artefacts"), .object(body))))
    }

    /// Sends a part of a file, which begins at `offset`.
    ///
    /// - Throws: ``AgentCallError``; `wrongOffset` says where to go on.
    package func uploadChunk(
        _ lease: LeaseKey,
        artefact id: String,
        offset: Int,
        _ bytes: [UInt8]
    ) async throws(AgentCallError) -> ArtefactReceipt {
        let request = APIRequest(
            .patch,
            path(lease, "artefacts/\(PercentEncoding.encode(id))?token=\(lease.token)"),
            headers: [
                APIRequest.Header("Content-Type", "application/octet-stream"),
                APIRequest.Header("Upload-Offset", String(offset)),
            ],
            body: bytes
        )
        return try ArtefactReceipt(await json(request))
    }

    /// How far an upload is.
    package func artefact(_ lease: LeaseKey, id: String) async throws(AgentCallError) -> ArtefactReceipt {
        try ArtefactReceipt(await json(APIRequest(.get, path(lease, "artefacts/\(PercentEncoding.encode(id))"))))
    }
}
