import NIOCore

/// The life of one stream of Server-Sent Events: comments by the clock, a client that reads nothing, the end.
///
/// What the client sends after its request is dropped.
struct EventStreamState: StreamState {
    private let limits: StreamLimits
    private var isOpen = true
    private var lastSign: NIODeadline
    private var nextComment: NIODeadline
    private var closeDeadline = NIODeadline.distantFuture

    init(_ limits: StreamLimits, now: NIODeadline) {
        self.limits = limits
        lastSign = now
        nextComment = now + limits.heartbeatInterval
    }

    var deadline: NIODeadline { isOpen ? nextComment : closeDeadline }

    mutating func received(_ bytes: ByteBuffer, now: NIODeadline) -> [StreamAction] { [] }

    mutating func progressed(now: NIODeadline) { lastSign = now }

    mutating func timeout(now: NIODeadline, isBlocked: Bool) -> [StreamAction] {
        guard now >= deadline else { return [] }
        guard isOpen else {
            closeDeadline = .distantFuture
            return [.abort]
        }
        if !isBlocked {
            // Whatever was written since was taken.
            lastSign = now
        } else if now >= lastSign + limits.silenceTimeout {
            isOpen = false
            closeDeadline = .distantFuture
            return [.ending(.slowReader), .abort]
        }
        nextComment = now + limits.heartbeatInterval
        return [.heartbeat]
    }

    mutating func close(
        _ end: StreamEnd,
        _ code: CloseCode,
        _ reason: String,
        now: NIODeadline
    ) -> [StreamAction] {
        guard isOpen else { return [] }
        isOpen = false
        closeDeadline = now + limits.closeTimeout
        return [.ending(end), .finish]
    }

    /// One chunk of the answer (RFC 9112, 7.1).
    func wire(_ frames: [ByteBuffer]) -> [ByteBuffer] {
        let bytes = frames.reduce(0) { $0 + $1.readableBytes }
        guard bytes > 0 else { return [] }
        return [ByteBuffer(string: String(bytes, radix: 16) + "\r\n")] + frames + [ByteBuffer(string: "\r\n")]
    }

    var trailer: ByteBuffer? { ByteBuffer(string: "0\r\n\r\n") }
}
