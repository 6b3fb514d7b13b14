/// What a program appends to the file that KASKMAN_METRICS names, as it is read piece by piece.
///
/// Pure. Only whole lines are pushed: the program may be in the middle of one.
package struct MetricsFile: Hashable, Sendable {
    /// How much goes into one push.
    package static let pushBytesMax = 256 << 10

    /// How much of the file has been dealt with, in bytes.
    package private(set) var offset = 0

    package init() {}

    /// The part of the bytes behind ``offset`` that is to be pushed now.
    ///
    /// - Parameters:
    ///   - bytes: The file from ``offset`` on, at most ``pushBytesMax``.
    ///   - isLast: Whether nothing will follow, so that a last line without its end counts too.
    /// - Returns: Whole lines; nothing when there is none yet.
    package func part(of bytes: [UInt8], isLast: Bool) -> [UInt8] {
        let end = bytes.lastIndex(of: UInt8(ascii: "\n"))
        if let end { return Array(bytes[...end]) }
        // A line that fills a push by itself is no metric; taken whole, the server says so.
        if isLast && !bytes.isEmpty || bytes.count >= Self.pushBytesMax { return bytes + [UInt8(ascii: "\n")] }
        return []
    }

    /// So many bytes of the file have been dealt with.
    package mutating func advance(by count: Int) { offset += count }
}
