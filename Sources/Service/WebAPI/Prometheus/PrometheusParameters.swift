import APIModel
import Basics
import HTTP
import HTTPTypes
import MetricModel
import NIOCore
import PromQL

/// The parameters of a Prometheus API request: from the query, or from the form body of a POST.
struct PrometheusParameters {
    /// A parameter that is missing or malformed.
    struct Fault: Error {
        let text: String
    }

    /// The bounds of times in the API: years that RFC 3339 can write.
    private static let timeMin = Timestamp(milliseconds: -62_135_596_800_000)
    private static let timeMax = Timestamp(milliseconds: 253_402_300_799_999)

    private let values: [(name: String, value: String)]

    /// - Throws: ``Fault`` when the query or the form is not properly encoded.
    init(_ request: RouteRequest) throws(Fault) {
        let target = request.head.path ?? "/"
        var values: [(name: String, value: String)] = []
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            values += try Self.items(target[target.utf8.index(after: mark)...])
        }
        if request.head.method == .post { values += try Self.items(Substring(String(buffer: request.body))) }
        self.values = values
    }

    private static func items(_ text: Substring) throws(Fault) -> [(name: String, value: String)] {
        do {
            return try QueryItems(parsing: text).items.map { ($0.name, $0.value) }
        } catch {
            throw Fault(text: error.problem.detail ?? "the parameters are malformed")
        }
    }

    func string(_ name: String) -> String? { values.first { $0.name == name && !$0.value.isEmpty }?.value }

    func strings(_ name: String) -> [String] { values.filter { $0.name == name }.map(\.value) }

    func required(_ name: String) throws(Fault) -> String {
        guard let value = string(name) else { throw Fault(text: "invalid parameter \"\(name)\": it is missing") }
        return value
    }

    /// A time: seconds since the Unix epoch, possibly with a fraction, or RFC 3339.
    func time(_ name: String) throws(Fault) -> Timestamp? {
        guard let text = string(name) else { return nil }
        let time = Double(text).flatMap { $0.isFinite ? Timestamp(seconds: $0) : nil } ?? Timestamp(rfc3339: text)
        guard let time else {
            throw Fault(text: "invalid parameter \"\(name)\": cannot parse \"\(text)\" to a valid timestamp")
        }
        return min(max(time, Self.timeMin), Self.timeMax)
    }

    /// A duration: seconds, possibly with a fraction, or as in PromQL.
    func duration(_ name: String) throws(Fault) -> Duration? {
        guard let text = string(name) else { return nil }
        if let seconds = Double(text), seconds.isFinite, seconds.magnitude < 9.2e9 {
            return .milliseconds(Int64((seconds * 1000).rounded()))
        }
        guard let milliseconds = PrometheusDuration.milliseconds(parsing: text) else {
            throw Fault(text: "invalid parameter \"\(name)\": cannot parse \"\(text)\" to a valid duration")
        }
        return .milliseconds(milliseconds)
    }

    /// The longest that the query may take; nil when the request does not say.
    func timeout() throws(Fault) -> Duration? {
        guard let timeout = try duration("timeout") else { return nil }
        guard timeout > .zero else { throw Fault(text: "invalid parameter \"timeout\": must be positive") }
        return timeout
    }

    /// A number; nil when the request does not say.
    func integer(_ name: String) throws(Fault) -> Int? {
        guard let text = string(name) else { return nil }
        guard let value = Int(text) else {
            throw Fault(text: "invalid parameter \"\(name)\": must be a whole number")
        }
        return value
    }

    /// A truth value as Go reads it, in either case; false when the request does not say.
    func boolean(_ name: String) throws(Fault) -> Bool {
        switch string(name)?.lowercased() {
        case nil, "0", "f", "false": return false
        case "1", "t", "true": return true
        default: throw Fault(text: "invalid parameter \"\(name)\": must be true or false")
        }
    }

    /// A number of results; nil for no limit.
    func limit() throws(Fault) -> Int? {
        guard let text = string("limit") else { return nil }
        guard let limit = Int(text), limit >= 0 else {
            throw Fault(text: "invalid parameter \"limit\": must be a whole number that is not negative")
        }
        return limit == 0 ? nil : limit
    }

    /// The selectors of `match[]`.
    func selectors() throws(Fault) -> [[LabelMatcher]] {
        let parser = PromQLParser()
        var selectors: [[LabelMatcher]] = []
        for text in strings("match[]") {
            do {
                selectors.append(try parser.parseMetricSelector(text))
            } catch {
                throw Fault(text: "invalid parameter \"match[]\": \(error)")
            }
        }
        return selectors
    }
}
