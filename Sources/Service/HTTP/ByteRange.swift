/// The part of a content that a request asks for: `Range` with one range of bytes (RFC 9110, 14.1.2).
package enum ByteRange {
    /// What follows from the field for a content of some length.
    package enum Selection: Hashable, Sendable {
        /// The whole: no field, one that is not understood, or several ranges, which a server may ignore.
        case whole
        case part(Range<Int>)
        /// Nothing of it lies within the content: 416.
        case unsatisfiable
    }

    /// Reads a field; nil is no field.
    package static func selection(_ field: String?, length: Int) -> Selection {
        guard let field, field.lowercased().hasPrefix("bytes=") else { return .whole }
        let ends = field.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]) else { return .whole }
        switch (first, last) {
        case (nil, nil): return .whole
        case (nil, let suffix?):
            guard suffix > 0, length > 0 else { return .unsatisfiable }
            return .part(length - min(suffix, length)..<length)
        case (let first?, nil): return first < length ? .part(first..<length) : .unsatisfiable
        case (let first?, let last?):
            guard first <= last else { return .whole }
            return first < length ? .part(first..<min(last, length - 1) + 1) : .unsatisfiable
        }
    }

    /// An empty text is no number, which is allowed; the outer nil is text that is none.
    private static func number(_ text: Substring) -> Int?? {
        if text.isEmpty { return .some(nil) }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        // Larger than any content is as good as the largest number.
        return .some(Int(text) ?? .max)
    }
}
