import APIModel
import Basics
import Exposition
import HTTP
import HTTPTypes
import JSON
import MetricModel
import NIOCore

/// A sample as an agent sent it.
struct PushedSample: Hashable {
    /// With the name, without the server's own labels.
    var labels: Labels
    var value: Double
    /// Milliseconds since the Unix epoch; nil for now.
    var timestamp: Int64?
}

/// Reads what agents push, in either of its two forms.
enum PushedSamples {
    /// How many samples one request may push.
    static let samplesMax = 10_000
    private static let labelsMax = 60

    static let schema = JSONSchema.object([
        .required(
            "samples",
            .array(
                of: .object([
                    .required("name", .string(1...256), "The metric's name."),
                    .optional("labels", .dictionary(.string(0...4096), countMax: labelsMax)),
                    .required("value", .anyOf([.number(nil), .oneOf(["NaN", "+Inf", "-Inf"])])),
                    .optional("at", .string(format: .dateTime).orNull, "Now when it is left out."),
                ]),
                count: 1...samplesMax
            )
        )
    ])

    /// The samples of a request's body.
    /// - Throws: ``ProblemError``: `validation_failed` for names that may not be used, or a page that is not in the text
    ///   format; `payload_too_large`; what a body that is no such JSON is refused with.
    static func read(_ request: RouteRequest) throws -> [PushedSample] {
        let type = request[.contentType]?.lowercased() ?? ""
        if type.hasPrefix(MediaType.json.rawValue) { return try samples(request.json(satisfying: schema)) }
        return try samples(Array(request.body.readableBytesView))
    }

    // MARK: JSON

    private static func samples(_ json: JSONValue) throws(ProblemError) -> [PushedSample] {
        var samples: [PushedSample] = []
        for (index, item) in (json["samples"]?.array ?? []).enumerated() {
            let pointer = "/samples/\(index)"
            var labels = LabelsBuilder()
            for member in item["labels"]?.object?.members ?? [] {
                let escaped = member.name.replacing("~", with: "~0").replacing("/", with: "~1")
                try check(label: member.name, "\(pointer)/labels/\(escaped)")
                labels.set(member.name, member.value.string ?? "")
            }
            let name = item["name"]?.string ?? ""
            try check(name: name, pointer + "/name")
            labels.set(Label.metricName, name)
            samples.append(
                PushedSample(
                    labels: labels.labels,
                    value: value(item["value"]),
                    timestamp: try time(item["at"], pointer + "/at")?.milliseconds
                )
            )
        }
        return samples
    }

    private static func value(_ json: JSONValue?) -> Double {
        switch json?.string {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: json?.double ?? .nan
        }
    }

    private static func time(_ json: JSONValue?, _ pointer: String) throws(ProblemError) -> Timestamp? {
        guard let text = json?.string else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw ProblemMapping.invalid(pointer, "must be an RFC 3339 time with a zone and no leap second")
        }
        return time
    }

    // MARK: Text

    /// Refuses strictly, then reads line by line: families are of no use here, each line is a series.
    private static func samples(_ page: [UInt8]) throws(ProblemError) -> [PushedSample] {
        do throws(ExpositionError) {
            _ = try ExpositionParser(names: .legacy).parse(page)
        } catch {
            throw ProblemMapping.invalid("", error.description)
        }
        var samples: [PushedSample] = []
        var stream = ExpositionStream(page)
        while let entry = try next(&stream) {
            guard case .sample(let value, let timestamp) = entry else { continue }
            guard samples.count < samplesMax else {
                throw ProblemError(.payloadTooLarge, "at most \(samplesMax) samples a request")
            }
            let labels = stream.labels()
            try check(name: labels.metricName, "")
            for label in labels where label.name != Label.metricName { try check(label: label.name, "") }
            samples.append(PushedSample(labels: labels, value: value, timestamp: timestamp))
        }
        return samples
    }

    private static func next(_ stream: inout ExpositionStream) throws(ProblemError) -> ExpositionStream.Entry? {
        do throws(ExpositionStreamError) { return try stream.next() } catch {
            throw ProblemMapping.invalid("", error.description)
        }
    }

    // MARK: Names

    /// Whether only the platform itself may write a metric of this name.
    static func isReserved(_ name: String) -> Bool {
        name.hasPrefix("kaskman_") || name.hasPrefix("ALERTS") || name == "up"
    }

    private static func check(name: String, _ pointer: String) throws(ProblemError) {
        guard MetricNames.isLegacyMetricName(name) else {
            throw ProblemMapping.invalid(pointer, "\(QuotedText.quote(name)) is no name of a metric")
        }
        if isReserved(name) { throw ProblemMapping.invalid(pointer, "the metric \(name) is the platform's own") }
    }

    private static func check(label name: String, _ pointer: String) throws(ProblemError) {
        guard MetricNames.isLegacyLabelName(name), !name.hasPrefix("__") else {
            throw ProblemMapping.invalid(pointer, "\(QuotedText.quote(name)) is no name of a label")
        }
    }
}
