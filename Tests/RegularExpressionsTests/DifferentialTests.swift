import ChaosTesting
import Testing

@testable import RegularExpressions

/// The engine against a naive backtracking matcher on random patterns and texts.
struct DifferentialTests {
    private static let seeds = Chaos.seeds(0...19_999)

    private struct PatternMaker {
        var random: SeededGenerator
        var groupCount = 0

        mutating func letters() -> String {
            String("abc".filter { _ in random.below(2) == 0 })
        }

        mutating func pattern(depth: Int) -> ModelPattern {
            switch random.below(depth > 0 ? 12 : 4) {
            case 0, 1, 2: return .letter(["a", "b", "c"][random.below(3)])
            case 3: return leaf()
            case 4, 5, 6: return .sequence((0..<random.below(4)).map { _ in pattern(depth: depth - 1) })
            case 7, 8: return .alternatives((0...random.below(3)).map { _ in pattern(depth: depth - 1) })
            case 9, 10: return repetition(depth: depth)
            default:
                groupCount += 1
                let index = groupCount
                return .group(pattern(depth: depth - 1), index: index)
            }
        }

        private mutating func leaf() -> ModelPattern {
            switch random.below(8) {
            case 0: return .begin
            case 1: return .end
            case 2: return .boundary
            case 3: return .noBoundary
            case 4, 5: return .any
            default:
                let letters = letters()
                return .choice(letters.isEmpty ? "a" : letters, negated: random.below(3) == 0)
            }
        }

        private mutating func repetition(depth: Int) -> ModelPattern {
            let body = pattern(depth: depth - 1)
            let greedy = random.below(3) > 0
            let bounds: [(Int, Int?)] = [(0, nil), (1, nil), (0, 1), (2, nil), (0, 2), (1, 3), (2, 2)]
            let (min, max) = bounds[random.below(bounds.count)]
            return .repeated(body, min: min, max: max, greedy: greedy)
        }

        mutating func text() -> String {
            String((0..<random.below(9)).map { _ in ["a", "a", "a", "b", "b", "c", " "][random.below(7)] })
        }
    }

    @Test func agreesWithBacktracking() throws {
        var compared = 0
        var comparedGroups = 0
        for seed in Self.seeds {
            var maker = PatternMaker(random: SeededGenerator(seed: seed))
            let pattern = maker.pattern(depth: 4)
            let text = maker.text()
            var matcher = BacktrackingMatcher(text: text, groupCount: maker.groupCount)
            let expected = matcher.firstMatch(pattern)
            if matcher.isExhausted { continue }
            compared += 1
            let expression = try RegularExpression(pattern.source)
            let match = expression.firstMatch(in: text)
            let slots = match?.captures.flatMap { [$0?.lowerBound ?? -1, $0?.upperBound ?? -1] }
            let note = Comment("seed \(seed): \(pattern.source) on \(text.debugDescription)")
            #expect(expression.matches(text) == (expected != nil), note)
            #expect(expression.engine.run(text.utf8.span).isMatch == (expected != nil), note)
            if pattern.repeatsNullable {
                // Where the match ends is then RE2's own rule too; CaptureTests has the table of it.
                #expect(slots?.first == expected?.first, note)
            } else {
                comparedGroups += 1
                #expect(slots == expected, note)
            }
            let anchored = try RegularExpression(pattern.source, options: .anchored)
            let whole = anchored.firstMatch(in: text)
            #expect(anchored.matches(text) == (whole != nil), note)
            #expect(whole == nil || whole?.range == 0..<text.utf8.count, note)
            if expected?.prefix(2) == [0, text.utf8.count] || slots?.prefix(2) == [0, text.utf8.count] {
                #expect(whole != nil, note)
            }
            if let set = anchored.literalSet {
                #expect(set.contains(text) == (whole != nil), note)
            }
            #expect(whole == nil || text.hasPrefix(anchored.literalPrefix), note)
        }
        #expect(compared > Self.seeds.count * 9 / 10)
        #expect(comparedGroups > Self.seeds.count / 2)
    }
}
