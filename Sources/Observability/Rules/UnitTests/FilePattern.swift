import Basics

/// A path with `*`, `?` and `[…]` in any of its parts, as Go's `filepath.Glob` reads it.
struct FilePattern {
    private let pattern: String

    init(_ pattern: String) { self.pattern = pattern }

    /// The paths that fit, sorted within each folder; folders that cannot be read hold nothing.
    func paths(in files: any FileSystem) -> [String] {
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        let parts = pattern.split(separator: "/")
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            found = found.flatMap { Self.expand($0, String(part), isLast: isLast, files) }
        }
        return parts.isEmpty ? [] : found
    }

    private static func expand(_ base: String, _ part: String, isLast: Bool, _ files: any FileSystem) -> [String] {
        let suffix = isLast ? "" : "/"
        guard part.contains(where: { "*?[\\".contains($0) }) else {
            let path = base + part
            guard isLast else { return [path + suffix] }
            return ((try? files.attributes(of: path)) ?? nil) == nil ? [] : [path]
        }
        // As in Go, a folder that cannot be read holds nothing.
        guard let names = try? files.list(base.isEmpty ? "." : base) else { return [] }
        return names.filter { matches(Array($0), Array(part)) }.map { base + $0 + suffix }
    }

    /// Whether a name fits a pattern; a malformed pattern fits nothing.
    static func matches(_ name: [Character], _ pattern: [Character]) -> Bool {
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
