package import JSON

/// The answer to a PromQL query.
package struct QueryAnswer: Hashable, Sendable {
    /// A value at a time; the value stands as the server wrote it, so that no digit is lost.
    package struct Point: Hashable, Sendable {
        /// Seconds since the Unix epoch.
        package let time: Double
        package let value: String

        /// The value as a number; NaN for a native histogram.
        package var number: Double {
            switch value {
            case "+Inf": .infinity
            case "-Inf": -.infinity
            default: Double(value) ?? .nan
            }
        }
    }

    /// A series with its points; a vector's has one.
    package struct Series: Hashable, Sendable {
        package let labels: [String: String]
        package let points: [Point]

        /// The command `name{label="value"}`.
        package var text: String {
            let name = labels["__name__"] ?? ""
            let pairs = labels.filter { $0.key != "__name__" }.sorted { $0.key < $1.key }
                .map { "\($0.key)=\"\($0.value)\"" }
            return pairs.isEmpty ? (name.isEmpty ? "{}" : name) : "\(name){\(pairs.joined(separator: ", "))}"
        }
    }

    /// The types that the API names.
    package enum Kind: String, Hashable, Sendable {
        case scalar, string, vector, matrix
    }

    package let kind: Kind
    /// One for a scalar or a string.
    package let series: [Series]
    package let warnings: [String]
    package let infos: [String]
    /// The member `data` as it came.
    package let data: JSONValue

    /// Reads the envelope of the Prometheus API.
    /// - Throws: ``ClientError``.
    package init(_ json: JSONValue) throws(ClientError) {
        guard let data = json["data"], let type = data["resultType"]?.string, let kind = Kind(rawValue: type),
            let result = data["result"]
        else { throw .unexpectedAnswer("a query's answer without a known resultType") }
        self.kind = kind
        self.data = data
        let members = Members(json, "answer")
        warnings = members.strings("warnings")
        infos = members.strings("infos")
        var series: [Series] = []
        switch kind {
        case .scalar, .string: series = [Series(labels: [:], points: [try Self.point(result)])]
        case .vector, .matrix:
            for entry in result.array ?? [] {
                var points: [Point] = []
                let (one, many) = (entry["value"] ?? entry["histogram"], entry["values"] ?? entry["histograms"])
                if let one { points.append(try Self.point(one)) }
                for value in many?.array ?? [] { points.append(try Self.point(value)) }
                series.append(Series(labels: Self.strings(entry["metric"]), points: points))
            }
        }
        self.series = series
    }

    /// `[seconds, "value"]`; of a native histogram its count and sum.
    private static func point(_ json: JSONValue) throws(ClientError) -> Point {
        guard let pair = json.array, pair.count == 2, let time = pair[0].double else {
            throw .unexpectedAnswer("a point that is no pair of time and value")
        }
        if let value = pair[1].string { return Point(time: time, value: value) }
        guard let count = pair[1]["count"]?.string, let sum = pair[1]["sum"]?.string else {
            throw .unexpectedAnswer("a point without a value")
        }
        return Point(time: time, value: "histogram count=\(count) sum=\(sum)")
    }

    static func strings(_ json: JSONValue?) -> [String: String] {
        var strings: [String: String] = [:]
        for member in json?.object?.members ?? [] { strings[member.name] = member.value.string ?? "" }
        return strings
    }
}
