import Basics

/// Makes expressions over the metrics that the platform ships, in the language that Prometheus 2.42 and 3.x share.
///
/// No expression looks back further than ``reach``.
struct ShippedExpressions {
    /// A metric family of the platform.
    struct Family: Sendable {
        let name: String
        let type: String
        /// Label names with some values, without `job` and `instance`; `le` is left out.
        let labels: [(name: String, values: [String])]
    }

    /// The longest range and offset together, in milliseconds.
    static let reach: Int64 = 11_000

    /// How often each construct was used.
    private(set) var counts: [String: Int] = [:]
    private var random: SeededGenerator
    private let families: [Family]
    /// Times that `@` may name, in milliseconds.
    private let times: [Int64]
    /// An offset that keeps the whole seconds at which sub-queries evaluate away from the samples, in milliseconds.
    private let evasion: Int
    private var isInSubquery = false

    init(seed: UInt64, families: [Family], times: [Int64], evasion: Int) {
        random = SeededGenerator(seed: seed)
        self.families = families
        self.times = times
        self.evasion = evasion
    }

    mutating func next() -> String { vector(depth: 3) }

    // MARK: Choices

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func note(_ construct: String) { counts[construct, default: 0] += 1 }

    private mutating func family(_ types: [String]) -> Family {
        let suitable = families.filter { types.contains($0.type) }
        return pick(suitable.isEmpty ? families : suitable)
    }

    // MARK: Vectors

    private mutating func vector(depth: Int) -> String {
        guard depth > 0 else { return selector() }
        switch Int.random(in: 0..<100, using: &random) {
        case ..<12: return selector()
        case ..<34: return overRange()
        case ..<54: return aggregation(depth: depth)
        case ..<68: return elementwise(depth: depth)
        case ..<84: return binary(depth: depth)
        case ..<90: return histogramQuantile()
        case ..<95: return subquery()
        default: return labelFunction(depth: depth)
        }
    }

    private mutating func name(_ types: [String]) -> (text: String, family: Family) {
        let family = family(types)
        guard family.type == "histogram" else { return (family.name, family) }
        return (family.name + pick(["_bucket", "_count", "_sum"]), family)
    }

    /// A selector without what may follow it.
    private mutating func bare(_ types: [String]) -> String {
        let (name, family) = name(types)
        var matchers: [String] = []
        if chance(35), let label = family.labels.isEmpty ? nil : pick(family.labels) {
            let value = pick(label.values)
            switch pick(["=", "!=", "=~", "!~"]) {
            case "=": matchers.append("\(label.name)=\"\(value)\"")
            case "!=": matchers.append("\(label.name)!=\"\(value)\"")
            case "=~": matchers.append("\(label.name)=~\"\(value.prefix(2)).*|\(pick(label.values))\"")
            default: matchers.append("\(label.name)!~\"\(value.prefix(1)).+\"")
            }
            note("matcher")
        }
        if chance(10) {
            matchers.append("job=\"kaskman\"")
            note("matcher")
        }
        return matchers.isEmpty ? name : "\(name){\(matchers.joined(separator: ", "))}"
    }

    private mutating func modifiers(mayFixTime: Bool = true) -> String {
        if isInSubquery { return " offset \(evasion)ms" }
        switch Int.random(in: 0..<100, using: &random) {
        case ..<12:
            note("offset")
            return " offset \(pick([1, 2, 3]))s"
        case ..<17 where mayFixTime:
            note("@")
            return " @ \(PrometheusAPI.seconds(pick(times)))"
        case 17..<20 where mayFixTime:
            note("@")
            return pick([" @ start()", " @ end()"])
        default: return ""
        }
    }

    private static let every = ["counter", "gauge", "histogram"]

    private mutating func selector() -> String {
        note("selector")
        return bare(Self.every) + modifiers()
    }

    private mutating func overRange() -> String {
        let window = "[\(pick([2, 3, 5, 8]))s]"
        switch Int.random(in: 0..<100, using: &random) {
        case ..<45:
            let function = pick(["rate", "increase", "irate", "resets", "changes"])
            note(function)
            return "\(function)(\(bare(["counter", "histogram"]))\(window)\(modifiers()))"
        case ..<55:
            let function = pick(["delta", "idelta", "deriv"])
            note(function)
            return "\(function)(\(bare(["gauge"]))\(window)\(modifiers()))"
        case ..<60:
            note("predict_linear")
            // In a range query 2.42 moves the window on with each step although @ holds it.
            let modifiers = modifiers(mayFixTime: false)
            return "predict_linear(\(bare(["gauge"]))\(window)\(modifiers), \(pick([10, 60])))"
        case ..<65:
            note("quantile_over_time")
            return "quantile_over_time(\(pick(["0.1", "0.5", "0.99"])), \(bare(Self.every))\(window)\(modifiers()))"
        default:
            let function =
                pick(["avg", "min", "max", "sum", "count", "last", "present", "stddev", "stdvar", "absent"])
                + "_over_time"
            note(function)
            return "\(function)(\(bare(Self.every))\(window)\(modifiers()))"
        }
    }

