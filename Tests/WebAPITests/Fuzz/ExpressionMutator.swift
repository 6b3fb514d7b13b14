import Basics

/// Changes PromQL expressions a little: a token for another of its kind, a wrapping, a join of two, or bytes.
struct ExpressionMutator {
    var random: SeededGenerator

    static let seeds = [
        "up", "up == 0", #"up{job="kaskman"}"#, #"m_total{zone=~"eu|us",job!="x"}"#, "rate(m_total[5m])",
        "sum by (job) (rate(m_total[2m]))", "sum without (zone) (m_total) / on (job) group_left () sum by (job) (up)",
        "histogram_quantile(0.9, sum by (le) (rate(h_seconds_bucket[5m])))", "topk(3, m_total)", "bottomk(1, g)",
        "max_over_time(g[10m:30s])", "avg_over_time(rate(m_total[1m])[5m:])", "absent(nothing)", "vector(1)",
        "1 + 2 * 3 ^ 4",
        "-g", "time() - timestamp(up)", #"label_replace(up, "a", "$1-x", "job", "(.*)")"#,
        #"label_join(up, "b", "-", "job", "zone")"#, "g offset 1m", "g @ end()", "g @ 1700000000.000",
        "count_values(\"v\", g)",
        "quantile(0.5, g)", "g > bool 1", "g and on (job) up", "g or vector(0)", "g unless up", "sort_desc(g)",
        "predict_linear(g[5m], 3600)", "clamp(g, 0, 10)", "round(g, 0.1)", "increase(m_total[5m] offset -1m)",
        "changes(g[5m]) + resets(m_total[5m])", "deriv(g[5m])", "holt_winters(g[5m], 0.5, 0.5)", "stddev(g)",
        "day_of_week()", "hour(vector(0))", "scalar(sum(g))", #"{__name__=~"m.*|g"}"#, #"{"g"}"#, "0x1f + 1e3 - Inf",
        "sum(g) by (job)", "group(up)", "irate(m_total[1m])", "quantile_over_time(0.9, g[5m])", "(g)", "'text'",
        "present_over_time(g[1m])", "min_over_time((g > 1)[5m:1m] @ start())", "g * on (job) group_right (zone) up",
        "sum(rate(m_total[1h30m]))", "g[5m]", "limitk(2, g)", "sgn(g) + abs(g) + ceil(g) + floor(g) + exp(g) + ln(g)",
    ]
    private static let functions = [
        "abs", "ceil", "floor", "exp", "ln", "sqrt", "sum", "min", "max", "avg", "count", "group", "stddev", "stdvar",
        "sort", "sgn", "absent", "timestamp", "scalar", "rate", "increase", "delta", "nosuch", "SUM",
    ]
    private static let numbers = [
        "0", "1", "2", "10", "0.5", "-1", "1e3", "1e308", "1e309", "NaN", "Inf", "0x7fffffff", "9223372036854775807",
        "99999999999999999999", "1_000", "0b1", "1e", ".5", "5.",
    ]
    private static let durations = [
        "1s", "1m", "5m", "30s", "1h", "1d", "1w", "1y", "1ms", "0s", "5m30s", "-1m", "1000y", "9999999999y", "5mm",
        "1h1h",
    ]
    private static let operators = [
        "+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless", "atan2", "=~", "=", "&&",
    ]
    private static let names = [
        "up", "m_total", "g", "h_seconds_bucket", "nothing", "job", "zone", "le", "é", "by", "on", "_",
    ]
    private static let snippets = [
        "(", ")", "[", "]", "{", "}", ",", ":", "\"", "'", "`", "#", "\\", "\u{0}", "\u{301}", "研", "\n", " ", "\t",
        "@", "$", ";",
        "bool", "offset", "by ()", "ignoring", "group_left", "{}", "[1m]", "[1m:]", "start()", "-", "/*", "\u{FEFF}",
    ]

    /// A mutated expression.
    mutating func next() -> String {
        var text = pick(Self.seeds)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<6: text = withAnotherToken(text)
            case 6, 7: text = wrapped(text)
            case 8: text = "(\(text)) \(pick(Self.operators)) (\(pick(Self.seeds)))"
            case 9: text += pick([" offset 1m", " @ end()", "[5m:1m]", " > 0", " + 1", "{}", #"{job="a"}"#, "[1m]"])
            case 10: text = spliced(text)
            default: text = chance(8) ? deep(text) : damaged(text)
            }
        }
        return text
    }

    /// Puts another number, duration, operator or name in the place of one.
    private mutating func withAnotherToken(_ text: String) -> String {
        let pattern =
            /[0-9][0-9.]*(?:ms|[smhdwy])|[0-9.]+(?:e[0-9]+)?|"[^"]*"|[A-Za-z_:][A-Za-z0-9_:]*|[=!<>]=|=~|[-+*\/%^<>]/
        guard let match = text.matches(of: pattern).randomElement(using: &random) else { return text }
        let token = match.0
        let other: String
        if token.first == "\"" {
            other = "\"" + pick(["", "a", "kaskman", "eu", "(.*)", "(", "a|b|", "\\\\d+", "é", "$1", "[", ".+"]) + "\""
        } else if token.first?.isNumber == true {
            other = pick(token.last?.isLetter == true ? Self.durations : Self.numbers)
        } else if token.first?.isLetter == true || token.first == "_" {
            let isCall = text[match.range.upperBound...].first == "("
            other = pick(isCall ? Self.functions : Self.names)
        } else {
            other = pick(Self.operators)
        }
        return text.replacingCharacters(in: match.range, with: other)
    }

    private mutating func wrapped(_ text: String) -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: "(\(text))"
        case 1: "-\(text)"
        case 2: "sum by (\(pick(Self.names))) (\(text))"
        default: "\(pick(Self.functions))(\(text))"
        }
    }

    private mutating func deep(_ text: String) -> String {
        let depth = pick([10, 100, 1000, 5000])
        let (open, close) = pick([("(", ")"), ("-", ""), ("sum(", ")"), ("abs(", ")"), ("((", "))[5m:]")])
        return String(repeating: open, count: depth) + text + String(repeating: close, count: depth)
    }

    private mutating func spliced(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let index = Int.random(in: 0...scalars.count, using: &random)
        scalars.insert(contentsOf: pick(Self.snippets).unicodeScalars, at: index)
        return String(String.UnicodeScalarView(scalars))
    }

    private mutating func damaged(_ text: String) -> String {
        var mutator = JSONMutator(random: random)
        var bytes = Array(text.utf8)
        mutator.damage(&bytes)
        random = mutator.random
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: values.indices, using: &random)] }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
    }
}
