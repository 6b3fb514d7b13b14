import MetricModel
import Testing

@testable import PromQL

/// The language by construct: what is read, how it is printed, what is refused.
@Suite struct ParserTests {
    private func printed(_ text: String, _ options: ParserOptions = ParserPropertyTests.everything) -> String {
        do {
            return try PromQLParser(options: options).parse(text).description
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("1 + 2 * 3 ^ 4 ^ 5", "1 + 2 * 3 ^ 4 ^ 5"), ("SUM(a) BY (b)", "sum by (b) (a)"), ("a{}", "a"),
        ("a{b='c',}", "a{b=\"c\"}"), ("{\"a.b\", c!=\"d\"}", "{__name__=\"a.b\",c!=\"d\"}"), ("0x1F", "31"),
        ("017", "15"),
        ("1_000", "1000"), ("5m", "5m"), ("-5m", "-5m"), ("a offset 90s", "a offset 1m30s"),
        ("a[1.5] @ -1.25", "a[1s500ms] @ -1.250"), ("a </ 1 >/ 2", "a </ 1 >/ 2"), ("# c\na # d", "a"),
        ("a[5m * 0.3333]", "a[5m * 0.3333]"), ("offset offset 5m", "offset offset 5m"), ("fill + fill", "fill + fill"),
        ("and and and", "and and and"), ("a atan2 b", "a atan2 b"), ("'\\xff'", "\"\\xff\""), ("inf", "+Inf"),
        (#"a{b="\xff"}"#, #"a{b="\ufffd"}"#), (#"a{b="\ufffd"}"#, #"a{b="\ufffd"}"#),
        (#"{"\xce", c="\xff9́"}"#, #"{__name__="\ufffd",c="\ufffd9́"}"#),
        ("a offset 5m + 2", "a offset 5m + 2"), ("step() + range()", "step() + range()"),
    ])
    func reads(_ text: String, _ expected: String) {
        #expect(printed(text) == expected)
    }

    @Test(arguments: [
        ("", "unknown position: parse error: no expression found in input"),
        ("a +\n*", "2:1: parse error: unexpected <op:*>"),
        ("sum(", "1:5: parse error: unclosed left parenthesis"),
        ("a)", "1:3: parse error: unexpected right parenthesis ')'"),
        ("rate(a)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"),
        ("a offset 1h offset 1h", "1:1: parse error: offset may not be set multiple times"),
        ("a @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        ("rate(a[1m],)", "1:11: parse error: trailing commas not allowed in function call args"),
        (
            "sum(a, b)",
            "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"
        ),
        ("a offset 1e11", "1:10: parse error: duration out of range"),
        ("sum by (a) b", "1:12: parse error: unexpected identifier \"b\" in aggregation"),
        ("sum(*)", "1:5: parse error: unexpected <op:*> in aggregation"),
        ("a + on(b) group_left *", "1:22: parse error: unexpected <op:*>"),
    ])
    func refuses(_ text: String, _ expected: String) {
        #expect(printed(text) == expected)
    }

    @Test(arguments: [
        (
            "limitk(1, a)",
            "1:1: parse error: limitk() is experimental and must be enabled with "
                + "--enable-feature=promql-experimental-functions"
        ),
        ("mad_over_time(a[1m])", "1:1: parse error: function \"mad_over_time\" is not enabled"),
        ("a anchored", "1:1: parse error: anchored modifier is experimental and not enabled"),
        ("a + fill(0) b", "1:1: parse error: binop fill modifiers are experimental and not enabled"),
        ("a[1m+1m]", "1:3: parse error: experimental duration expression is not enabled"),
    ])
    func refusesWhatIsSwitchedOff(_ text: String, _ expected: String) {
        #expect(printed(text, ParserOptions(durationExpressions: false)) == expected)
    }

    @Test func selectorsAlone() throws {
        let parser = PromQLParser()
        let matchers = try parser.parseMetricSelector("up{job=~\"a|b\"}")
        #expect(matchers.map(\.description) == ["job=~\"a|b\"", "__name__=\"up\""])
        #expect(try parser.parseMetricSelector("{}").isEmpty)
        for text in ["", "up + 1", "up[5m]", "1", "up offset 5m"] {
            #expect(throws: ParseError.self, "\(text)") { try parser.parseMetricSelector(text) }
        }
    }

    @Test func propertiesOfExpressions() throws {
        let expression = try PromQLParser().parse(
            "sum(rate(a[5m])) / on() group_left scalar({__name__=\"b\"} @ 5) + topk(2, a)"
        )
        #expect(expression.valueType == .instantVector)
        #expect(expression.metricNames == ["a", "b"])
        #expect(expression.selectors.count == 3)
        #expect(expression.position == SourceRange(0, 74))
    }

    @Test func theComparisonWithTreesFindsDifferences() throws {
        let expression = try PromQLParser().parse("a + 1")
        let one: [String: Any] = ["node": "number", "val": 1, "pos": [4, 5]]
        let name: [String: Any] = ["name": "__name__", "op": "=", "value": "a"]
        let selector: [String: Any] = ["node": "vector_selector", "name": "a", "matchers": [name], "pos": [0, 1]]
        func tree(_ right: [String: Any]) -> [String: Any] {
            ["node": "binary", "op": "+", "lhs": selector, "rhs": right]
        }
        #expect(TreeComparison.difference(expression, tree(one)) == nil)
        for (key, value) in [("val", 2), ("pos", [4, 6]), ("node", "string")] as [(String, Any)] {
            var other = one
            other[key] = value
            #expect(TreeComparison.difference(expression, tree(other)) != nil, "\(key)")
        }
    }
}
