import NIOCore

/// The life of one WebSocket (RFC 6455): messages, pings, the closing handshake, silence.
struct WebSocketState: StreamState {
    private enum Phase {
        /// Can go to `closing`, `closed`.
        case open
        /// A close frame is out; waits for the client's. Can go to `closed`.
        case closing
        case closed
    }

    private let limits: StreamLimits
    private var decoder: FrameDecoder
    private var assembler: MessageAssembler
    private var allowance: MessageAllowance
    private var phase = Phase.open
    /// Whether the input cannot be understood any more.
    private var isBroken = false
    private var lastSign: NIODeadline
    private var nextPing: NIODeadline
    /// Since when the client takes nothing, as far as was looked; it may still talk.
    private var blockedSince: NIODeadline?
    private var closeDeadline = NIODeadline.distantFuture

    init(_ limits: StreamLimits, deflate: DeflateAgreement?, now: NIODeadline) {
        self.limits = limits
        decoder = FrameDecoder(frameBytesMax: limits.frameBytesMax, allowsCompression: deflate != nil)
        assembler = MessageAssembler(messageBytesMax: limits.messageBytesMax)
        allowance = MessageAllowance(perSecondMax: limits.messagesPerSecondMax, now: now)
        lastSign = now
        nextPing = now + limits.heartbeatInterval
    }

    private var silenceEnd: NIODeadline { lastSign + limits.heartbeatInterval + limits.silenceTimeout }

    var deadline: NIODeadline {
        switch phase {
        case .open: min(nextPing, silenceEnd)
        case .closing, .closed: closeDeadline
        }
    }

    // MARK: Input

    mutating func received(_ bytes: ByteBuffer, now: NIODeadline) -> [StreamAction] {
        guard phase != .closed, !isBroken else { return [] }
        lastSign = now
        decoder.append(bytes)
        var actions: [StreamAction] = []
        do throws(WebSocketFault) {
            while phase != .closed, let frame = try decoder.next() {
                guard let event = try assembler.take(frame) else { continue }
                try take(event, &actions, now)
            }
        } catch {
            actions += fail(error, now)
        }
        return actions
    }

    private mutating func take(
        _ event: WebSocketEvent,
        _ actions: inout [StreamAction],
        _ now: NIODeadline
    ) throws(WebSocketFault) {
        if case .close(let code) = event {
            if phase == .open { actions += [.write(FrameEncoder.close(code)), .ending(.client)] }
            phase = .closed
            closeDeadline = now + limits.closeTimeout
            actions.append(.finish)
            return
        }
        guard phase == .open else { return }
        switch event {
        case .pong, .close: break
        case .text(let text):
            try spend(now)
            actions.append(.deliver(text))
        case .ping(let payload):
            try spend(now)
            actions.append(.write(FrameEncoder.frame(.pong, payload.readableBytesView)))
        case .binary:
            try spend(now)
            actions += close(.protocolError, .unsupportedData, "only texts are taken here", now: now)
        }
    }

    private mutating func spend(_ now: NIODeadline) throws(WebSocketFault) {
        guard allowance.spend(now: now) else { throw .tooManyMessages(perSecondMax: limits.messagesPerSecondMax) }
    }

    private mutating func fail(_ fault: WebSocketFault, _ now: NIODeadline) -> [StreamAction] {
        isBroken = true
        guard phase == .open else {
            phase = .closed
            return [.finish]
        }
        let end: StreamEnd =
            switch fault {
            case .frameTooLarge, .messageTooLarge: .tooLarge
            case .tooManyMessages: .tooMany
            default: .protocolError
            }
        return close(end, fault.code, fault.description, now: now)
    }

    // MARK: Output

    mutating func close(
        _ end: StreamEnd,
        _ code: CloseCode,
        _ reason: String,
        now: NIODeadline
    ) -> [StreamAction] {
        guard phase == .open else { return [] }
        phase = .closing
        closeDeadline = now + limits.closeTimeout
        return [.write(FrameEncoder.close(code, reason)), .ending(end)]
    }

    func wire(_ frames: [ByteBuffer]) -> [ByteBuffer] { frames }

    var trailer: ByteBuffer? { nil }

    // MARK: Time

    mutating func progressed(now: NIODeadline) {
        lastSign = now
        blockedSince = nil
    }

    mutating func timeout(now: NIODeadline, isBlocked: Bool) -> [StreamAction] {
        guard now >= deadline else { return [] }
        guard phase == .open else {
            phase = .closed
            closeDeadline = .distantFuture
            return [.abort]
        }
        blockedSince = isBlocked ? blockedSince ?? now : nil
        if now >= silenceEnd || blockedSince.map({ now >= $0 + limits.silenceTimeout }) == true {
            let (end, code) = isBlocked ? (StreamEnd.slowReader, CloseCode.slowReader) : (.timeout, .policyViolation)
            return close(end, code, isBlocked ? "nothing is read" : "a ping was not answered", now: now)
        }
        nextPing = now + limits.heartbeatInterval
        return [.write(FrameEncoder.frame(.ping)), .heartbeat]
    }
}

/// How many messages a client may still send: so many a second, and twice as many at once.
struct MessageAllowance {
    private let perSecondMax: Int
    /// In nanoseconds of the rate.
    private var credit: Int64
    private var counted: NIODeadline

    init(perSecondMax: Int, now: NIODeadline) {
        self.perSecondMax = perSecondMax
        credit = 2_000_000_000
        counted = now
    }

    mutating func spend(now: NIODeadline) -> Bool {
        credit = min(2_000_000_000, credit + (now - counted).nanoseconds)
        counted = now
        let price = 1_000_000_000 / Int64(max(1, perSecondMax))
        guard credit >= price else { return false }
        credit -= price
        return true
    }
}
