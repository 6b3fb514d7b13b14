extension PatternParser {
    /// Reads what opens a group, or sets flags for the rest of the current one.
    mutating func parseGroupStart() throws(RegularExpressionError) {
        guard peek(1) == "?" else {
            position += 1
            return try openGroup(capturing: true, inner: flags)
        }
        if peek(2) == "P", peek(3) == "<", peek(4) != nil {
            return try parseNamedGroup(nameOffset: 4)
        }
        if peek(2) == "<", peek(3) != nil {
            return try parseNamedGroup(nameOffset: 3)
        }
        try parseFlags()
    }

    private mutating func parseNamedGroup(nameOffset: Int) throws(RegularExpressionError) {
        let start = position
        guard let end = scalars[start...].firstIndex(of: ">") else {
            throw RegularExpressionError(.invalidNamedCapture, text(from: start, to: scalars.count))
        }
        let name = scalars[(start + nameOffset)..<max(end, start + nameOffset)]
        let isValid = name.allSatisfy { $0 == "_" || $0.isASCIIAlphanumeric }
        guard isValid, !name.isEmpty else {
            throw RegularExpressionError(.invalidNamedCapture, text(from: start, to: end + 1))
        }
        position = end + 1
        try openGroup(capturing: true, name: text(from: start + nameOffset, to: end), inner: flags)
    }

    /// Reads `(?flags)` or `(?flags:`.
    private mutating func parseFlags() throws(RegularExpressionError) {
        let start = position
        position += 2
        var changed = flags
        var isClearing = false
        var sawFlag = false
        while let scalar = current {
            position += 1
            switch scalar {
            case "i", "m", "s", "U":
                let flag = Self.flag(scalar)
                if isClearing {
                    changed.subtract(flag)
                } else {
                    changed.formUnion(flag)
                }
                sawFlag = true
                continue
            case "-" where !isClearing:
                isClearing = true
                sawFlag = false
                continue
            case ":" where !isClearing || sawFlag:
                return try openGroup(capturing: false, inner: changed)
            case ")" where !isClearing || sawFlag:
                flags = changed
                return
            default:
                break
            }
            break
        }
        throw RegularExpressionError(.invalidPerlSyntax, text(from: start))
    }

    private static func flag(_ scalar: Unicode.Scalar) -> Flags {
        switch scalar {
        case "i": .foldCase
        case "m": .multiLine
        case "s": .dotMatchesNewline
        default: .lazy
        }
    }
}

extension Unicode.Scalar {
    /// Whether the scalar is one of `0-9A-Za-z`.
    var isASCIIAlphanumeric: Bool {
        ("0"..."9").contains(self) || ("A"..."Z").contains(self) || ("a"..."z").contains(self)
    }
}
