import Client

/// Makes lines of the bytes that a program writes.
///
/// A line longer than ``TaskLogLine/textBytesMax`` becomes several; bytes that are no UTF-8, and NUL, which no database
/// keeps, become U+FFFD; of a line end CR LF neither is kept.
///
/// Pure.
package struct LineCutter: Sendable {
    private var rest: [UInt8] = []
    private let bytesMax: Int

    /// - Parameter bytesMax: The most bytes of one line.
    package init(bytesMax: Int = TaskLogLine.textBytesMax) {
        precondition(bytesMax >= 4, "BUG: a line has to hold a scalar")
        self.bytesMax = bytesMax
    }

    /// The lines that end within the bytes, or are too long already.
    package mutating func feed(_ bytes: some Collection<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
                lines += texts(rest)
                rest.removeAll(keepingCapacity: true)
            } else {
                rest.append(byte)
                // A little more than a line, so that a scalar at the cut is whole.
                if rest.count >= bytesMax + 4 { lines.append(takeFront()) }
            }
        }
        return lines
    }

    /// What is left without a line end.
    package mutating func finish() -> [String] {
        defer { rest = [] }
        return rest.isEmpty ? [] : texts(rest)
    }

    /// Takes as much as fits into one line, without cutting a scalar.
    private mutating func takeFront() -> String {
        var count = bytesMax
        while count > bytesMax - 4, Self.isContinuation(rest[count]) { count -= 1 }
        // No scalar is that long, so these are no UTF-8 and may be cut anywhere.
        if Self.isContinuation(rest[count]) { count = bytesMax }
        // What stands for bad bytes is longer than they are.
        var text = Self.text(rest[..<count])
        if text.utf8.count > bytesMax {
            count = max(1, bytesMax / 3)
            text = Self.text(rest[..<count])
        }
        rest.removeFirst(count)
        return text
    }

    private func texts(_ bytes: [UInt8]) -> [String] {
        var cutter = LineCutter(bytesMax: bytesMax)
        cutter.rest = bytes
        var lines: [String] = []
        while true {
            let text = Self.text(cutter.rest)
            if text.utf8.count <= bytesMax { return lines + [text] }
            // Shorter than a line in bytes, longer in text: filled up so that the cut has bytes to look at.
            if cutter.rest.count <= bytesMax {
                let count = max(1, bytesMax / 3)
                lines.append(Self.text(cutter.rest[..<min(count, cutter.rest.count)]))
                cutter.rest.removeFirst(min(count, cutter.rest.count))
            } else {
                lines.append(cutter.takeFront())
            }
        }
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0b1100_0000 == 0b1000_0000 }

    private static func text(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return bytes.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }
}
