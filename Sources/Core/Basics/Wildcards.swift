/// Names of files with `*`, `?`, `[…]` and `\`, as Go's `filepath.Match` reads them.
public enum Wildcards {
    /// Whether a name fits a pattern; a malformed pattern fits nothing.
    public static func matches(_ name: String, _ pattern: String) -> Bool { matches(Array(name), Array(pattern)) }

    private static func matches(_ name: [Character], _ pattern: [Character]) -> Bool {
        // The place of the last star, and where in the name it ends: where to go back to on a mismatch.
        var star: (pattern: Int, name: Int)?
        var patternIndex = 0
        var nameIndex = 0
        while nameIndex < name.count {
            if patternIndex < pattern.count, pattern[patternIndex] == "*" {
                star = (patternIndex + 1, nameIndex)
                patternIndex += 1
            } else if let next = one(name[nameIndex], pattern, patternIndex) {
                patternIndex = next
                nameIndex += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                patternIndex = last.pattern
                nameIndex = last.name + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == "*" }
    }

    /// The index behind the element at `index` when it fits the character.
    private static func one(_ character: Character, _ pattern: [Character], _ index: Int) -> Int? {
        guard index < pattern.count else { return nil }
        switch pattern[index] {
        case "?": return index + 1
        case "\\": return index + 1 < pattern.count && pattern[index + 1] == character ? index + 2 : nil
        case "[":
            guard let close = pattern[(index + 1)...].firstIndex(of: "]") else { return nil }
            var position = index + 1
            let isNegated = position < close && pattern[position] == "^"
            if isNegated { position += 1 }
            var isIn = false
            while position < close {
                let low = pattern[position]
                if position + 2 < close, pattern[position + 1] == "-" {
                    if low <= character && character <= pattern[position + 2] { isIn = true }
                    position += 3
                } else {
                    if low == character { isIn = true }
                    position += 1
                }
            }
            return isIn == isNegated ? nil : close + 1
        default: return pattern[index] == character ? index + 1 : nil
        }
    }
}
