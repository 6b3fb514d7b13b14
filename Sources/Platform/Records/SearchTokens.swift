/// Splits text into the words that are searched for: lower case, accents folded; the same for texts and queries.
///
/// A word is a run of letters, digits and the marks that belong to them; each ideograph is a word of its own, since
/// those scripts put no spaces. Only the first ``wordLengthMax`` scalars of a word count.
package enum SearchTokens {
    /// How many scalars of a word count.
    package static let wordLengthMax = 64

    /// The words of a text, in order, as often as they stand there.
    package static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var length = 0
        func close() {
            if length > 0 { words.append(String(word)) }
            word.removeAll()
            length = 0
        }
        for scalar in text.unicodeScalars {
            if isDropped(scalar) { continue }
            guard isWordPart(scalar) else {
                close()
                continue
            }
            let isIdeograph = scalar.value > 0x2e7f && scalar.properties.isIdeographic
            if isIdeograph { close() }
            for part in folded(scalar) where length < wordLengthMax {
                word.append(part)
                length += 1
            }
            if isIdeograph { close() }
        }
        close()
        return words
    }

    /// The different words of some texts.
    package static func distinctWords(of texts: some Sequence<String>) -> Set<String> {
        var distinct: Set<String> = []
        for text in texts { distinct.formUnion(words(of: text)) }
        return distinct
    }

    /// The text in lower case without accents, for sorting by name.
    package static func folded(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !isDropped(scalar) { result.append(contentsOf: folded(scalar)) }
        return String(result)
    }

    /// Whether every word of the query begins some word of the text: what the search of the database finds, naively.
    package static func matches(query: String, words: Set<String>) -> Bool {
        self.words(of: query).allSatisfy { wanted in
            words.contains { $0.unicodeScalars.starts(with: wanted.unicodeScalars) }
        }
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return (0x30...0x39).contains(scalar.value) || (0x41...0x5a).contains(scalar.value & ~0x20)
        }
        if scalar.properties.isAlphabetic { return true }
        return switch scalar.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark: true
        default: false
        }
    }

    /// Accents that stand behind their letter, and what has no width: dropped without ending the word.
    private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xad, 0x300...0x36f, 0x1ab0...0x1aff, 0x1dc0...0x1dff, 0x200c...0x200d, 0x20d0...0x20ff: true
        default: false
        }
    }

    private static func folded(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        if scalar.isASCII {
            let isUpper = (0x41...0x5a).contains(scalar.value)
            result.append(isUpper ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar)
            return result
        }
        for lower in scalar.properties.lowercaseMapping.unicodeScalars where !isDropped(lower) {
            if let base = FoldedLetters.bases[lower] {
                result.append(contentsOf: base.unicodeScalars)
            } else {
                result.append(lower)
            }
        }
        return result
    }
}

/// The letters that stand for themselves with an accent, and what they are without.
private enum FoldedLetters {
    /// Latin and Greek letters, by their Unicode names: `LATIN SMALL LETTER E WITH ACUTE` is `e`; the rest by hand.
    static let bases: [Unicode.Scalar: String] = {
        var bases = byHand
        let blocks: [ClosedRange<UInt32>] = [0xdf...0x24f, 0x386...0x3ff, 0x1e00...0x1fff]
        let letters = lettersByName([0x61...0x7a, 0x3b1...0x3c9])
        for value in blocks.joined() {
            guard let scalar = Unicode.Scalar(value), bases[scalar] == nil, let name = scalar.properties.name,
                let split = name.firstRange(of: " WITH "), let base = letters[String(name[..<split.lowerBound])]
            else { continue }
            bases[scalar] = String(base)
        }
        return bases
    }()

    private static let byHand: [Unicode.Scalar: String] = [
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ĳ": "ij",
        "ŉ": "n", "ſ": "s", "ς": "σ", "й": "и", "ё": "е", "ї": "і", "ѓ": "г", "ќ": "к", "ў": "у", "ѐ": "е", "ѝ": "и",
        "ǽ": "ae", "ǣ": "ae", "ǿ": "o", "ǆ": "dz", "ǳ": "dz", "ǉ": "lj", "ǌ": "nj",
    ]

    private static func lettersByName(_ ranges: [ClosedRange<UInt32>]) -> [String: Unicode.Scalar] {
        var letters: [String: Unicode.Scalar] = [:]
        for value in ranges.joined() {
            guard let scalar = Unicode.Scalar(value), let name = scalar.properties.name else { continue }
            letters[name] = scalar
        }
        return letters
    }
}
