package import Basics
package import Client

/// The log lines of one attempt that the server does not have yet.
///
/// Pure. Bounded: while ``isFull``, whoever writes has to wait.
package struct LogBuffer: Sendable {
    /// How much text waits to be sent at most, and a little more: what is read at once is taken whole.
    package static let bytesMax = 1 << 20
    /// How much text goes into one request at most; the server's limit for a body is greater.
    package static let requestBytesMax = 256 << 10
    /// What a line costs beside its text.
    static let lineOverheadBytes = 128

    private var lines: [TaskLogLine] = []
    private var bytes = 0
    private var lastSequence: Int64 = 0
    /// Lines that were not sent and never will be.
    package private(set) var dropped = 0
    /// The server does not take any: nothing is kept then.
    package private(set) var isClosed = false

    package init() {}

    package var isFull: Bool { bytes >= Self.bytesMax }
    package var isEmpty: Bool { lines.isEmpty }

    package mutating func append(_ texts: [String], _ stream: TaskLogLine.Stream, at now: Timestamp) {
        guard !isClosed else {
            dropped += texts.count
            return
        }
        for text in texts {
            lastSequence += 1
            lines.append(TaskLogLine(sequence: lastSequence, at: now, stream: stream, text: text))
            bytes += text.utf8.count + Self.lineOverheadBytes
        }
    }

    /// What goes into the next request; it stays until it is ``sent(_:)``.
    package var next: [TaskLogLine] {
        var size = 0
        let fitting = lines.prefix(TaskLogLine.linesPerRequestMax).prefix { line in
            size += line.text.utf8.count + Self.lineOverheadBytes
            return size <= Self.requestBytesMax
        }
        return Array(fitting)
    }

    /// The first lines have arrived.
    package mutating func sent(_ count: Int) {
        bytes -= lines.prefix(count).reduce(0) { $0 + $1.text.utf8.count + Self.lineOverheadBytes }
        lines.removeFirst(min(count, lines.count))
    }

    /// The first lines were refused, and will never be taken.
    package mutating func refused(_ count: Int) {
        dropped += min(count, lines.count)
        sent(count)
    }

    /// No further lines are taken, and those that wait are dropped.
    package mutating func close() {
        isClosed = true
        refused(lines.count)
    }
}
