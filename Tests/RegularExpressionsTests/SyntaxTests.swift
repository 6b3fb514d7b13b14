import RegularExpressions
import Testing

/// What each construct of the syntax matches.
struct SyntaxTests {
    /// Checks that an unanchored pattern matches the first texts and not the others.
    private func f(
        _ pattern: String,
        _ matching: [String],
        not others: [String] = [],
        location: SourceLocation = #_sourceLocation
    ) throws {
        let expression = try RegularExpression(pattern)
        for text in matching {
            #expect(expression.matches(text), "\(pattern) on \(text.debugDescription)", sourceLocation: location)
            #expect(expression.firstMatch(in: text) != nil, "\(pattern) on \(text.debugDescription)")
            #expect(expression.matches(Array(text.utf8)), sourceLocation: location)
        }
        for text in others {
            #expect(!expression.matches(text), "\(pattern) on \(text.debugDescription)", sourceLocation: location)
            #expect(expression.firstMatch(in: text) == nil, "\(pattern) on \(text.debugDescription)")
            #expect(!expression.matches(Array(text.utf8)[...]), sourceLocation: location)
        }
    }

    @Test func literals() throws {
        try f("", ["", "a", "日"])
        try f("abc", ["abc", "xabcx"], not: ["", "ab", "a.bc", "ABC"])
        try f("日本", ["日本", "x日本x"], not: ["日", "本日"])
        try f("😀", ["a😀"], not: ["😁"])
        try f("a\\.b", ["a.b"], not: ["axb"])
        try f("\\Qa.b*\\E+", ["a.b*", "a.b**"], not: ["a.b", "axb*"])
        try f("\\Qa.b", ["a.b"], not: ["axb"])
        try f("x{", ["x{"])
        try f("x{a}{,2}", ["x{a}{,2}"])
        try f("a{1", ["a{1"], not: ["a"])
        try f("a{01}", ["a{01}"], not: ["a"])
        try f("]", ["]"])
        try f("}", ["}"])
    }

    @Test func escapes() throws {
        try f("^\\a\\f\\n\\r\\t\\v$", ["\u{7}\u{C}\n\r\t\u{B}"])
        try f("^\\x41\\x{42}\\103\\x{1F600}$", ["ABC😀"])
        try f("^\\x{10FFFF}$", ["\u{10FFFF}"], not: ["\u{10FFFE}"])
        try f("^\\xFF$", ["ÿ"])
        try f("^\\0\\08\\12$", ["\0\0" + "8\n"])
        try f("^\\123$", ["S"])
        try f("^\\_\\-\\/\\ \\\"$", ["_-/ \""])
        try f("\\x{D800}", [], not: ["", "\u{FFFD}", "a"])
    }

    @Test func dot() throws {
        try f("^.$", ["a", "日", "😀", "\r"], not: ["", "ab", "\n"])
        try f("(?s)^.$", ["a", "\n"], not: ["", "ab"])
        try f("(?s:a.)b.", ["a\nbc"], not: ["a\nb\n"])
        #expect(try RegularExpression("a.b", options: .dotMatchesNewline).matches("a\nb"))
        #expect(try !RegularExpression("a.b").matches("a\nb"))
        // A combining mark is a scalar of its own.
        try f("^..$", ["e\u{301}"], not: ["\u{E9}"])
    }

