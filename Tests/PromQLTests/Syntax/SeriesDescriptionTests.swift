import MetricModel
import Testing

@testable import PromQL

@Suite struct SeriesDescriptionTests {
    @Test(arguments: [
        ("a 1 2", [1, 2]), ("a 1+2x2", [1, 3, 5]), ("a 1-2x2", [1, -1, -3]), ("a 7x1", [7, 7]), ("a", []), ("a  ", []),
        ("a -1 +1 010", [-1, 1, 8]), ("sum{x='y'} 1e3", [1000]), ("a 0.1+0.1x2", [0.1, 0.2, 0.1 + 0.1 + 0.1]),
    ])
    func floats(_ line: String, _ expected: [Double]) throws {
        #expect(try SeriesDescription.parse(line).values == expected.map { .float($0) })
    }

    @Test func otherValues() throws {
        let series = try SeriesDescription.parse("a{b=\"c\"} _ _x2 stale {{schema:1 sum:2}}x1")
        #expect(series.labels.description == "a{b=\"c\"}")
        #expect(series.values.prefix(4) == [.missing, .missing, .missing, .stale])
        #expect(series.values.count == 6)
        #expect(series.values[4] == series.values[5])
    }

    @Test func nonFiniteValues() throws {
        let values = try SeriesDescription.parse("a Inf -inf NaN").values
        #expect(values.prefix(2) == [.float(.infinity), .float(-.infinity)])
        #expect(values.count == 3)
    }

    @Test(arguments: [
        (
            "a 1x999999999999999999999",
            "invalid repetition in series values: strconv.ParseUint: parsing "
                + "\"999999999999999999999\": value out of range"
        ),
        ("a 1x1000", "series has more than 1000 values"), ("a _x1001", "series has more than 1000 values"),
        ("a 1 stalex3", "unexpected identifier \"stalex3\" in series values, expected number or \"stale\""),
        ("a 1+1", "unexpected end of input in series values"),
        ("a{b} 1", "unexpected \"}\" in label set, expected \"=\""),
        ("a {{sum:1 sum:2}}", "duplicate key \"sum\" in histogram"),
        ("a {{buckets:[1] offset:-2147483648}}", "number in histogram description out of range"),
        ("a {{buckets:[1]}}+{{buckets:[1] offset:1000000}}x1", "error combining histograms: more than 100000 buckets"),
    ])
    func refuses(_ line: String, _ expected: String) {
        #expect { try SeriesDescription.parse(line, valuesMax: 1000) } throws: { error in
            (error as? ParseError)?.message == expected
        }
    }
}
