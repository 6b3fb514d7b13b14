import Basics
import ChaosTesting
import MetricModel
import PromQL
import Testing

/// A range query gives at each step what an instant query gives at that time, bit by bit.
@Suite struct RangeInstantPropertyTests {
    @Test(arguments: Chaos.seeds(1...60)) func rangeEqualsInstantAtEachStep(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let storage = try randomStorage(&generator)
        let delayed = Bool.random(using: &generator)
        let engine = QueryEngine(options: EngineOptions(delayedNameRemoval: delayed))
        for _ in 0..<5 {
            let text = RandomQuery.vector(depth: 3, &generator)
            let expression = try parsed(text)
            let start = Int64.random(in: -60_000..<900_000, using: &generator)
            let step = Int64.random(in: 1...200_000, using: &generator)
            let count = Int64.random(in: 1...12, using: &generator)
            let times = (0..<count).map { start + $0 * step }
            let instants = times.map { time in
                outcome { () throws(QueryError) in try engine.instant(expression, at: time, reader: storage) }
            }
            let range = outcome { () throws(QueryError) in
                try engine.range(
                    expression,
                    from: start,
                    through: times[times.count - 1],
                    step: step,
                    reader: storage
                )
            }
            try compare(range, instants, times, "seed \(seed): \(text) from \(start) step \(step) x \(count)")
        }
    }

    private typealias Outcome = Result<QueryValue, QueryError>

    private func outcome(_ body: () throws(QueryError) -> QueryResult) -> Outcome {
        do throws(QueryError) {
            return .success(try body().value)
        } catch {
            return .failure(error)
        }
    }

    private func compare(_ range: Outcome, _ instants: [Outcome], _ times: [Int64], _ hint: String) throws {
        let failures = instants.compactMap { instant -> QueryError? in
            if case .failure(let error) = instant { error } else { nil }
        }
        guard case .success(.matrix(let matrix)) = range else {
            // A range query fails when a step does, with one of the reasons.
            #expect(!failures.isEmpty, "\(hint): \(range)")
            return
        }
        #expect(failures.isEmpty, "\(hint): the range query did not fail")
        for (index, instant) in instants.enumerated() {
            var found: [Labels: UInt64] = [:]
            for series in matrix {
                if let place = series.timestamps.firstIndex(of: times[index]) {
                    found[series.labels] = series.values[place].bitPattern
                }
            }
            var wanted: [Labels: UInt64] = [:]
            switch instant {
            case .success(.vector(let samples)):
                for sample in samples { wanted[sample.labels] = sample.value.bitPattern }
            case .success(.scalar(let value, _)): wanted[.empty] = value.bitPattern
            default: continue
            }
            #expect(found == wanted, "\(hint): at \(times[index])")
        }
    }
}

/// Makes expressions that parse, some of which fail with some data.
enum RandomQuery {
    static func vector(depth: Int, _ generator: inout SeededGenerator) -> String {
        if depth == 0 { return selector(&generator) }
        let inner = vector(depth: depth - 1, &generator)
        switch Int.random(in: 0..<14, using: &generator) {
        case 0: return selector(&generator)
        case 1: return rangeCall(depth, &generator)
        case 2: return "\(pick(["sum", "avg", "min", "max", "count", "stddev", "group"], &generator)) by (x) (\(inner))"
        case 3: return "\(pick(["sum", "avg", "max", "stdvar"], &generator)) without (y) (\(inner))"
        case 4: return "\(pick(["topk", "bottomk", "limitk"], &generator))(2, \(inner))"
        case 5: return "quantile(0.4, \(inner))"
        case 6:
            return
                "(\(inner)) \(pick(["+", "-", "*", "/", "%", ">", "<= bool", "!="], &generator)) \(scalar(&generator))"
        case 7: return "\(scalar(&generator)) \(pick(["+", "-", "^", "<", ">= bool"], &generator)) (\(inner))"
        case 8:
            let other = vector(depth: depth - 1, &generator)
            return "(\(inner)) \(pick(["and", "or", "unless"], &generator)) on (x) (\(other))"
        case 9:
            let other = vector(depth: depth - 1, &generator)
            return "(\(inner)) \(pick(["+", "/", "== bool", ">"], &generator)) on (x, y) (\(other))"
        case 10:
            let other = vector(depth: depth - 1, &generator)
            return "(\(inner)) * on (x) group_left sum by (x) (\(other))"
        case 11: return "\(pick(["abs", "-", "ceil", "timestamp", "absent", "hour"], &generator))(\(inner))"
        case 12: return "label_replace(\(inner), \"x\", \"n$1\", \"y\", \"(.*)\")"
        default: return "count_values(\"v\", \(inner))"
        }
    }

    private static func rangeCall(_ depth: Int, _ generator: inout SeededGenerator) -> String {
        let function = pick(
            [
                "rate", "increase", "delta", "irate", "idelta", "sum_over_time", "avg_over_time", "max_over_time",
                "last_over_time", "count_over_time", "changes", "resets", "deriv", "stddev_over_time",
                "absent_over_time",
            ],
            &generator
        )
        if Bool.random(using: &generator) {
            let name = pick(["a", "b_total"], &generator)
            let range = pick(["1m", "3m", "10m"], &generator)
            return "\(function)(\(name)[\(range)]\(modifier(&generator)))"
        }
        let inner = vector(depth: depth - 1, &generator)
        return "\(function)((\(inner))[5m:\(pick(["", "40s"], &generator))]\(modifier(&generator)))"
    }

    private static func selector(_ generator: inout SeededGenerator) -> String {
        pick(["a", "b_total", "a{x=\"1\"}", "b_total{y=~\"0|1\",x!=\"2\"}", "{x=\"0\"}"], &generator)
            + modifier(&generator)
    }

    private static func modifier(_ generator: inout SeededGenerator) -> String {
        pick(["", "", "", " offset 2m", " offset -1m", " @ 600", " @ 700 offset 3m"], &generator)
    }

    private static func scalar(_ generator: inout SeededGenerator) -> String {
        pick(["2", "0", "NaN", "time()", "scalar(a{x=\"1\",y=\"0\"})", "-1.5"], &generator)
    }

    private static func pick(_ choices: [String], _ generator: inout SeededGenerator) -> String {
        choices[Int.random(in: 0..<choices.count, using: &generator)]
    }
}
