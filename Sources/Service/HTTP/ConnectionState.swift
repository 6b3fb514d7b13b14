import NIOCore

/// The life of one HTTP/1.1 connection as decisions: what may be answered, when to give up, when to close.
///
/// Time is handed in. The owner calls a method for each event, does what the action says, and sees to it that
/// ``timeout(now:)`` is called when ``deadline`` has passed.
struct ConnectionState {
    /// The time limits that a connection needs.
    struct Limits: Sendable {
        var firstByte: TimeAmount
        var head: TimeAmount
        var body: TimeAmount
        var handler: TimeAmount
        var idle: TimeAmount
        var linger: TimeAmount
        var drainIdleGrace: TimeAmount
        var drainReadGrace: TimeAmount
    }

    private enum Phase {
        /// Between requests. Can go to `head`, `closed`.
        case idle
        /// Bytes of a header have arrived, but not all. Can go to `exchange`, `closed`.
        case head
        /// A request is being read or answered. Can go to `idle`, `discard`, `linger`, `closed`.
        case exchange
        /// The head of an answer is out, and its body follows in parts. Can go to `idle`, `exchange`, `discard`, `linger`,
        /// `closed`.
        case streaming
        /// The answer is out, and the rest of the request's body is dropped. Can go to `idle`, `exchange`, `closed`.
        case discard
        /// The last answer is out; input is dropped so that the client can read it. Can go to `closed`.
        case linger
        /// Something else has the connection now; it is not looked at any more.
        case handedOver
        case closed
    }

    /// What follows an answer.
    enum AnswerAction: Equatable {
        case keepOpen
        /// Close once the answer is flushed.
        case close
        /// Close the output once the answer is flushed, and the rest when ``timeout(now:)`` says so.
        case linger
        /// The client has been answered otherwise: drop it.
        case drop
    }

    /// What follows a time limit.
    enum TimeoutAction: Equatable {
        case wait
        case close
        /// Tell the reader of requests.
        case fail(ConnectionFault)
        /// Answer 503 in place of the handler.
        case interrupt
    }

    private let limits: Limits
    private var phase = Phase.idle
    /// Requests read in part or whole and not answered; more than one when the client pipelines.
    private var unanswered = 0
    /// Whether the last request's end has not been read.
    private var isReading = false
    private var isDraining = false
    /// Whether the client said that no request follows, or its input failed.
    private var isLast = false
    private var hasFailed = false
    private(set) var deadline: NIODeadline
    /// Bytes of the first line of the header that is being read, as far as they have arrived.
    private(set) var firstLineBytes = 0
    private var isInFirstLine = false

    init(limits: Limits, now: NIODeadline) {
        self.limits = limits
        // A client connects because it has something to ask: silence gets less time than between two requests.
        deadline = now + limits.firstByte
    }

    /// Whether input is to be dropped.
    var dropsInput: Bool {
        phase == .linger || phase == .closed || phase == .handedOver || hasFailed || (isLast && !isReading)
    }

    // MARK: Input

    mutating func bytesArrived(_ bytes: some Collection<UInt8>, now: NIODeadline) {
        if phase == .idle {
            phase = .head
            deadline = now + reading(limits.head)
            firstLineBytes = 0
            isInFirstLine = true
        }
        guard phase == .head, isInFirstLine else { return }
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        firstLineBytes += bytes.distance(from: bytes.startIndex, to: end ?? bytes.endIndex)
        isInFirstLine = end == nil
    }

    /// A header was read.
    mutating func headRead(isLast: Bool, now: NIODeadline) {
        guard phase != .linger, phase != .closed else { return }
        self.isLast = isLast
        unanswered += 1
        isReading = true
        if unanswered == 1 {
            phase = .exchange
            deadline = now + reading(limits.body)
        }
    }

    /// How long input may take to arrive: a drain does not wait for a client that stopped in the middle.
    private func reading(_ limit: TimeAmount) -> TimeAmount { isDraining ? min(limit, limits.drainReadGrace) : limit }

