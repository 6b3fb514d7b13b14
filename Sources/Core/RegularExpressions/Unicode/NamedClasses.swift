/// The Perl classes (`\d`) and POSIX classes (`[:alpha:]`), all ASCII as in RE2.
enum NamedClasses {
    private static let digit = ScalarSet([(0x30, 0x39)])
    private static let perlSpace = ScalarSet([(0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)])
    private static let word = ScalarSet([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])

    private static let posix: [String: ScalarSet] = [
        "alnum": ScalarSet([(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)]),
        "alpha": ScalarSet([(0x41, 0x5A), (0x61, 0x7A)]),
        "ascii": ScalarSet([(0x00, 0x7F)]),
        "blank": ScalarSet([(0x09, 0x09), (0x20, 0x20)]),
        "cntrl": ScalarSet([(0x00, 0x1F), (0x7F, 0x7F)]),
        "digit": digit,
        "graph": ScalarSet([(0x21, 0x7E)]),
        "lower": ScalarSet([(0x61, 0x7A)]),
        "print": ScalarSet([(0x20, 0x7E)]),
        "punct": ScalarSet([(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)]),
        "space": ScalarSet([(0x09, 0x0D), (0x20, 0x20)]),
        "upper": ScalarSet([(0x41, 0x5A)]),
        "word": word,
        "xdigit": ScalarSet([(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)]),
    ]

    /// The class of a Perl escape's letter and whether it is negated, or nil if the letter names none.
    static func perl(_ letter: Unicode.Scalar) -> (set: ScalarSet, negated: Bool)? {
        switch letter {
        case "d": (digit, false)
        case "D": (digit, true)
        case "s": (perlSpace, false)
        case "S": (perlSpace, true)
        case "w": (word, false)
        case "W": (word, true)
        default: nil
        }
    }

    /// The class of the name between `[:` and `:]`, which may begin with `^`, or nil if there is none.
    static func posix(_ name: String) -> (set: ScalarSet, negated: Bool)? {
        let negated = name.hasPrefix("^")
        return posix[negated ? String(name.dropFirst()) : name].map { ($0, negated) }
    }
}
