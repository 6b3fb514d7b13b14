import Basics
import Records
import Testing

@Suite struct SearchTokensTests {
    @Test func splitsAndFolds() {
        func f(_ text: String, _ words: [String]) {
            #expect(SearchTokens.words(of: text) == words, "\(text)")
        }
        f("", [])
        f(" -- !? ", [])
        f("Hello, World!", ["hello", "world"])
        f("snake_case and-kebab v2.0", ["snake", "case", "and", "kebab", "v2", "0"])
        f("Crème Brûlée", ["creme", "brulee"])
        f("Cre\u{300}me", ["creme"])
        f("ÄÖÜ Straße Ångström Łódź Đà Nẵng", ["aou", "strasse", "angstrom", "lodz", "da", "nang"])
        f("ŒUVRE Ærø İstanbul", ["oeuvre", "aero", "istanbul"])
        f("Ελλάδα ΣΊΣΥΦΟΣ", ["ελλαδα", "σισυφοσ"])
        f("Ещё Йод", ["еще", "иод"])
        f("研究 plan", ["研", "究", "plan"])
        f("हिन्दी", ["हिन्दी"])
        f("don't", ["don", "t"])
        f(String(repeating: "x", count: 100), [String(repeating: "x", count: SearchTokens.wordLengthMax)])
    }

    @Test func foldingIsSettled() {
        // Folding folded text changes nothing, whatever the letter: stored words and query words meet.
        for value in UInt32(0x20)...0x24ff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let folded = SearchTokens.folded(String(scalar))
            #expect(SearchTokens.folded(folded) == folded, "U+\(String(value, radix: 16))")
        }
    }

    @Test func theTextFormsOfALetterMeet() {
        func f(_ composed: String, _ decomposed: String) {
            #expect(SearchTokens.folded(composed) == SearchTokens.folded(decomposed))
        }
        f("\u{e9}", "e\u{301}")
        f("\u{1e69}", "s\u{323}\u{307}")
        f("\u{439}", "\u{438}\u{306}")
        f("\u{3ac}", "\u{3b1}\u{301}")
    }
}
