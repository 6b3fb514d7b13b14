extension PatternParser {
    /// Collects the ranges of a bracketed class, merging them now and then so that memory stays bounded.
    private struct ClassBuilder {
        private var ranges: [ScalarSet.Range] = []
        private var mergeAt = 4_096

        mutating func append(_ set: ScalarSet) {
            ranges += set.ranges
            if ranges.count > mergeAt {
                ranges = ScalarSet(unsorted: ranges).ranges
                mergeAt = 4_096 + 2 * ranges.count
            }
        }

        var set: ScalarSet { ScalarSet(unsorted: ranges) }
    }

    /// Reads a bracketed class.
    mutating func parseClass() throws(RegularExpressionError) {
        let start = position
        position += 1
        let isNegated = current == "^"
        if isNegated {
            position += 1
        }
        var builder = ClassBuilder()
        // A `]` in the first place is a member.
        var isFirst = true
        while isFirst || current != "]" {
            isFirst = false
            if let set = try parseNamedClass() {
                builder.append(set)
            } else if let set = try parseClassEscape() {
                builder.append(set)
            } else {
                builder.append(try parseClassRange(classStart: start))
            }
        }
        position += 1
        try pushSet(isNegated ? builder.set.inverted : builder.set)
    }

    /// Reads a scalar or a range of scalars inside brackets.
    private mutating func parseClassRange(classStart: Int) throws(RegularExpressionError) -> ScalarSet {
        let start = position
        let low = try parseClassScalar(classStart: classStart)
        var high = low
        // In `[a-]` the hyphen is a member.
        if current == "-", let next = peek(1), next != "]" {
            position += 1
            high = try parseClassScalar(classStart: classStart)
            guard low <= high else {
                throw RegularExpressionError(.invalidCharacterRange, text(from: start))
            }
        }
        return foldedIfAsked(ScalarSet([(low, high)]))
    }

    private mutating func parseClassScalar(classStart: Int) throws(RegularExpressionError) -> UInt32 {
        guard let scalar = current else {
            throw RegularExpressionError(.missingBracket, text(from: classStart, to: scalars.count))
        }
        if scalar == "\\" {
            return try parseScalarEscape()
        }
        position += 1
        return scalar.value
    }

    private func foldedIfAsked(_ set: ScalarSet) -> ScalarSet {
        flags.contains(.foldCase) ? CaseFolding.folded(set) : set
    }

    /// Reads a POSIX class such as `[:alpha:]`, or returns nil if there is none here.
    private mutating func parseNamedClass() throws(RegularExpressionError) -> ScalarSet? {
        guard current == "[", peek(1) == ":" else { return nil }
        let start = position
        var end = position + 2
        while end + 1 < scalars.count, scalars[end] != ":" || scalars[end + 1] != "]" {
            end += 1
        }
        guard end + 1 < scalars.count else { return nil }
        position = end + 2
        guard let named = NamedClasses.posix(text(from: start + 2, to: end)) else {
            throw RegularExpressionError(.invalidCharacterRange, text(from: start))
        }
        let set = foldedIfAsked(named.set)
        return named.negated ? set.inverted : set
    }

    /// Reads `\d`, `\pL`, `\p{Greek}` and their like, or returns nil if there is none here.
    mutating func parseClassEscape() throws(RegularExpressionError) -> ScalarSet? {
        guard current == "\\", let letter = peek(1) else { return nil }
        if letter == "p" || letter == "P" {
            return try parseUnicodeClass(isNegated: letter == "P")
        }
        guard let named = NamedClasses.perl(letter) else { return nil }
        position += 2
        let set = foldedIfAsked(named.set)
        return named.negated ? set.inverted : set
    }

    private mutating func parseUnicodeClass(isNegated: Bool) throws(RegularExpressionError) -> ScalarSet? {
        let start = position
        guard let first = peek(2) else {
            throw RegularExpressionError(.invalidCharacterRange, text(from: start, to: scalars.count))
        }
        var name = String(first)
        position += 3
        if first == "{" {
            guard let end = scalars[start...].firstIndex(of: "}") else {
                throw RegularExpressionError(.invalidCharacterRange, text(from: start, to: scalars.count))
            }
            name = text(from: start + 3, to: end)
            position = end + 1
        }
        var isNegated = isNegated
        if name.hasPrefix("^") {
            isNegated.toggle()
            name.removeFirst()
        }
        switch UnicodeClasses.named(name) {
        case .set(let set):
            let folded = foldedIfAsked(set)
            return isNegated ? folded.inverted : folded
        case .unknown:
            // One letter cannot be a script; a longer word may be one this Unicode data does not know.
            let isWord =
                name.unicodeScalars.count > 2
                && name.unicodeScalars.allSatisfy {
                    $0 == "_" || $0.isASCIIAlphanumeric
                }
            throw RegularExpressionError(isWord ? .unsupportedScript : .invalidCharacterRange, text(from: start))
        }
    }
}
