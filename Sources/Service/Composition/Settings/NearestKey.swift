/// Finds the key that was probably meant.
enum NearestKey {
    /// The known key with the smallest edit distance, if it is near enough to be a guess worth making; capitals count
    /// as small letters.
    static func find(_ unknown: String, among known: [String]) -> String? {
        let lowered = unknown.lowercased()
        let ranked = known.map { (key: $0, distance: distance(lowered, $0.lowercased())) }
            .min { $0.distance < $1.distance }
        guard let ranked, ranked.distance <= max(2, unknown.count / 3) else { return nil }
        return ranked.key
    }

    /// Levenshtein's distance: insertions, deletions and replacements of one character.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var previous = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (character == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
