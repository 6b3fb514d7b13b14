import Basics
import Client

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The two streams of a program, read by the thread that runs it.
///
/// While the log is full nothing is read, so the program waits: it can write no faster than the server takes.
struct ProgramStreams {
    private static let readBytesMax = 64 << 10
    /// How much of the last line on standard error is kept for the failure's message.
    private static let errorLineScalarsMax = 1000

    private struct Stream {
        let descriptor: Int32
        let name: TaskLogLine.Stream
        var isOpen = true
        var cutter = LineCutter()
    }

    private var streams: [Stream]
    private let log: AttemptLog
    private var buffer = [UInt8](repeating: 0, count: readBytesMax)
    /// What both have written.
    private(set) var bytes = 0
    private(set) var lastErrorLine = ""
    /// The program is being killed for what it writes: the rest is read away, and not kept.
    var isDiscarding = false

    init(_ program: StartedProgram, log: AttemptLog) {
        streams = [
            Stream(descriptor: program.output, name: .stdout), Stream(descriptor: program.errors, name: .stderr),
        ]
        self.log = log
    }

    var haveEnded: Bool { streams.allSatisfy { !$0.isOpen } }

    /// Waits for something to read, and reads it.
    mutating func read(atMost wait: Duration) {
        let mayRead = isDiscarding || !log.isFull
        var polled = streams.filter { $0.isOpen && mayRead }
            .map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let count = poll(&polled, nfds_t(polled.count), Int32(wait.wholeMilliseconds))
        guard count > 0 else { return }
        for entry in polled where entry.revents != 0 {
            if let index = streams.firstIndex(where: { $0.isOpen && $0.descriptor == entry.fd }) { read(index) }
        }
    }

    private mutating func read(_ index: Int) {
        let descriptor = streams[index].descriptor
        let count = buffer.withUnsafeMutableBytes { systemRead(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            bytes += count
            if isDiscarding { return }
            append(streams[index].cutter.feed(buffer[..<count]), streams[index].name)
        } else if count == 0 || errno != EAGAIN && errno != EINTR {
            end(index)
        }
    }

    private mutating func end(_ index: Int) {
        guard streams[index].isOpen else { return }
        streams[index].isOpen = false
        close(streams[index].descriptor)
        append(streams[index].cutter.finish(), streams[index].name)
    }

    /// Closes what is still open.
    mutating func finish() {
        for index in streams.indices { end(index) }
    }

    private mutating func append(_ lines: [String], _ name: TaskLogLine.Stream) {
        if name == .stderr, let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) {
            lastErrorLine = String(String.UnicodeScalarView(last.unicodeScalars.prefix(Self.errorLineScalarsMax)))
        }
        log.append(lines, name)
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
