import Client

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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
    package mutating func feed(_ bytes: ArraySlice<UInt8>) -> [String] {
        var lines: [String] = []
        var input = bytes
        while let end = Self.index(of: UInt8(ascii: "\n"), in: input) {
            rest += input[..<end]
            cutLong(into: &lines)
            if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
            finishLine(into: &lines)
            input = input[(end + 1)...]
        }
        rest += input
        cutLong(into: &lines)
        return lines
    }

    /// What is left without a line end.
    package mutating func finish() -> [String] {
        var lines: [String] = []
        if !rest.isEmpty { finishLine(into: &lines) }
        return lines
    }

    /// Takes lines off what is longer than one: a little more than that, so that a scalar at the cut is whole.
    private mutating func cutLong(into lines: inout [String]) {
        guard rest.count >= bytesMax + 4 else { return }
        var remainder = rest[...]
        while remainder.count >= bytesMax + 4 { lines.append(takeFront(&remainder)) }
        rest = Array(remainder)
    }

    /// Makes what is left one line, or several when what stands for bad bytes makes it too long.
    private mutating func finishLine(into lines: inout [String]) {
        defer { rest.removeAll(keepingCapacity: true) }
        var remainder = rest[...]
        while true {
            let text = Self.text(remainder)
            if text.utf8.count <= bytesMax { return lines.append(text) }
            if remainder.count > bytesMax {
                lines.append(takeFront(&remainder))
            } else {
                lines.append(Self.text(remainder.prefix(safeCount)))
                remainder = remainder.dropFirst(safeCount)
            }
        }
    }

    /// So many bytes fit, whatever they are: what stands for a bad one has three.
    private var safeCount: Int { max(1, bytesMax / 3) }

    /// Takes as much as fits into one line, without cutting a scalar; there are more bytes than that.
    private func takeFront(_ bytes: inout ArraySlice<UInt8>) -> String {
        let start = bytes.startIndex
        var count = bytesMax
        while count > bytesMax - 4, Self.isContinuation(bytes[start + count]) { count -= 1 }
        // No scalar is that long, so these are no UTF-8 and may be cut anywhere.
        if Self.isContinuation(bytes[start + count]) { count = bytesMax }
        var text = Self.text(bytes.prefix(count))
        if text.utf8.count > bytesMax {
            count = safeCount
            text = Self.text(bytes.prefix(count))
        }
        bytes = bytes.dropFirst(count)
        return text
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0b1100_0000 == 0b1000_0000 }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        guard index(of: 0, in: bytes) != nil else { return String(decoding: bytes, as: UTF8.self) }
        var visible: [UInt8] = []
        visible.reserveCapacity(bytes.count * 3)
        for byte in bytes {
            if byte == 0 { visible += [0xef, 0xbf, 0xbd] } else { visible.append(byte) }
        }
        return String(decoding: visible, as: UTF8.self)
    }

    /// Where a byte stands first: the hot loop of every program's output.
    private static func index(of byte: UInt8, in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, let found = memchr(base, Int32(byte), buffer.count) else { return nil }
            return bytes.startIndex + (UnsafeRawPointer(found) - base)
        }
    }
}
