/// wrk, which keeps a number of connections busy for a time.
struct LoadGenerator {
    /// What it saw.
    struct Result {
        let requestsPerSecond: Double
        let p99Milliseconds: Double
        /// Answers with another status than 2xx and 3xx, and connections that failed.
        let failures: Int
    }

    var connections = 100
    var seconds = 10

    /// Requests a path again and again; nil when wrk is not installed.
    func run(port: Int, path: String, token: String?) throws -> Result? {
        guard Command.output("/usr/bin/env", ["which", "wrk"]) != nil else { return nil }
        var arguments = ["wrk", "--threads", "1", "--connections", "\(connections)", "--latency"]
        arguments += ["--duration", "\(seconds)s", "http://127.0.0.1:\(port)\(path)"]
        if let token { arguments += ["--header", "Authorization: Bearer \(token)"] }
        guard let text = Command.output("/usr/bin/env", arguments), let result = Self.parse(text) else {
            throw BenchmarkFailure("wrk failed")
        }
        return result
    }

    static func parse(_ text: String) -> Result? {
        var rate: Double?
        var p99: Double?
        var failures = 0
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "," }
            guard let first = words.first, let last = words.last else { continue }
            switch first {
            case "Requests/sec:": rate = Double(last)
            case "99%": p99 = milliseconds(last)
            case "Non-2xx": failures += Int(last) ?? 0
            case "Socket": failures += words.compactMap { Int($0) }.reduce(0, +)
            default: break
            }
        }
        guard let rate, let p99 else { return nil }
        return Result(requestsPerSecond: rate, p99Milliseconds: p99, failures: failures)
    }

    private static func milliseconds(_ text: Substring) -> Double? {
        for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1000.0)] where text.hasSuffix(unit) {
            return Double(text.dropLast(unit.count)).map { $0 * factor }
        }
        return nil
    }
}
