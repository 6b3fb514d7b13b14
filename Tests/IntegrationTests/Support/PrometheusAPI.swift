import Foundation
import Testing

/// The query API of a Prometheus, or of the platform.
struct PrometheusAPI: Sendable {
    let port: Int
    var prefix = ""
    var headers: [(String, String)] = []
    /// The address that requests come from: one that no fault of a test exhausts.
    var source = "127.0.0.1"

    /// One point.
    struct Point: Sendable {
        let milliseconds: Int64
        let value: Double
    }

    /// A query's answer: series by the text of their labels.
    struct Answer: Sendable {
        var error = ""
        var type = ""
        var series: [String: [Point]] = [:]
        var labels: [String: [String: String]] = [:]
    }

    /// An alert that is pending or firing.
    struct Alert: Sendable, Hashable {
        let labels: [String: String]
        let state: String

        var name: String { labels["alertname"] ?? "" }
        var component: String { labels["component"] ?? "" }
    }

    func instant(_ expression: String, at milliseconds: Int64? = nil) async throws -> Answer {
        var parameters = [("query", expression)]
        if let milliseconds { parameters.append(("time", Self.seconds(milliseconds))) }
        return try answer(try await post("query", parameters))
    }

    func range(_ expression: String, from start: Int64, through end: Int64, step: Int64) async throws -> Answer {
        try answer(
            try await post(
                "query_range",
                [
                    ("query", expression), ("start", Self.seconds(start)), ("end", Self.seconds(end)),
                    ("step", Self.seconds(step)),
                ]
            )
        )
    }

    /// The value of an expression that has one.
    func value(_ expression: String) async throws -> Double? {
        try await instant(expression).series.values.first?.first?.value
    }

    func alerts() async throws -> [Alert] {
        let answer = try await get("alerts")
        let list = (answer["data"] as? [String: Any])?["alerts"] as? [[String: Any]]
        return try #require(list).map { alert in
            Alert(labels: alert["labels"] as? [String: String] ?? [:], state: alert["state"] as? String ?? "")
        }
    }

    /// The object that a path answers.
    func get(_ path: String) async throws -> [String: Any] {
        let answer = try await WireClient.send(
            .get,
            "\(prefix)/api/v1/\(path)",
            port: port,
            headers: headers,
            from: source
        )
        return try object(answer)
    }

    private func post(_ path: String, _ parameters: [(String, String)]) async throws -> [String: Any] {
        let form = parameters.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
        let fields = headers + [("Content-Type", "application/x-www-form-urlencoded")]
        return try object(
            try await WireClient.send(
                .post,
                "\(prefix)/api/v1/\(path)",
                port: port,
                headers: fields,
                body: Array(form.utf8),
                from: source
            )
        )
    }

    private func object(_ answer: WireAnswer) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        guard let object, object["status"] != nil else { throw Unexpected(text: "\(answer.status) \(answer.text)") }
        return object
    }

    private func answer(_ object: [String: Any]) throws -> Answer {
        guard let data = object["data"] as? [String: Any] else {
            return Answer(error: "\(object["errorType"] ?? ""): \(object["error"] ?? "")")
        }
        var answer = Answer(type: data["resultType"] as? String ?? "")
        if answer.type == "scalar", let pair = data["result"] as? [Any] {
            answer.series[""] = [try Self.point(pair)]
            return answer
        }
        for item in data["result"] as? [[String: Any]] ?? [] {
            let labels = item["metric"] as? [String: String] ?? [:]
            let key = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
            let pairs = item["values"] as? [[Any]] ?? (item["value"] as? [Any]).map { [$0] } ?? []
            answer.series[key] = try pairs.map(Self.point)
            answer.labels[key] = labels
        }
        return answer
    }

    private static func point(_ pair: [Any]) throws -> Point {
        let time = try #require((pair.first as? NSNumber)?.doubleValue)
        let text = try #require(pair.last as? String)
        let value = try #require(text == "NaN" ? .nan : Double(text.replacing("Inf", with: "inf")))
        return Point(milliseconds: Int64((time * 1000).rounded()), value: value)
    }

    static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }
}

/// An answer that no test expects.
struct Unexpected: Error, CustomStringConvertible {
    let text: String
    var description: String { "unexpected answer: \(text.prefix(300))" }
}
