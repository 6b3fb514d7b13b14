extension RegularExpression {
    /// Where an expression matched, in UTF-8 byte offsets of the text.
    public struct Match: Hashable, Sendable {
        /// Where the groups matched by index, nil for those that took no part; index 0 is the whole match.
        public let captures: [Range<Int>?]

        /// The names of the groups by index.
        public let captureNames: [String?]

        /// Where the whole expression matched.
        public let range: Range<Int>

        init(slots: [Int], captureNames: [String?]) {
            var captures: [Range<Int>?] = []
            for index in stride(from: 0, to: slots.count - 1, by: 2) {
                let (low, high) = (slots[index], slots[index + 1])
                captures.append(low >= 0 && low <= high ? low..<high : nil)
            }
            self.captures = captures
            self.captureNames = captureNames
            range = captures.first.flatMap { $0 } ?? 0..<0
        }

        /// Where the first group with a name that took part matched, or nil.
        public subscript(name: String) -> Range<Int>? {
            for (index, captureName) in captureNames.enumerated() where captureName == name {
                if index < captures.count, let range = captures[index] {
                    return range
                }
            }
            return nil
        }
    }

    /// The leftmost match in a text, the one a backtracking engine would prefer, or nil if there is none.
    public func firstMatch(in text: String) -> Match? {
        firstMatch(in: text.utf8.span)
    }

    /// The leftmost match in a text of UTF-8 bytes, or nil if there is none.
    public func firstMatch(in utf8: Span<UInt8>) -> Match? {
        // The automaton says no much faster than the machine that keeps captures.
        guard engine.matches(utf8) else { return nil }
        var machine = CaptureMachine(program: engine.program, capturing: true)
        guard machine.run(utf8, from: 0) else { return nil }
        return Match(slots: machine.slots, captureNames: captureNames)
    }
}
