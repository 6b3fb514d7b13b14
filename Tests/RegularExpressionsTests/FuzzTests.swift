import ChaosTesting
import RegularExpressions
import Testing

/// Mutated patterns: each is refused with an error or compiles and matches, and nothing crashes.
struct FuzzTests {
    private static let seeds = [
        "a(b|c)*d", "^(?P<n>[a-z]+):(\\d{1,3})$", "(?i)\\bfoo\\B", "[[:alpha:]_-]+", "\\p{Greek}|\\PL",
        "\\x{10FFFF}\\x41",
        "(?:(?:a?){3}b+?){2,}", "\\Qa.b\\E*", "[^\\d\\s]", "(?s-m:.*)$", "é|日[本-語]", "\\123\\0\\a", "x{1000}",
        "((((a))))",
        "(?U)a+?|b{0,0}", "[]a-]", "[\\x{D7FF}-\\x{E000}]", "(?<y>\\d{4})-(?<m>\\d\\d)", "(?m)^\\w+$\\z\\A",
    ]
    private static let alphabet = Array("ab()[]{}*+?|\\^$.-,:=!<>PpQEdswxzABUims0129&é日\u{0}\u{301}\n😀".unicodeScalars)

    private func mutated(_ random: inout SeededGenerator) -> String {
        var scalars = Array(Self.seeds[random.below(Self.seeds.count)].unicodeScalars)
        for _ in 0...random.below(5) {
            let place = random.below(scalars.count + 1)
            switch random.below(4) {
            case 0: scalars.insert(Self.alphabet[random.below(Self.alphabet.count)], at: place)
            case 1 where place < scalars.count: scalars.remove(at: place)
            case 2 where place < scalars.count: scalars[place] = Self.alphabet[random.below(Self.alphabet.count)]
            default:
                let other = Array(Self.seeds[random.below(Self.seeds.count)].unicodeScalars)
                scalars.insert(contentsOf: other.prefix(random.below(other.count + 1)), at: place)
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    @Test func mutatedPatternsNeverCrash() {
        var accepted = 0
        var refused = 0
        for seed in Chaos.seeds(0...9999) {
            var random = SeededGenerator(seed: seed)
            let pattern = mutated(&random)
            let text = "ab foo:12 aébα日本 " + mutated(&random)
            do throws(RegularExpressionError) {
                let expression = try RegularExpression(pattern)
                accepted += 1
                let isMatch = expression.matches(text)
                let match = expression.firstMatch(in: text)
                #expect(isMatch == (match != nil), "seed \(seed): \(pattern.debugDescription)")
                _ = expression.matches([0xFF, 0x61, 0x80, 0xE6, 0x97])
                if seed % 8 == 0 {
                    let unchanged = expression.replaceAll(in: text, with: "$0")
                    #expect(unchanged == text, "seed \(seed): \(pattern.debugDescription)")
                }
            } catch {
                refused += 1
                #expect(error.description.hasPrefix("error parsing regexp: "))
            }
        }
        #expect(accepted > 1_000 && refused > 1_000)
    }
}