    @Test func classes() throws {
        try f("^[abc]$", ["a", "b", "c"], not: ["d", ""])
        try f("^[^abc]$", ["d", "日", "\n"], not: ["a", "b", ""])
        try f("^[a-cx-z]$", ["a", "c", "x", "z"], not: ["d", "w"])
        try f("^[a-]$", ["a", "-"], not: ["b"])
        try f("^[-a]$", ["a", "-"], not: ["b"])
        try f("^[]a]$", ["]", "a"], not: ["["])
        try f("^[^]a]$", ["b"], not: ["]", "a"])
        try f("^[a-c-e]$", ["b", "-", "e"], not: ["d"])
        try f("^[\\d\\-x]$", ["5", "-", "x"], not: ["y"])
        try f("^[α-ω]$", ["β", "ω"], not: ["a", "Ω"])
        try f("^[\\x{10000}-\\x{10FFFF}]$", ["😀", "\u{10000}", "\u{10FFFF}"], not: ["\u{FFFF}"])
        try f("^[\\x{7F}-\\x{80}]$", ["\u{7F}", "\u{80}"], not: ["\u{7E}", "\u{81}"])
        try f("^[\\x{7FF}-\\x{801}]$", ["\u{7FF}", "\u{800}", "\u{801}"], not: ["\u{7FE}", "\u{802}"])
        try f("^[\\x{D000}-\\x{E000}]$", ["\u{D000}", "\u{D7FF}", "\u{E000}"], not: ["\u{E001}", "\u{CFFF}"])
        try f("[^\\x{0}-\\x{10FFFF}]", [], not: ["", "a", "\n"])
        try f("^[[:]$", ["[", ":"], not: ["a"])
    }

    @Test func perlClasses() throws {
        try f("^\\d$", ["0", "9"], not: ["a", "٣"])
        try f("^\\D$", ["a", "٣"], not: ["0"])
        try f("^\\s$", [" ", "\t", "\n", "\u{C}", "\r"], not: ["\u{B}", "a", "\u{A0}"])
        try f("^\\S$", ["a", "\u{B}"], not: [" "])
        try f("^\\w$", ["a", "Z", "0", "_"], not: ["-", "é"])
        try f("^\\W$", ["-", "é"], not: ["a"])
        try f("^[^\\s\\d]$", ["a"], not: ["1", " "])
        try f("^[\\D5]$", ["a", "5"], not: ["4"])
    }

    @Test func posixClasses() throws {
        try f("^[[:alpha:]]$", ["a", "Z"], not: ["1", "é"])
        try f("^[[:^alpha:]]$", ["1", "é"], not: ["a"])
        try f("^[[:digit:]x]$", ["1", "x"], not: ["y"])
        try f("^[[:word:]]$", ["_", "a"], not: ["-"])
        try f("^[[:space:]]$", ["\u{B}", " "], not: ["a"])
        try f("^[[:xdigit:]]+$", ["09afAF"], not: ["g"])
        try f("^[[:punct:]]+$", ["!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"], not: ["a"])
        try f("^[[:blank:][:cntrl:]]+$", [" \t\u{7F}\0"], not: ["a"])
        try f("^[[:upper:][:lower:]]+$", ["aZ"], not: ["1"])
        try f("^[[:graph:]]$", ["a"], not: [" "])
        try f("^[[:print:]]$", ["a", " "], not: ["\u{7F}"])
        try f("^[[:ascii:]]$", ["a", "\u{7F}"], not: ["\u{80}"])
        try f("^[[:alnum:]]$", ["a", "1"], not: ["_"])
    }

    @Test func unicodeClasses() throws {
        try f("^\\pL$", ["a", "é", "日"], not: ["1", "-"])
        try f("^\\PL$", ["1"], not: ["a"])
        try f("^\\pN$", ["1", "٣", "Ⅷ", "½"], not: ["a"])
        try f("^\\p{Nd}$", ["1", "٣"], not: ["Ⅷ"])
        try f("^\\p{Lu}$", ["A", "É", "Σ"], not: ["a", "é"])
        try f("^\\p{^Lu}$", ["a"], not: ["A"])
        try f("^\\P{^Lu}$", ["A"], not: ["a"])
        try f("^[\\p{Lu}\\p{Nd}]$", ["A", "1"], not: ["a"])
        try f("^[^\\pL]$", ["1"], not: ["a"])
        try f("^\\p{Uppercase_Letter}$", ["A"], not: ["a"])
        try f("^\\p{LC}$", ["A", "a", "ǅ"], not: ["日"])
        try f("^\\p{Zs}$", ["\u{A0}"], not: ["a"])
        try f("^\\p{Co}$", ["\u{E000}", "\u{F0000}", "\u{10FFFD}"], not: ["a"])
        try f("^\\p{Cn}$", ["\u{40000}", "\u{10FFFF}", "\u{378}"], not: ["a", "\u{10FFFD}"])
        try f("^\\p{Assigned}$", ["a"], not: ["\u{378}"])
        try f("^\\p{Any}$", ["a", "\n", "\u{10FFFF}"])
        try f("^\\p{ASCII}$", ["a"], not: ["é"])
        try f("\\p{Cs}", [], not: ["a", "\u{FFFD}"])
    }

