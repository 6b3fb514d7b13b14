/// A pattern made by the tests, with its own rendering and a naive matcher: the model the engine is compared with.
indirect enum ModelPattern {
    case letter(Character)
    case choice(String, negated: Bool)
    case any
    case begin, end, boundary, noBoundary
    case sequence([ModelPattern])
    case alternatives([ModelPattern])
    case repeated(ModelPattern, min: Int, max: Int?, greedy: Bool)
    case group(ModelPattern, index: Int)

    /// The pattern in RE2 syntax.
    var source: String {
        switch self {
        case .letter(let letter): String(letter)
        case .choice(let letters, let negated): "[\(negated ? "^" : "")\(letters)]"
        case .any: "."
        case .begin: "^"
        case .end: "$"
        case .boundary: "\\b"
        case .noBoundary: "\\B"
        case .sequence(let items): items.map(\.source).joined()
        case .alternatives(let branches): "(?:" + branches.map(\.source).joined(separator: "|") + ")"
        case .repeated(let body, let min, let max, let greedy):
            "(?:\(body.source))" + Self.operatorSource(min, max) + (greedy ? "" : "?")
        case .group(let body, _): "(\(body.source))"
        }
    }

    private static func operatorSource(_ min: Int, _ max: Int?) -> String {
        switch (min, max) {
        case (0, nil): "*"
        case (1, nil): "+"
        case (0, 1): "?"
        case (let min, nil): "{\(min),}"
        case (let min, let max?): min == max ? "{\(min)}" : "{\(min),\(max)}"
        }
    }

    /// Whether the pattern can match nothing.
    var isNullable: Bool {
        switch self {
        case .letter, .choice, .any: false
        case .begin, .end, .boundary, .noBoundary: true
        case .sequence(let items): items.allSatisfy(\.isNullable)
        case .alternatives(let branches): branches.contains(where: \.isNullable)
        case .repeated(let body, let min, _, _): min == 0 || body.isNullable
        case .group(let body, _): body.isNullable
        }
    }

    /// Whether something that can match nothing is repeated: then RE2 and Perl differ in
    /// what the loop prefers after its first pass.
    var repeatsNullable: Bool {
        switch self {
        case .letter, .choice, .any, .begin, .end, .boundary, .noBoundary: false
        case .sequence(let items): items.contains(where: \.repeatsNullable)
        case .alternatives(let branches): branches.contains(where: \.repeatsNullable)
        case .repeated(let body, _, _, _): body.isNullable || body.repeatsNullable
        case .group(let body, _): body.repeatsNullable
        }
    }
}

/// Matches a model pattern by trying one way after the other.
struct BacktrackingMatcher {
    /// The ways that may be tried before the answer is given up.
    static let triesMax = 200_000

    let text: [Character]
    var slots: [Int]
    var tries = 0

    var isExhausted: Bool { tries > Self.triesMax }

    init(text: String, groupCount: Int) {
        self.text = Array(text)
        slots = [Int](repeating: -1, count: 2 * (groupCount + 1))
    }

    /// The slots of the leftmost match that is found first.
    mutating func firstMatch(_ pattern: ModelPattern) -> [Int]? {
        for start in 0...text.count {
            slots = slots.map { _ in -1 }
            slots[0] = start
            let found = match(pattern, start) { matcher, end in
                matcher.slots[1] = end
                return true
            }
            if found { return slots }
        }
        return nil
    }

    private func isWord(_ index: Int) -> Bool {
        text.indices.contains(index) && (text[index].isLetter || text[index] == "_")
    }

    private mutating func match(
        _ pattern: ModelPattern,
        _ at: Int,
        _ next: (inout BacktrackingMatcher, Int) -> Bool
    ) -> Bool {
        tries += 1
        if isExhausted { return false }
        let letter = at < text.count ? text[at] : nil
        switch pattern {
        case .letter(let wanted): return letter == wanted && next(&self, at + 1)
        case .choice(let letters, let negated):
            guard let letter else { return false }
            return letters.contains(letter) != negated && next(&self, at + 1)
        case .any: return letter != nil && letter != "\n" && next(&self, at + 1)
        case .begin: return at == 0 && next(&self, at)
        case .end: return at == text.count && next(&self, at)
        case .boundary: return isWord(at - 1) != isWord(at) && next(&self, at)
        case .noBoundary: return isWord(at - 1) == isWord(at) && next(&self, at)
        case .sequence(let items): return sequence(items[...], at, next)
        case .alternatives(let branches):
            for branch in branches where match(branch, at, next) { return true }
            return false
        case .repeated(let body, let min, let max, let greedy):
            return repeated(body, min, max, greedy, at, next)
        case .group(let body, let index):
            let saved = (slots[2 * index], slots[2 * index + 1])
            slots[2 * index] = at
            let found = match(body, at) { matcher, end in
                let before = matcher.slots[2 * index + 1]
                matcher.slots[2 * index + 1] = end
                if next(&matcher, end) { return true }
                matcher.slots[2 * index + 1] = before
                return false
            }
            if !found { (slots[2 * index], slots[2 * index + 1]) = saved }
            return found
        }
    }

    private mutating func sequence(
        _ items: ArraySlice<ModelPattern>,
        _ at: Int,
        _ next: (inout BacktrackingMatcher, Int) -> Bool
    ) -> Bool {
        guard let first = items.first else { return next(&self, at) }
        return match(first, at) { $0.sequence(items.dropFirst(), $1, next) }
    }

    private mutating func repeated(
        _ body: ModelPattern,
        _ min: Int,
        _ max: Int?,
        _ greedy: Bool,
        _ at: Int,
        _ next: (inout BacktrackingMatcher, Int) -> Bool
    ) -> Bool {
        if min > 0 {
            return match(body, at) { matcher, end in
                // In x+, too, a pass that consumes nothing is the last one.
                if max == nil, min == 1, end == at { return next(&matcher, end) }
                return matcher.repeated(body, min - 1, max.map { $0 - 1 }, greedy, end, next)
            }
        }
        if max == 0 { return next(&self, at) }
        if !greedy, next(&self, at) { return true }
        let again = match(body, at) { matcher, end in
            if end == at { return next(&matcher, end) }
            return matcher.repeated(body, 0, max.map { $0 - 1 }, greedy, end, next)
        }
        return again || (greedy && next(&self, at))
    }
}
