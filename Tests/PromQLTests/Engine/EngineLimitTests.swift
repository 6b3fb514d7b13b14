import Foundation
import MetricModel
import PromQL
import Synchronization
import Testing

/// What a query may not do, and how it ends then.
@Suite struct EngineLimitTests {
    private func error(
        _ text: String,
        _ options: EngineOptions = EngineOptions(),
        from start: Int64 = 0,
        through end: Int64? = nil,
        step: Int64 = 60_000,
        interruption: @escaping () -> QueryInterruption? = { nil }
    ) throws -> QueryError? {
        let storage = try stored("m{x=\"1\"} 1+1x20", "m{x=\"2\"} 2+2x20", "n{x=\"2\"} 2+2x20")
        let engine = QueryEngine(options: options)
        let expression = try parsed(text)
        do throws(QueryError) {
            if let end {
                _ = try engine.range(
                    expression,
                    from: start,
                    through: end,
                    step: step,
                    reader: storage,
                    interruption: interruption
                )
            } else {
                _ = try engine.instant(expression, at: 600_000, reader: storage, interruption: interruption)
            }
            return nil
        } catch {
            return error
        }
    }

    @Test func aCancelledQueryEnds() throws {
        #expect(try error("sum(m)", interruption: { .cancelled }) == .cancelled)
        #expect(try error("sum(m)", interruption: { .timedOut }) == .timeout)
        #expect("\(QueryError.timeout)" == "query timed out in expression evaluation")
    }

    @Test func aQueryIsAskedAboutOftenEnough() throws {
        let polls = Mutex(0)
        let found = try error("sum by (x) (rate(m[5m])) + on (x) group_left () n") {
            polls.withLock { $0 += 1 }
            return polls.withLock { $0 } > 8 ? .cancelled : nil
        }
        #expect(found == .cancelled)
    }

    @Test func samplesAreCounted() throws {
        let few = EngineOptions(samplesMax: 20)
        #expect(try error("m", few) == nil)
        #expect(try error("m", few, from: 0, through: 1_200_000) == .tooManySamples(limit: 20))
        #expect(try error("sum_over_time(m[20m])", few) == .tooManySamples(limit: 20))
        // A grid alone is too much.
        #expect(try error("vector(1)", few, from: 0, through: 1_260_000) == .tooManySamples(limit: 20))
        #expect(try error("max_over_time(vector(1)[2y:1s])") == .tooManySamples(limit: 50_000_000))
    }

    @Test func pointsAreCounted() throws {
        let options = EngineOptions(pointsPerSeriesMax: 10)
        #expect(try error("m", options, from: 0, through: 9 * 60_000) == nil)
        #expect(try error("m", options, from: 0, through: 10 * 60_000) == .tooManyPoints(limit: 10))
        #expect(try error("m", from: .min, through: .max, step: 1) == .tooManyPoints(limit: 11_000))
    }

    @Test func seriesAreCounted() throws {
        #expect(try error("{x=~\".+\"}", EngineOptions(seriesMax: 2)) == .tooManySeries(limit: 2))
    }

    @Test func labelsDoNotGrowWithoutEnd() throws {
        var text = "m{x=\"1\"}"
        for _ in 0..<40 { text = "label_join(\(text), \"x\", \"-\", \"x\", \"x\")" }
        let limit = EngineOptions().labelValueBytesMax
        #expect(try error(text) == .labelValueTooLong(label: "x", limit: limit))
        let many = String(repeating: "$1", count: 200)
        var replaced = "m{x=\"1\"}"
        for _ in 0..<10 { replaced = "label_replace(\(replaced), \"x\", \"\(many)\", \"x\", \"(.*)\")" }
        #expect(try error(replaced) == .labelValueTooLong(label: "x", limit: limit))
        let small = EngineOptions(labelBytesMax: 100)
        let long = String(repeating: "v", count: 60)
        let twice = "label_replace(m, \"long\", \"\(long)\", \"x\", \".*\")"
        #expect(try error(twice, small) == .tooManyLabelBytes(limit: 100))
    }

    @Test func deepExpressionsFitASmallStack() async throws {
        let levels = ParserOptions.defaultNestingLevelsMax - 5
        let calls = String(repeating: "abs(", count: levels) + "m" + String(repeating: ")", count: levels)
        let sums = String(repeating: "sum(-(", count: levels / 3) + "m" + String(repeating: "))", count: levels / 3)
        let chain = "m" + String(repeating: " + 1", count: levels)
        let powers = String(repeating: "m ^ ", count: levels) + "m"
        let failures: [String] = await withCheckedContinuation { continuation in
            let thread = Thread {
                let failed = [calls, sums, chain, powers].filter { text in
                    (try? self.error(text, from: 0, through: 600_000)) != .some(nil)
                }
                continuation.resume(returning: failed)
            }
            thread.stackSize = 2 << 20
            thread.start()
        }
        #expect(failures.isEmpty)
    }

    @Test func stepsMustMakeSense() throws {
        #expect(try error("m", from: 0, through: 10, step: 0) != nil)
        #expect(try error("m", from: 10, through: 0, step: 1) != nil)
        #expect(try error("m[5m]", from: 0, through: 10, step: 1) != nil)
        #expect(try error("\"text\"", from: 0, through: 10, step: 1) != nil)
        #expect(try error("m[5m]") == nil)
    }

    @Test func timesAtTheEndsOfTheRangeDoNoHarm() throws {
        for text in ["m @ 9223372036854775.807", "m @ -9223372036854775 offset 100y", "rate(m[200y] offset -100y)"] {
            _ = try error(text)
            _ = try error(text, from: .max - 10, through: .max, step: 7)
            _ = try error(text, from: .min, through: .min + 10, step: 7)
        }
        for text in [
            "hour(vector(1e300))", "year(vector(-Inf))", "days_in_month(vector(NaN))", "max_over_time(m[100y:99y])",
        ] {
            #expect(try error(text) == nil, "\(text)")
        }
    }
}