    @Test func scripts() throws {
        try f("^\\p{Greek}$", ["α", "Ω", "\u{10175}"], not: ["a", "я", "\u{301}"])
        try f("^\\p{Han}+$", ["日本", "\u{20000}"], not: ["ひ", "a"])
        try f("^\\P{Latin}$", ["я", "1"], not: ["a", "é"])
        try f("^\\p{Cyrillic}$", ["я"], not: ["a"])
        try f("^\\p{Common}$", ["1", " ", "\n"], not: ["a"])
        try f("^\\p{Old_Italic}$", ["\u{10300}"], not: ["a"])
    }

    @Test func groupsAndAlternation() throws {
        try f("^(ab|c)d$", ["abd", "cd"], not: ["d", "abcd"])
        try f("^(?:ab|c)d$", ["abd", "cd"], not: ["d", "abcd"])
        try f("^(?P<n>a)(?<m>b)$", ["ab"])
        try f("^(|a)$", ["", "a"], not: ["b"])
        try f("^(a|)$", ["", "a"], not: ["b"])
        try f("^()$", [""], not: ["a"])
        try f("a||b", ["", "x"])
        try f("^a|b$", ["ax", "xb"], not: ["xa", "bx"])
    }

    @Test func repetition() throws {
        try f("^ab*c$", ["ac", "abc", "abbbc"], not: ["abb"])
        try f("^ab+c$", ["abc", "abbbc"], not: ["ac"])
        try f("^ab?c$", ["ac", "abc"], not: ["abbc"])
        try f("^a{2}$", ["aa"], not: ["a", "aaa"])
        try f("^a{2,}$", ["aa", "aaaaa"], not: ["a"])
        try f("^a{2,3}$", ["aa", "aaa"], not: ["a", "aaaa"])
        try f("^a{0}b{0,1}$", ["", "b"], not: ["a", "bb"])
        try f("^(?:ab){2,3}?$", ["abab", "ababab"], not: ["ab"])
        try f("^(?:a|b)*?c$", ["c", "abac"], not: ["abd"])
        try f("^(?:a*)*$", ["", "aaa"], not: ["b"])
        try f("^(?:a*)+$", ["", "aaa"], not: ["b"])
        try f("^(?:|a)*$", ["", "aaa"], not: ["b"])
        try f("^日{2}$", ["日日"], not: ["日"])
        try f("^[^a]{2}$", ["日本"], not: ["日"])
        try f("^a{1000}$", [String(repeating: "a", count: 1_000)], not: ["a"])
        try f("^(?:^)*a$", ["a"])
        try f("a*(?i)*", ["", "a"])
    }