    /// A request's last byte was read.
    mutating func endRead(now: NIODeadline) {
        isReading = false
        switch phase {
        case .exchange where unanswered == 1: deadline = now + limits.handler
        case .discard: settle(now)
        default: break
        }
    }

    /// The input is broken; the reader of requests answers it, after those before it.
    mutating func failed(now: NIODeadline) {
        guard phase != .linger, phase != .closed else { return }
        hasFailed = true
        // The answer that is under way ends first.
        if phase == .streaming { return }
        phase = .exchange
        deadline = now + limits.handler
    }

    // MARK: Output

    /// The head of an answer is about to be written, whose body follows in parts.
    ///
    /// Returns whether the connection ends with it as far as is known; nil when the client has been answered otherwise.
    mutating func beganStream(closes: Bool, now: NIODeadline) -> Bool? {
        guard phase != .linger, phase != .closed else { return nil }
        phase = .streaming
        deadline = now + limits.idle
        return closes || hasFailed || ((isLast || isDraining) && unanswered <= 1)
    }

    /// A part of a body is about to be written: the client has taken some of those before, so it is there.
    ///
    /// Returns whether it may be.
    mutating func streamed(now: NIODeadline) -> Bool {
        guard phase == .streaming else { return false }
        deadline = now + limits.idle
        return true
    }

    /// An answer is about to be written, or its last part has been.
    mutating func answered(closes: Bool, now: NIODeadline) -> AnswerAction {
        guard phase != .linger, phase != .closed else { return .drop }
        unanswered = max(0, unanswered - 1)
        let isEnd = closes || hasFailed || ((isLast || isDraining) && unanswered == 0)
        if isEnd {
            // Unread input would make the system reset the connection, and the client lose the answer.
            if isReading || hasFailed || unanswered > 0 {
                phase = .linger
                deadline = now + limits.linger + limits.idle
                return .linger
            }
            phase = .closed
            // Should the client not take the answer, the deadline closes the connection nevertheless.
            deadline = now + limits.idle
            return .close
        }
        settle(now)
        return .keepOpen
    }

    /// An answer is about to be written after which something else gets the connection; false when that cannot be, since the
    /// client has been answered otherwise or its input is broken.
    mutating func handOver() -> Bool {
        guard phase == .exchange, !isReading, !hasFailed, !isDraining else { return false }
        phase = .handedOver
        deadline = .distantFuture
        return true
    }

    /// The last answer has been flushed, and the output closed.
    mutating func lingers(now: NIODeadline) { deadline = now + limits.linger }

    private mutating func settle(_ now: NIODeadline) {
        if unanswered > 0 {
            phase = .exchange
            deadline = now + (isReading && unanswered == 1 ? reading(limits.body) : limits.handler)
        } else if isReading {
            phase = .discard
            deadline = now + reading(limits.body)
        } else {
            phase = .idle
            deadline = now + (isDraining ? limits.drainIdleGrace : limits.idle)
        }
    }

    // MARK: Time

    /// The server drains: answers from now on end the connection, an idle one closes after a short grace, and what was
    /// sent in part has to be whole soon.
    mutating func drain(now: NIODeadline) {
        isDraining = true
        switch phase {
        case .idle: deadline = min(deadline, now + limits.drainIdleGrace)
        case .head, .discard: deadline = min(deadline, now + limits.drainReadGrace)
        case .exchange where isReading && unanswered == 1 && !hasFailed:
            deadline = min(deadline, now + limits.drainReadGrace)
        case .exchange, .streaming, .linger, .handedOver, .closed: break
        }
    }

    /// The deadline may have passed.
    mutating func timeout(now: NIODeadline) -> TimeoutAction {
        guard now >= deadline else { return .wait }
        switch phase {
        case .handedOver: return .wait
        case .idle, .streaming, .discard, .linger, .closed:
            phase = .closed
            return .close
        case .head:
            failed(now: now)
            return .fail(.headTimeout)
        case .exchange where isReading && unanswered == 1 && !hasFailed:
            failed(now: now)
            return .fail(.bodyTimeout)
        case .exchange:
            phase = .linger
            deadline = now + limits.linger + limits.idle
            return .interrupt
        }
    }
}
