import RegularExpressions
import Testing

/// What is refused, in Go's words.
struct ErrorTests {
    private func f(
        _ pattern: String,
        _ message: String,
        location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: RegularExpressionError.self, sourceLocation: location) {
            _ = try RegularExpression(pattern)
        }
        #expect(error?.description == "error parsing regexp: \(message)", sourceLocation: location)
    }

    @Test func messages() {
        f("(", "missing closing ): `(`")
        f("a(b", "missing closing ): `a(b`")
        f("(a", "missing closing ): `(a`")
        f("((a)", "missing closing ): `((a)`")
        f(")", "unexpected ): `)`")
        f("a)b", "unexpected ): `a)b`")
        f("[a", "missing closing ]: `[a`")
        f("x[a", "missing closing ]: `[a`")
        f("[", "missing closing ]: `[`")
        f("[]", "missing closing ]: `[]`")
        f("[[:word:]", "missing closing ]: `[[:word:]`")
        f("[z-a]", "invalid character class range: `z-a`")
        f("[\\x{10}-\\n]", "invalid character class range: `\\x{10}-\\n`")
        f("[[:foo:]]", "invalid character class range: `[:foo:]`")
        f("[a-\\d]", "invalid escape sequence: `\\d`")
        f("\\", "trailing backslash at end of expression: ``")
        f("[\\", "trailing backslash at end of expression: ``")
        f("\\1", "invalid escape sequence: `\\1`")
        f("(a)\\1b", "invalid escape sequence: `\\1`")
        f("\\8", "invalid escape sequence: `\\8`")
        f("\\q", "invalid escape sequence: `\\q`")
        f("\\C", "invalid escape sequence: `\\C`")
        f("\\Z", "invalid escape sequence: `\\Z`")
        f("\\é", "invalid escape sequence: `\\é`")
        f("\\x", "invalid escape sequence: `\\x`")
        f("\\x1", "invalid escape sequence: `\\x1`")
        f("\\xZZ", "invalid escape sequence: `\\xZZ`")
        f("\\x{}", "invalid escape sequence: `\\x{}`")
        f("\\x{110000}", "invalid escape sequence: `\\x{110000`")
        f("\\x{12", "invalid escape sequence: `\\x{12`")
        f("(?=a)", "invalid or unsupported Perl syntax: `(?=`")
        f("(?!a)", "invalid or unsupported Perl syntax: `(?!`")
        f("(?>a)", "invalid or unsupported Perl syntax: `(?>`")
        f("(?#a)", "invalid or unsupported Perl syntax: `(?#`")
        f("(?i", "invalid or unsupported Perl syntax: `(?i`")
        f("(?i-)", "invalid or unsupported Perl syntax: `(?i-)`")
        f("(?i-i-i)", "invalid or unsupported Perl syntax: `(?i-i-`")
        f("(?x)", "invalid or unsupported Perl syntax: `(?x`")
        f("(?P=n)", "invalid or unsupported Perl syntax: `(?P`")
        f("(?<=a)", "invalid named capture: `(?<=a)`")
        f("(?P<n", "invalid named capture: `(?P<n`")
        f("(?P<>a)", "invalid named capture: `(?P<>`")
        f("(?P<a b>c)", "invalid named capture: `(?P<a b>`")
        f("(?<x-y>a)", "invalid named capture: `(?<x-y>`")
        f("(?P<é>a)", "invalid named capture: `(?P<é>`")
        f("*", "missing argument to repetition operator: `*`")
        f("+a", "missing argument to repetition operator: `+`")
        f("a|*", "missing argument to repetition operator: `*`")
        f("(*)", "missing argument to repetition operator: `*`")
        f("(?i)*?", "missing argument to repetition operator: `*?`")
        f("{2}", "missing argument to repetition operator: `{2}`")
        f("a**", "invalid nested repetition operator: `**`")
        f("a*+", "invalid nested repetition operator: `*+`")
        f("a??*", "invalid nested repetition operator: `??*`")
        f("a{2}{3}?", "invalid nested repetition operator: `{2}{3}?`")
        f("a{1001}", "invalid repeat count: `{1001}`")
        f("a{1,1001}", "invalid repeat count: `{1,1001}`")
        f("a{1001,}", "invalid repeat count: `{1001,}`")
        f("a{2,1}", "invalid repeat count: `{2,1}`")
        f("a{99999999999999999999}", "invalid repeat count: `{99999999999999999999}`")
        f("(?:a{100}){11}", "invalid repeat count: `{11}`")
        f("((a{10}){10}|b){11}", "invalid repeat count: `{11}`")
        f("\\p", "invalid character class range: `\\p`")
        f("\\pX", "invalid character class range: `\\pX`")
        f("\\p{", "invalid character class range: `\\p{`")
        f("\\p{}", "invalid character class range: `\\p{}`")
        f("[\\p{Lx}]", "invalid character class range: `\\p{Lx}`")
        f("\\p{Klingon}", "unsupported script: `\\p{Klingon}`")
        f("\\P{Foo_Bar}", "unsupported script: `\\P{Foo_Bar}`")
    }

    private func code(_ pattern: String) -> RegularExpressionError.Code? {
        do {
            _ = try RegularExpression(pattern)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func nestingDepth() {
        func nested(_ open: String, _ close: String, _ depth: Int) -> String {
            String(repeating: open, count: depth) + "a" + String(repeating: close, count: depth)
        }
        #expect(code(nested("(", ")", 999)) == nil)
        #expect(code(nested("(", ")", 1_001)) == .nestingTooDeep)
        #expect(code(nested("(?:", ")", 1_001)) == .nestingTooDeep)
        #expect(code(nested("(?:", ")*", 999)) == nil)
        #expect(code(nested("(", ")*", 501)) == .nestingTooDeep)
        #expect(code(String(repeating: "(", count: 100_000)) == .nestingTooDeep)
        #expect(code(nested("(?:x|b", "y)", 499)) == nil)
    }

    @Test func programSize() {
        #expect(code("(?:(?:abcdefghij){100}){10}") == nil)
        #expect(code("\\pL{1000}") == .tooLarge)
        #expect(code("(?:" + String(repeating: "abcdefghij", count: 100) + "){1000}") == .tooLarge)
        #expect(code(String(repeating: "(a)", count: 3_000)) == .tooLarge)
        #expect(code(String(repeating: "(a)", count: 1_000)) == nil)
        #expect(code(String(repeating: "[^\\pL\\pN]", count: 10_000)) == .tooLarge)
    }

    @Test func patternLength() {
        let limit = RegularExpression.Limits.patternBytesMax
        #expect(code(String(repeating: "a", count: limit)) == nil)
        #expect(code(String(repeating: "a", count: limit + 1)) == .patternTooLong)
        #expect(code(String(repeating: "é", count: limit / 2 + 1)) == .patternTooLong)
    }
}
