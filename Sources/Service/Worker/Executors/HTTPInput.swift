import Foundation
package import JSON

/// The input of a task of the kind `http`.
///
/// Pure.
package struct HTTPInput: Hashable, Sendable {
    package static let timeoutSecondsDefault = 30.0
    package static let timeoutSecondsMax = 3600.0
    package static let headersMax = 100
    package static let statusesMax = 100

    package var method: String
    package var url: String
    /// The host as the client reads it, without brackets.
    package var host: String
    package var headers: [Header]
    package var body: [UInt8]
    /// Empty for any from 200 to 299.
    package var expectedStatuses: Set<Int>
    package var timeoutSeconds: Double

    /// A field of the request.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    private static let members: Set<String> = [
        "method", "url", "headers", "body", "expected_status", "timeout_seconds",
    ]
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    /// What the connection's own machinery says.
    private static let reserved: Set<String> = ["host", "content-length", "transfer-encoding", "connection", "upgrade"]

    /// What stands in a body for what those gave that were to end first.
    package static let upstreamMark = "{{upstream}}"

    /// Reads an input; `upstream` takes the place of its mark in the body: in a text as JSON, in JSON where a text is the mark
    /// and nothing else.
    /// - Throws: ``InputError``.
    package init(_ json: JSONValue, _ upstream: JSONValue = []) throws(InputError) {
        let input = try InputReader(json, known: Self.members)
        method = try input.text("method") ?? "GET"
        guard Self.methods.contains(method) else {
            throw InputError("/method must be one of \(Self.methods.sorted().joined(separator: ", "))")
        }
        // Read by the reader that the client uses: two readers may differ about which host an odd URL names.
        guard let text = try input.text("url"), let url = URL(string: text), let host = url.host, !host.isEmpty,
            let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https",
            url.user == nil, url.password == nil
        else { throw InputError("/url must be an http or https URL without user name") }
        self.url = text
        self.host = host
        headers = []
        for (name, value) in try input.dictionary("headers") {
            guard Self.isToken(name), !Self.reserved.contains(name.lowercased()),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 })
            else { throw InputError("/headers/\(name) must be a field that a client may send") }
            headers.append(Header(name: name, value: value))
        }
        guard headers.count <= Self.headersMax else { throw InputError("/headers: at most \(Self.headersMax) fields") }
        switch input.value("body") {
        case nil: body = []
        case .string(let text):
            body = Array(text.replacing(Self.upstreamMark, with: JSONText.compact(upstream)).utf8)
        case let value?:
            body = JSONWriter.bytes(of: Self.filled(value, upstream))
            if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                headers.append(Header(name: "Content-Type", value: "application/json"))
            }
        }
        expectedStatuses = []
        if let value = input.value("expected_status") {
            guard let list = value.array, list.count <= Self.statusesMax else {
                throw InputError("/expected_status must be an array of statuses")
            }
            for entry in list {
                guard let status = entry.integer, (100...599).contains(status) else {
                    throw InputError("/expected_status must hold numbers from 100 to 599")
                }
                expectedStatuses.insert(Int(status))
            }
        }
        timeoutSeconds =
            try input.number("timeout_seconds", 0.001...Self.timeoutSecondsMax) ?? Self.timeoutSecondsDefault
    }

    private static func filled(_ value: JSONValue, _ upstream: JSONValue) -> JSONValue {
        switch value {
        case .string(upstreamMark): upstream
        case .array(let values): .array(values.map { filled($0, upstream) })
        case .object(let object): .object(JSONObject(object.members.map { ($0.name, filled($0.value, upstream)) }))
        case .string, .null, .boolean, .number: value
        }
    }

    /// Whether a status is what the task wants.
    package func expects(_ status: Int) -> Bool {
        expectedStatuses.isEmpty ? (200...299).contains(status) : expectedStatuses.contains(status)
    }

    /// The name of a field (RFC 9110, 5.6.2).
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}
