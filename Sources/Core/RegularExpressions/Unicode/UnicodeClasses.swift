import Synchronization

/// The classes of `\p{…}`: general categories, `Any`, `Assigned`, `ASCII`, and scripts.
enum UnicodeClasses {
    /// How a class name was understood.
    enum Answer {
        case set(ScalarSet)
        /// No category, and not a script the standard library knows.
        case unknown
    }

    /// The class with a name, compared without case, spaces, hyphens and underscores.
    static func named(_ name: String) -> Answer {
        var key = ""
        for scalar in name.unicodeScalars where scalar != "_" && scalar != "-" && scalar != " " {
            guard scalar.properties.isAlphabetic, scalar.isASCII else { return .unknown }
            key.append(scalar.properties.lowercaseMapping)
        }
        switch key {
        case "any": return .set(.all)
        case "ascii": return .set(ScalarSet([(0, 0x7F)]))
        case "assigned": return .set(categories["cn", default: ScalarSet([])].inverted)
        default: break
        }
        if let set = categories[aliases[key] ?? key] {
            return .set(set)
        }
        return Scripts.named(key).map(Answer.set) ?? .unknown
    }

    /// Every category and group of categories by its short name in lower case; computed on first use.
    private static let categories: [String: ScalarSet] = makeCategories()

    private static func makeCategories() -> [String: ScalarSet] {
        var ranges: [String: [ScalarSet.Range]] = [:]
        func append(_ name: String, _ low: UInt32, _ high: UInt32) {
            ranges[name, default: []].append(ScalarSet.Range(low: low, high: high))
        }
        func scan(_ values: ClosedRange<UInt32>) {
            var start = values.lowerBound
            var running: Unicode.GeneralCategory = .unassigned
            for value in values {
                let category = Unicode.Scalar(value)?.properties.generalCategory ?? .surrogate
                if category != running {
                    if start < value {
                        append(shortName(running), start, value - 1)
                    }
                    (start, running) = (value, category)
                }
            }
            append(shortName(running), start, values.upperBound)
        }
        // Planes 4 to 13 hold nothing, planes 15 and 16 are for private use: no need to look at each scalar.
        scan(0...0x3FFFF)
        append("cn", 0x40000, 0xDFFFF)
        scan(0xE0000...0xE0FFF)
        append("cn", 0xE1000, 0xEFFFF)
        append("co", 0xF0000, 0xFFFFD)
        append("cn", 0xFFFFE, 0xFFFFF)
        append("co", 0x100000, 0x10FFFD)
        append("cn", 0x10FFFE, 0x10FFFF)
        for (name, members) in ranges {
            ranges[String(name.prefix(1)), default: []] += members
            if ["lu", "ll", "lt"].contains(name) {
                ranges["lc", default: []] += members
            }
        }
        return ranges.mapValues { ScalarSet(unsorted: $0) }
    }

    private static func shortName(_ category: Unicode.GeneralCategory) -> String {
        switch category {
        case .uppercaseLetter: "lu"
        case .lowercaseLetter: "ll"
        case .titlecaseLetter: "lt"
        case .modifierLetter: "lm"
        case .otherLetter: "lo"
        case .nonspacingMark: "mn"
        case .spacingMark: "mc"
        case .enclosingMark: "me"
        case .decimalNumber: "nd"
        case .letterNumber: "nl"
        case .otherNumber: "no"
        case .connectorPunctuation: "pc"
        case .dashPunctuation: "pd"
        case .openPunctuation: "ps"
        case .closePunctuation: "pe"
        case .initialPunctuation: "pi"
        case .finalPunctuation: "pf"
        case .otherPunctuation: "po"
        case .mathSymbol: "sm"
        case .currencySymbol: "sc"
        case .modifierSymbol: "sk"
        case .otherSymbol: "so"
        case .spaceSeparator: "zs"
        case .lineSeparator: "zl"
        case .paragraphSeparator: "zp"
        case .control: "cc"
        case .format: "cf"
        case .surrogate: "cs"
        case .privateUse: "co"
        case .unassigned: "cn"
        @unknown default: "cn"
        }
    }

    /// The long names of PropertyValueAliases.txt.
    private static let aliases: [String: String] = [
        "letter": "l", "casedletter": "lc", "uppercaseletter": "lu", "lowercaseletter": "ll",
        "titlecaseletter": "lt", "modifierletter": "lm", "otherletter": "lo",
        "mark": "m", "combiningmark": "m", "nonspacingmark": "mn", "spacingmark": "mc", "enclosingmark": "me",
        "number": "n", "decimalnumber": "nd", "digit": "nd", "letternumber": "nl", "othernumber": "no",
        "punctuation": "p", "punct": "p", "connectorpunctuation": "pc", "dashpunctuation": "pd",
        "openpunctuation": "ps", "closepunctuation": "pe", "initialpunctuation": "pi",
        "finalpunctuation": "pf", "otherpunctuation": "po",
        "symbol": "s", "mathsymbol": "sm", "currencysymbol": "sc", "modifiersymbol": "sk", "othersymbol": "so",
        "separator": "z", "spaceseparator": "zs", "lineseparator": "zl", "paragraphseparator": "zp",
        "other": "c", "control": "cc", "cntrl": "cc", "format": "cf", "surrogate": "cs", "privateuse": "co",
        "unassigned": "cn",
    ]
}

/// The scripts of `\p{Greek}`, answered by the script data of the standard library's own regular expressions.
///
/// That data has no direct interface, so a one-class pattern is run once over all scalars; the result is kept.
private enum Scripts {
    private static let known = Mutex<[String: ScalarSet]>([:])

    /// Every scalar that may belong to a script, each once and in ascending order.
    private static let everyScalar: String = {
        var text = String.UnicodeScalarView()
        for values in [UInt32(0)...0x3FFFF, 0xE0000...0xE0FFF] {
            for value in values {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let category = scalar.properties.generalCategory
                if category != .unassigned && category != .privateUse {
                    text.append(scalar)
                }
            }
        }
        return String(text)
    }()

    /// The scalars of a script, or nil if there is no script of this name.
    static func named(_ key: String) -> ScalarSet? {
        if let set = known.withLock({ $0[key] }) {
            return set
        }
        guard !key.isEmpty, let pattern = try? Regex("\\p{Script=\(key)}+") else { return nil }
        let scalarwise = pattern.matchingSemantics(.unicodeScalar)
        var ranges: [ScalarSet.Range] = []
        for match in everyScalar.matches(of: scalarwise) {
            for scalar in everyScalar.unicodeScalars[match.range] {
                if let last = ranges.last, last.high + 1 == scalar.value {
                    ranges[ranges.count - 1].high = scalar.value
                } else {
                    ranges.append(ScalarSet.Range(low: scalar.value, high: scalar.value))
                }
            }
        }
        let set = ScalarSet(unsorted: ranges)
        // A name the data knows but that owns no scalar adds nothing worth keeping.
        if !set.isEmpty {
            known.withLock { $0[key] = set }
        }
        return set.isEmpty ? nil : set
    }
}
