import Basics
import Client
import Crypto
import JSON

/// A result as it lies on the disk.
///
/// Format, version 1: the line `kaskman-outbox 1 DIGEST`, where DIGEST is the SHA-256 of everything behind that line, in
/// hexadecimal; then one JSON object with `task_id`, `token`, and either `output` or `error` (`class`, `message`).
///
/// Pure.
package enum OutboxFile {
    package static let bytesMax = 1 << 20
    private static let magic = "kaskman-outbox"
    private static let version = "1"

    /// What is wrong with a file.
    package enum Fault: Error, Hashable, Sendable {
        case notOurs, newerVersion, damaged
    }

    package static func encode(_ result: AttemptResult) -> [UInt8] {
        var body: JSONObject = ["task_id": .string(result.key.taskID), "token": .integer(result.key.token)]
        switch result.outcome {
        case .completed(let output): body["output"] = output
        case .failed(let kind, let message):
            body["error"] = ["class": .string(kind.rawValue), "message": .string(message)]
        }
        let content = JSONWriter.bytes(of: JSONValue.object(body)) + [UInt8(ascii: "\n")]
        return Array("\(magic) \(version) \(digest(content))\n".utf8) + content
    }

    package static func decode(_ bytes: [UInt8]) throws(Fault) -> AttemptResult {
        guard let end = bytes.prefix(200).firstIndex(of: UInt8(ascii: "\n")) else { throw .notOurs }
        let head = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard head.count == 3, head[0] == magic else { throw .notOurs }
        guard head[1] == version else { throw .newerVersion }
        let content = Array(bytes[(end + 1)...])
        guard head[2] == digest(content), let json = try? JSONValue(parsing: content, limits: limits),
            let id = json["task_id"]?.string, let token = json["token"]?.integer
        else { throw .damaged }
        let key = LeaseKey(taskID: id, token: token)
        if let output = json["output"], output.isObject { return AttemptResult(key, .completed(output: output)) }
        guard let word = json["error"]?["class"]?.string, let kind = FailureClass(rawValue: word) else {
            throw .damaged
        }
        return AttemptResult(key, .failed(kind, message: json["error"]?["message"]?.string ?? ""))
    }

    private static let limits = JSONLimits(bytesMax: bytesMax)

    private static func digest(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).hexadecimal }
}
