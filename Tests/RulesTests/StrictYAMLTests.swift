import Testing

@testable import Rules

/// What a hostile YAML text may not do.
struct StrictYAMLTests {
    private func problem(_ text: String) -> String {
        do {
            _ = try YAMLDocument(text)
            return "none"
        } catch {
            return error.description
        }
    }

    private func nested(_ open: String, _ close: String, _ count: Int) -> String {
        String(repeating: open, count: count) + String(repeating: close, count: count)
    }

    @Test func deepTextIsRefusedHoweverItIsWritten() {
        func f(_ text: String, isRefused: Bool = true) {
            #expect(problem(text).hasSuffix("yaml: nested more than 64 deep") == isRefused, "\(text.prefix(60))")
        }
        let blocks = (0..<1500).map { String(repeating: " ", count: $0) + "a:" }
        f(String(repeating: "- ", count: 100_000) + "x")
        f(blocks.joined(separator: "\n"))
        f(blocks.joined(separator: "\r"))
        f(nested("[", "]", 100_000))
        f(nested("{a: ", "}", 100_000))
        f(nested("[\"]\", ", "]", 100_000))
        f(nested("[ # ]\n", "]", 100_000))
        f(nested("[a: ", "]", 100_000))
        f("a: 1\n---\n" + nested("[", "]", 100_000))
        f(nested("[", "]", 63), isRefused: false)
        f(nested("[", "]", 65))
    }

    @Test func bracketsInTextsAreNoNesting() {
        let brackets = String(repeating: "[{", count: 10_000)
        for (before, after) in [("a: \"", "\""), ("a: '", "'"), ("a: |\n  ", ""), ("a: b", ""), ("# ", "")] {
            let text = before + brackets + after
            #expect(problem(text) == "none", "\(text.prefix(20))")
        }
    }

    @Test func aliasesDoNotHideDepth() {
        var text = "a0: &a0 [x]\n"
        for index in 1..<50_000 { text += "a\(index): &a\(index) [*a\(index - 1)]\n" }
        #expect(problem(text).hasSuffix("yaml: nested more than 64 deep"))
    }

    @Test func keysAreScalars() {
        func f(_ text: String, _ expected: String) {
            #expect(problem(text) == expected, "\(text)")
        }
        f("? [a, b]\n: c", "1:3: yaml: a key must be a string")
        f("{{a: b}: c}", "1:2: yaml: a key must be a string")
        f("a: &x [1]\n*x : 2", "2:1: yaml: a key must be a string")
        f("a: &x k\n*x : 2", "none")
    }

    @Test func growingAliasesAreRefusedBeforeTheyGrow() {
        var laughs = "a0: &a0 [x, x]\n"
        for index in 1..<40 { laughs += "a\(index): &a\(index) [*a\(index - 1), *a\(index - 1)]\n" }
        #expect(problem(laughs).hasSuffix("yaml: the document has more than 1000000 values"))
        // The same as keys, each of them hashed whole.
        var keys = "a0: &a0 {x: x}\n"
        for index in 1..<40 { keys += "a\(index): &a\(index) {? *a\(index - 1) : 1}\n" }
        #expect(problem(keys).hasSuffix("yaml: a key must be a string"))
        let long = "a: &a \(String(repeating: "k", count: 100_000))\nb:\n"
        #expect(problem(long + String(repeating: " - {*a : 1}\n", count: 30)) == "none")
        #expect(
            problem(long + String(repeating: " - {*a : 1}\n", count: 100))
                .hasSuffix("yaml: keys made of aliases exceed 4194304 bytes")
        )
    }
}
