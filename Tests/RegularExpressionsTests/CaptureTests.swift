import RegularExpressions
import Testing

/// Which of several matches is found, and what its groups hold.
struct CaptureTests {
    /// Checks a match given as offsets, `-1` for groups that took no part; nil for no match.
    private func f(
        _ pattern: String,
        _ text: String,
        _ expected: [Int]?,
        location: SourceLocation = #_sourceLocation
    ) throws {
        let match = try RegularExpression(pattern).firstMatch(in: text)
        let slots = match?.captures.flatMap { [$0?.lowerBound ?? -1, $0?.upperBound ?? -1] }
        #expect(slots == expected, "\(pattern) on \(text)", sourceLocation: location)
        #expect(match?.range == match?.captures[0], sourceLocation: location)
    }

    @Test func leftmostFirst() throws {
        try f("a|ab", "ab", [0, 1])
        try f("ab|a", "ab", [0, 2])
        try f("b|a", "ab", [0, 1])
        try f("a*", "baaa", [0, 0])
        try f("a+", "baaa", [1, 4])
        try f("a+?", "baaa", [1, 2])
        try f("a*?", "aaa", [0, 0])
        try f("a*?$", "aaa", [0, 3])
        try f("a??b", "ab", [0, 2])
        try f("a{1,2}", "aaa", [0, 2])
        try f("a{1,2}?", "aaa", [0, 1])
        try f("(?U)a+", "aaa", [0, 1])
        try f("(?U)a+?", "aaa", [0, 3])
        try f("(?:a|ab)(?:c|bcd)", "abcd", [0, 4])
        try f("foo|foobar", "foobar", [0, 3])
        try f("(?:foo|foobar)$", "foobar", [0, 6])
        try f("x*", "日", [0, 0])
        try f("本", "日本", [3, 6])
        try f("$", "ab", [2, 2])
        try f("\\b", " ab", [1, 1])
        try f("(?m)^b$", "a\nb\nc", [2, 3])
        try f("^b", "ab", nil)
        try f("c", "ab", nil)
    }

    @Test func groups() throws {
        try f("(a)(b)", "xab", [1, 3, 1, 2, 2, 3])
        try f("(a)|(b)", "b", [0, 1, -1, -1, 0, 1])
        try f("(a|ab)(c|bcd)(d*)", "abcd", [0, 4, 0, 1, 1, 4, 4, 4])
        try f("(a+)(b+)", "xaabbx", [1, 5, 1, 3, 3, 5])
        try f("(a+?)(a*)", "aaa", [0, 3, 0, 1, 1, 3])
        try f("((a)(b)?)+", "aba", [0, 3, 2, 3, 2, 3, 1, 2])
        try f("(a)*", "aaa", [0, 3, 2, 3])
        try f("(a)*", "b", [0, 0, -1, -1])
        try f("(a*)*", "b", [0, 0, 0, 0])
        try f("(a*)+", "b", [0, 0, 0, 0])
        try f("(|a)*", "aa", [0, 0, 0, 0])
        try f("(|a)+", "aa", [0, 0, 0, 0])
        try f("(a|b)*?c", "abc", [0, 3, 1, 2])
        try f("(?:(a)|b){2}", "ab", [0, 2, 0, 1])
        try f("(a){0}b", "ab", [1, 2, -1, -1])
        try f("()", "", [0, 0, 0, 0])
        try f("(.*)\\.(.*)", "a.b.c", [0, 5, 0, 3, 4, 5])
        try f("(.*?)\\.(.*)", "a.b.c", [0, 5, 0, 1, 2, 5])
        try f("([^:]+):(\\d+)", "host:9090", [0, 9, 0, 4, 5, 9])
    }

    /// A loop does not enter its body twice at one place: where Perl would end the loop at an empty pass, RE2 goes on
    /// to the next alternative.
    @Test func loopsOverEmptyMatches() throws {
        try f("(?:\\B|a)+", "aa", [0, 2])
        try f("(?:a||b)+", "aaaba", [0, 5])
        try f("(?:|a)+", "aa", [0, 0])
        try f("(?:a|)+", "aa", [0, 2])
        try f("(?:a*?)*", "aa", [0, 0])
        try f("(?:a??)+b", "aab", [0, 3])
        try f("((a*)+)*", "aa", [0, 2, 0, 2, 0, 2])
    }

    @Test func names() throws {
        let expression = try RegularExpression("(?P<host>[a-z]+)(:(?<port>\\d+))?")
        #expect(expression.captureNames == [nil, "host", nil, "port"])
        let match = try #require(expression.firstMatch(in: "-db:80"))
        #expect(match["host"] == 1..<3)
        #expect(match["port"] == 4..<6)
        #expect(match["other"] == nil)
        let portless = try #require(expression.firstMatch(in: "db"))
        #expect(portless["port"] == nil)
        let twice = try RegularExpression("(?P<n>a)|(?P<n>b)")
        #expect(try #require(twice.firstMatch(in: "b"))["n"] == 0..<1)
    }

    @Test func anchoredCaptures() throws {
        let expression = try RegularExpression("(a|ab)(b?)", options: .anchored)
        let match = try #require(expression.firstMatch(in: "ab"))
        #expect(match.captures == [0..<2, 0..<1, 1..<2])
        #expect(expression.firstMatch(in: "abc") == nil)
    }

    @Test func equality() throws {
        let one = try RegularExpression("a")
        #expect(try one == RegularExpression("a"))
        #expect(try one != RegularExpression("a", options: .anchored))
        #expect(try RegularExpression("\u{E9}") != RegularExpression("e\u{301}"))
        #expect(try Set([one, RegularExpression("a"), RegularExpression("b")]).count == 2)
        #expect(one.description == "a")
    }
}
