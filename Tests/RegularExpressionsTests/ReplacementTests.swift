import RegularExpressions
import Testing

/// Templates and replacement, as Go's `Expand` and `ReplaceAllString`.
struct ReplacementTests {
    @Test func expansion() throws {
        let expression = try RegularExpression("(?P<first>a+)(?P<second>b+)?(?P<third>c)?")
        let text = "xaabb"
        let match = try #require(expression.firstMatch(in: text))
        func f(_ template: String, _ expected: String, location: SourceLocation = #_sourceLocation) {
            #expect(
                expression.expand(template: template, match: match, in: text) == expected,
                "\(template)",
                sourceLocation: location
            )
        }
        f("", "")
        f("plain", "plain")
        f("$0", "aabb")
        f("$1-$2", "aa-bb")
        f("${1}x", "aax")
        f("$1x", "")
        f("$1_$2", "bb")
        f("$first", "aa")
        f("${second}$first", "bbaa")
        f("$firstx", "")
        f("$3|$third|$9|$nope", "|||")
        f("$$1", "$1")
        f("$$$1", "$aa")
        f("$", "$")
        f("a$", "a$")
        f("$-", "$-")
        f("${1", "${1")
        f("${}", "${}")
        f("${1-2}", "${1-2}")
        f("${ 1}", "${ 1}")
        f("$01", "")
        f("$99999999999999999999", "")
        f("é$1é", "é")
        f("é${1}é", "éaaé")
    }

    @Test func replacement() throws {
        func f(
            _ pattern: String,
            _ text: String,
            _ template: String,
            _ expected: String,
            location: SourceLocation = #_sourceLocation
        ) throws {
            let result = try RegularExpression(pattern).replaceAll(in: text, with: template)
            #expect(result == expected, "\(pattern) on \(text)", sourceLocation: location)
        }
        try f("b", "abcb", "X", "aXcX")
        try f("b", "acd", "X", "acd")
        try f("a+", "baaac", "<$0>", "b<aaa>c")
        try f("(a)(b)", "abab", "$2$1", "baba")
        try f("", "", "X", "X")
        try f("", "ab", "X", "XaXbX")
        try f("", "日本", "-", "-日-本-")
        try f("a*", "baac", "X", "XbXcX")
        try f("a*", "aaa", "X", "X")
        try f("a*?", "ab", "X", "XaXbX")
        try f("x*", "日x本", "-", "-日-本-")
        try f("^", "ab", "X", "Xab")
        try f("$", "ab", "X", "abX")
        try f("^a", "aaa", "X", "Xaa")
        try f("(?m)^", "a\nb", "> ", "> a\n> b")
        try f("\\b", "ab cd", "|", "|ab| |cd|")
        try f("\\bo", "oo o", "X", "Xo X")
        try f("[^a]", "日a本", "?", "?a?")
        try f("(\\w+)@(\\w+)", "me@here, you@there", "${2}:$1", "here:me, there:you")
        try f("\\s+", "a  b\tc", " ", "a b c")
        try f(".", "abc", "$$", "$$$")
    }

    @Test func anchoredReplacement() throws {
        let expression = try RegularExpression("(.*):\\d+", options: .anchored)
        #expect(expression.replaceAll(in: "db:80", with: "$1") == "db")
        #expect(expression.replaceAll(in: "db:80x", with: "$1") == "db:80x")
    }
}
