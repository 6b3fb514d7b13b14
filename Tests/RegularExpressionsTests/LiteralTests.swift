import Testing

@testable import RegularExpressions

/// What the store can learn from a pattern without matching.
struct LiteralTests {
    @Test func literalSets() throws {
        func f(
            _ pattern: String,
            _ expected: [String]?,
            options: RegularExpression.Options = .anchored,
            location: SourceLocation = #_sourceLocation
        ) throws {
            let expression = try RegularExpression(pattern, options: options)
            #expect(expression.literalSet == expected, "\(pattern)", sourceLocation: location)
            for text in expected ?? [] {
                #expect(expression.matches(text), "\(pattern) on \(text)", sourceLocation: location)
                #expect(!expression.matches(text + "\0"), "\(pattern) on \(text)", sourceLocation: location)
            }
        }
        try f("a", ["a"])
        try f("a|b|foo(bar|baz)", ["a", "b", "foobar", "foobaz"])
        try f("foo|foo|bar", ["foo", "bar"])
        try f("", [""])
        try f("a|", ["a", ""])
        try f("(a|b)(c|d)", ["ac", "ad", "bc", "bd"])
        try f("a?b", ["b", "ab"])
        try f("a{2,3}", ["aa", "aaa"])
        try f("[ab]c", ["ac", "bc"])
        try f("(?i)ab", ["AB", "Ab", "aB", "ab"])
        try f("日|本語", ["日", "本語"])
        try f("a\\.b", ["a.b"])
        try f("^(?:a|b)$", ["a", "b"])
        try f("^(a|b)$", ["a", "b"], options: [])
        try f("[^\\x00-\\x{10FFFF}]", [])
        try f("a*", nil)
        try f("a.", nil)
        try f("a|b.*", nil)
        try f("a|b", nil, options: [])
        try f("^a|b$", nil, options: [])
        try f("^a", nil, options: [])
        try f("\\ba", nil)
        try f("[ab]{9}", nil)
        #expect(try RegularExpression("[ab]{8}", options: .anchored).literalSet?.count == 256)
    }

    @Test func largeSetsAreStillExact() throws {
        let names = (0..<2_000).map { "name-\($0 * 7)" }
        let expression = try RegularExpression(names.joined(separator: "|"), options: .anchored)
        #expect(expression.literalSet == nil)
        #expect(names.allSatisfy { expression.matches($0) })
        #expect(!expression.matches("name-1") && !expression.matches("name-") && !expression.matches("name-70 "))
        #expect(expression.firstMatch(in: "name-70")?.range == 0..<7)
    }

    @Test func literalPrefixes() throws {
        func f(
            _ pattern: String,
            _ expected: String,
            options: RegularExpression.Options = .anchored,
            location: SourceLocation = #_sourceLocation
        ) throws {
            #expect(
                try RegularExpression(pattern, options: options).literalPrefix == expected,
                "\(pattern)",
                sourceLocation: location
            )
        }
        try f("foo.*", "foo")
        try f("foo", "foo")
        try f("(foo)bar.+", "foobar")
        try f("foo|food", "foo")
        try f("foo(bar|baz)", "fooba")
        try f("foo(bar|baz)x", "fooba")
        try f("(ab){2}", "ab")
        try f("(ab)+c", "ab")
        try f("(ab)?c", "")
        try f("ab?c", "a")
        try f("日本|日語", "日")
        try f("(?i)foo", "")
        try f(".*foo", "")
        try f("^foo.*", "foo", options: [])
        try f("foo.*", "", options: [])
        try f("^a|b", "", options: [])
    }

    /// The shapes answer as the general engine does.
    @Test func shapesAgreeWithTheEngine() throws {
        let patterns = [
            "", "abc", ".*", ".+", "a.*", "a.+", ".*a", ".+a", ".*ab.*", "aab", "^ab", "ab$", "^ab$", "(a).*", "a|b",
            ".*.*a", "^.*a.*$", "(?:ab)", "abab", "aabaaab", "^", "$", ".*aab.*$", ".+.+", "a.*b",
        ]
        let texts = [
            "", "a", "b", "ab", "ba", "aab", "abab", "aabaaab", "aabaabaaab", "xaby", "\n", "a\n", "\na", "日", "a日",
            "ababa", "aaaaab",
        ]
        var shaped = 0
        for pattern in patterns {
            for options: RegularExpression.Options in [.dotMatchesNewline, [.anchored, .dotMatchesNewline], []] {
                let expression = try RegularExpression(pattern, options: options)
                shaped += expression.engine.shape == nil ? 0 : 1
                for text in texts {
                    let expected = expression.engine.run(text.utf8.span).isMatch
                    #expect(expression.matches(text) == expected, "\(pattern) on \(text.debugDescription)")
                }
            }
        }
        #expect(shaped > 40)
    }
}