    private mutating func subquery() -> String {
        note("subquery")
        isInSubquery = true
        defer { isInSubquery = false }
        let inner =
            chance(50) ? "rate(\(bare(["counter", "histogram"]))[3s]\(modifiers()))" : bare(["gauge"]) + modifiers()
        let function = pick(["max", "min", "avg", "sum", "count"]) + "_over_time"
        return "\(function)(\(inner)[\(pick([4, 7]))s:\(pick([1, 2]))s])"
    }

    private mutating func histogramQuantile() -> String {
        note("histogram_quantile")
        let name = family(["histogram"]).name
        let quantile = pick(["0", "0.5", "0.9", "0.99", "1"])
        guard chance(50) else { return "histogram_quantile(\(quantile), \(name)_bucket)" }
        return "histogram_quantile(\(quantile), sum by (le, job) (rate(\(name)_bucket[\(pick([3, 5, 8]))s])))"
    }

    // MARK: Functions of vectors

    private mutating func elementwise(depth: Int) -> String {
        let inner = vector(depth: depth - 1)
        let function = pick([
            "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "round", "clamp", "clamp_min",
            "clamp_max",
            "timestamp", "minute", "absent", "scalar", "-", "sort", "hour", "sin", "tanh", "deg", "day_of_week",
        ])
        note(function)
        switch function {
        case "round": return "round(\(inner), \(pick(["0.1", "0.5", "10"])))"
        case "clamp": return "clamp(\(inner), 0.5, 100)"
        case "clamp_min", "clamp_max": return "\(function)(\(inner), \(pick(["1", "0.01"])))"
        case "scalar": return "vector(scalar(\(inner)))"
        case "-": return "-(\(inner))"
        // Which date NaN has is up to the processor that Go runs on: the function hears finite values.
        case "minute", "hour", "day_of_week": return "\(function)(((\(inner)) > -1e15) < 1e15)"
        // The sine of a time in seconds since 1970 has its argument's last bit, in which means may differ, for its seventh digit.
        case "sin": return "sin(clamp(\(inner), -1000, 1000))"
        default: return "\(function)(\(inner))"
        }
    }

    private mutating func labelFunction(depth: Int) -> String {
        // Without other names in the result: two series that differ by their name only would become one.
        let inner = "\(bare(Self.every))"
        if chance(50) {
            note("label_replace")
            return "label_replace(\(inner), \"short\", \"$1\", \"__name__\", \"kaskman_([a-z]+)_.*\")"
        }
        note("label_join")
        return "label_join(\(inner), \"both\", \"/\", \"job\", \"component\")"
    }

    private mutating func aggregation(depth: Int) -> String {
        let grouping = pick([
            "", " by (job)", " by (component)", " by (route, code)", " without (le, instance)", " without (route)",
        ])
        let inner = vector(depth: depth - 1)
        let operation = pick([
            "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "quantile", "count_values", "topk",
            "bottomk",
        ])
        note(operation)
        switch operation {
        case "quantile": return "quantile\(grouping) (\(pick(["0.25", "0.9"])), \(inner))"
        case "count_values": return "count_values\(grouping) (\"value\", round(\(inner), 0.5))"
        // Of an infinite value 2.42 finds no deviation, 3.x no number: both hear finite values.
        case "stddev", "stdvar": return "\(operation)\(grouping) (((\(inner)) > -1e15) < 1e15)"
        // Which of equal elements they take is nobody's promise: only their values are compared.
        case "topk", "bottomk": return "sum(\(operation)\(grouping) (3, \(inner)))"
        default: return "\(operation)\(grouping) (\(inner))"
        }
    }

    private mutating func binary(depth: Int) -> String {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<40:
            let operation = pick(["+", "-", "*", "/", "%", "^", "atan2", ">", "<=", "!=", "> bool", "== bool"])
            note("vector \(operation) scalar")
            let scalar = pick(["2", "0.5", "1e3", "10"])
            let side = operation == "atan2" ? "vector(\(scalar))" : scalar
            if operation == "atan2" { return "sum(\(vector(depth: depth - 1))) atan2 \(side)" }
            return "(\(vector(depth: depth - 1))) \(operation) \(side)"
        case ..<65:
            let operation = pick(["+", "-", "*", "/", ">", "== bool"])
            note("vector \(operation) vector")
            let by = pick(["component", "route", "job", "code"])
            return
                "sum by (\(by)) (\(vector(depth: depth - 1))) \(operation) sum by (\(by)) (\(vector(depth: depth - 1)))"
        case ..<80:
            note("group_left")
            let inner = bare(["gauge", "counter"])
            return "\(inner) / on (job) group_left () sum by (job) (\(vector(depth: depth - 1)))"
        default:
            let operation = pick(["and", "or", "unless"])
            note(operation)
            return "(\(bare(Self.every))) \(operation) (\(bare(Self.every)) \(pick(["> 0", "== 0", "< 10"])))"
        }
    }
}