    @Test func anchors() throws {
        try f("^a", ["a", "ab"], not: ["ba", "b\na"])
        try f("a$", ["a", "ba"], not: ["ab", "a\n"])
        try f("(?m)^a$", ["a", "b\na\nc"], not: ["ba", "ab"])
        try f("(?m)\\Aa", ["a"], not: ["b\na"])
        try f("(?m)a\\z", ["a"], not: ["a\nb"])
        try f("(?m)^$", ["", "a\n", "a\n\nb"], not: ["a"])
        try f("\\bfoo\\b", ["foo", "a foo.", "-foo"], not: ["foobar", "afoo", "foo_"])
        try f("\\Bo\\B", ["foob", "foo"], not: ["fo", "o"])
        try f("\\b", ["a"], not: ["", "é", "--"])
        try f("\\B", ["", "é", "--"], not: ["a"])
        // There is no place between the bytes of a scalar.
        try f("\\B", [], not: ["a日b"])
        try f("a$b", [], not: ["ab", "a\nb"])
        try f("(?:^|,)b", ["b", "a,b"], not: ["ab"])
    }

    @Test func flags() throws {
        try f("(?i)abc", ["ABC", "aBc"], not: ["abd"])
        try f("a(?i)b", ["ab", "aB"], not: ["Ab"])
        try f("a(?i:b)c", ["aBc"], not: ["aBC", "Abc"])
        try f("(?i)a(?-i)b", ["Ab"], not: ["AB"])
        try f("(?i)(?-i:a)b", ["aB"], not: ["AB"])
        try f("(a(?i)b)c", ["aBc"], not: ["aBC"])
        try f("(?i)a|b", ["B"])
        try f("(?is)a.b", ["A\nB"])
        try f("(?i-s)a.b", ["A-B"], not: ["A\nB"])
        try f("(?i)[a-c]x", ["BX"], not: ["dx"])
        try f("(?i)[^a]", ["b"], not: ["a", "A"])
        try f("(?i)\\x41", ["a"])
        try f("(?i)\\Qa.\\E", ["A."], not: ["AB"])
    }

    @Test func caseFolding() throws {
        try f("(?i)^straße$", ["STRAßE", "STRAẞE"], not: ["STRASSE"])
        try f("(?i)^σ$", ["Σ", "σ", "ς"])
        try f("(?i)^Я$", ["я"])
        try f("(?i)^k$", ["k", "K", "\u{212A}"])
        try f("(?i)^[s-t]$", ["\u{17F}", "S"])
        try f("(?i)^ǆ$", ["ǅ", "Ǆ"])
        try f("(?i)^i$", ["I"], not: ["İ", "ı"])
        try f("(?i)^ı$", ["ı"], not: ["I", "i"])
        try f("(?i)^\\p{Lu}$", ["a", "é"], not: ["1"])
        try f("(?i)^\\w$", ["\u{17F}"], not: ["é"])
        try f("(?i)^[^\\W]$", ["a"], not: ["-"])
        try f("(?i)^[à-ö]+$", ["ÀÖ"], not: ["÷"])
    }

    @Test func anchoredOption() throws {
        func g(_ pattern: String, _ text: String, _ expected: Bool) throws {
            let expression = try RegularExpression(pattern, options: [.anchored, .dotMatchesNewline])
            #expect(expression.matches(text) == expected, "\(pattern) on \(text)")
            #expect((expression.firstMatch(in: text) != nil) == expected, "\(pattern) on \(text)")
        }
        try g("a|b", "a", true)
        try g("a|b", "ab", false)
        try g("a|ab", "ab", true)
        try g("", "", true)
        try g("", "a", false)
        try g(".*", "a\nb", true)
        try g("a.+", "a", false)
        try g("a.+", "a\n", true)
        try g("a.*b.*c", "a-b\n-c", true)
        try g("a.*b.*c", "a-c-b", false)
        try g("a*?", "aaa", true)
        try g("^a$", "a", true)
        try g("(?m)^a$", "b\na", false)
        try g("[0-9]+|x.{2}", "xab", true)
    }

    @Test func invalidUTF8IsSafe() throws {
        let expression = try RegularExpression("^.b|\\B[^x]y")
        #expect(!expression.matches([0xFF, 0x62]))
        #expect(!expression.matches([0x80, 0x80]))
        #expect(!expression.matches([0xE6, 0x97]))
        #expect(expression.matches(Array("日b".utf8)))
    }
}
