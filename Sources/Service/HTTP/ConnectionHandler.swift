import HTTPTypes
import NIOCore
import NIOHTTP1

/// What the connection's task reads.
enum InboundPart: Sendable {
    case head(HTTPRequest)
    case body(ByteBuffer)
    case end
}

/// What the connection's task writes.
enum OutboundPart: Sendable {
    /// `100 Continue`.
    case proceed
    case answer(Answer)
    /// The next bytes of an answer whose body is a stream, and its end.
    case part(ByteBuffer)
    case streamEnd(closes: Bool)
}

/// Stands between NIO's HTTP/1.1 codec and the connection's task: turns parts into requests, keeps the time limits,
/// ends connections.
///
/// Everything runs on the channel's event loop.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = InboundPart
    typealias OutboundIn = OutboundPart
    typealias OutboundOut = HTTPServerResponsePart

    private var state: ConnectionState
    private let control: ConnectionControl
    private let targetBytesMax: Int
    private let interruption: () -> Answer
    private var context: ChannelHandlerContext?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?

    /// Makes the handler of one connection.
    ///
    /// - Parameters:
    ///   - state: the connection's state at its start.
    ///   - control: what the connection's task and this handler share.
    ///   - targetBytesMax: bytes of a request's target; with a longer one a header that is too large is an address
    ///     that is too long.
    ///   - interruption: makes the answer for a request's handler that is late.
    init(
        state: ConnectionState,
        control: ConnectionControl,
        targetBytesMax: Int,
        interruption: @escaping () -> Answer
    ) {
        self.state = state
        self.control = control
        self.targetBytesMax = targetBytesMax
        self.interruption = interruption
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        schedule(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.task.cancel()
        timer = nil
        self.context = nil
    }

    // MARK: Input

    func bytesArrived(_ bytes: ByteBufferView) {
        guard let context else { return }
        state.bytesArrived(bytes, now: context.eventLoop.now)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !state.dropsInput else { return }
        let now = context.eventLoop.now
        switch unwrapInboundIn(data) {
        case .head(let head):
            do throws(ConnectionFault) {
                let request = try RequestHead.request(head)
                // NIO's parser reads nothing after a request that offers an upgrade, so that one is the last.
                let isLast = !head.isKeepAlive || head.version != .http1_1 || head.headers.contains(name: "Upgrade")
                state.headRead(isLast: isLast, now: now)
                context.fireChannelRead(wrapInboundOut(.head(request)))
            } catch {
                fail(error, context)
            }
        case .body(let bytes): context.fireChannelRead(wrapInboundOut(.body(bytes)))
        case .end:
            state.endRead(now: now)
            context.fireChannelRead(wrapInboundOut(.end))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        schedule(context)
        if state.dropsInput { context.read() }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        control.clientLeft()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow:
            fail(state.firstLineBytes > targetBytesMax ? .addressTooLong : .headersTooLarge, context)
        case is HTTPParserError: fail(.malformed("the request is not valid HTTP/1.1"), context)
        case is ByteToMessageDecoderError where state.dropsInput:
            // The decoder complains of each read after its first error; the answer to that one is still on its way.
            return
        default:
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }

    private func fail(_ fault: ConnectionFault, _ context: ChannelHandlerContext) {
        guard !state.dropsInput else { return }
        state.failed(now: context.eventLoop.now)
        context.fireErrorCaught(fault)
        schedule(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            state.drain(now: context.eventLoop.now)
            schedule(context)
        } else {
            if event as? ChannelEvent == .inputClosed {
                control.clientLeft()
                if state.dropsInput { context.close(promise: nil) }
            }
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Output

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .proceed:
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .answer(let answer):
            guard let takeover = answer.takeover else {
                if answer.stream == nil { write(answer, context, promise) } else { begin(answer, context, promise) }
                return
            }
            // Refused in a drain, or when the client was told that its request took too long.
            guard state.handOver() else { return write(interruption(), context, promise) }
            handOver(answer, to: takeover, context, promise)
        case .part(let bytes):
            guard state.streamed(now: context.eventLoop.now) else {
                promise?.fail(ChannelError.ioOnClosedChannel)
                return
            }
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: promise)
        case .streamEnd(let closes): endStream(closes: closes, context, promise)
        }
    }

    /// Sends the head of the last answer that HTTP gives, and puts in front of all handlers here the one that has the
    /// connection from now on.
    private func handOver(
        _ answer: Answer,
        to takeover: ConnectionTakeover,
        _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>?
    ) {
        timer?.task.cancel()
        timer = nil
        let status = HTTPResponseStatus(statusCode: answer.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: answer.fields)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: promise)
        do {
            let handler = takeover.makeHandler(context.eventLoop)
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            // The channel is closed already.
            context.close(promise: nil)
        }
    }

    /// Writes the head of an answer whose body follows in parts.
    private func begin(_ answer: Answer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard let closes = state.beganStream(closes: answer.closes, now: context.eventLoop.now) else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(wrapOutboundOut(.head(head(of: answer, closes: closes))), promise: promise)
        schedule(context)
    }

    private func endStream(closes: Bool, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let action = state.answered(closes: closes, now: context.eventLoop.now)
        switch action {
        case .drop: promise?.fail(ChannelError.ioOnClosedChannel)
        case .keepOpen: context.write(wrapOutboundOut(.end(nil)), promise: promise)
        case .close, .linger:
            let promise = promise ?? context.eventLoop.makePromise()
            context.write(wrapOutboundOut(.end(nil)), promise: promise)
            context.flush()
            end(action, context, after: promise.futureResult)
        }
        schedule(context)
    }

    private func write(_ answer: Answer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let action = state.answered(closes: answer.closes, now: context.eventLoop.now)
        switch action {
        case .drop:
            promise?.fail(ChannelError.ioOnClosedChannel)
        case .keepOpen:
            send(answer, closes: false, context, promise)
        case .close, .linger:
            let promise = promise ?? context.eventLoop.makePromise()
            send(answer, closes: true, context, promise)
            context.flush()
            end(action, context, after: promise.futureResult)
        }
        schedule(context)
    }

    private func send(
        _ answer: Answer,
        closes: Bool,
        _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>?
    ) {
        context.write(wrapOutboundOut(.head(head(of: answer, closes: closes))), promise: nil)
        if answer.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    private func head(of answer: Answer, closes: Bool) -> HTTPResponseHead {
        var fields = answer.fields
        if closes { fields.add(name: "Connection", value: "close") }
        let status = HTTPResponseStatus(statusCode: answer.status)
        return HTTPResponseHead(version: .http1_1, status: status, headers: fields)
    }

    private func end(
        _ action: ConnectionState.AnswerAction,
        _ context: ChannelHandlerContext,
        after flushed: EventLoopFuture<Void>
    ) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        flushed.whenComplete { result in
            let (handler, context) = bound.value
            guard case .success = result, action == .linger else { return context.close(promise: nil) }
            handler.state.lingers(now: context.eventLoop.now)
            context.close(mode: .output, promise: nil)
            context.read()
            handler.schedule(context)
        }
    }

    // MARK: Time

    /// Keeps a timer that fires no later than the deadline; it is moved lazily, since most deadlines are put off.
    private func schedule(_ context: ChannelHandlerContext) {
        guard state.deadline < .distantFuture else { return }
        if let timer {
            guard state.deadline < timer.at else { return }
            timer.task.cancel()
        }
        let at = state.deadline
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: at) {
            let (handler, context) = bound.value
            handler.timer = nil
            guard handler.context != nil else { return }
            handler.timeout(context)
        }
        timer = (task, at)
    }

    private func timeout(_ context: ChannelHandlerContext) {
        switch state.timeout(now: context.eventLoop.now) {
        case .wait: break
        case .close: return context.close(promise: nil)
        case .fail(let fault): context.fireErrorCaught(fault)
        case .interrupt:
            control.cutOff()
            let promise = context.eventLoop.makePromise(of: Void.self)
            send(interruption(), closes: true, context, promise)
            context.flush()
            end(.linger, context, after: promise.futureResult)
        }
        schedule(context)
    }
}

/// Tells the connection's handler that bytes have arrived, from in front of the HTTP decoder.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionHandler

    init(_ connection: ConnectionHandler) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesArrived(unwrapInboundIn(data).readableBytesView)
        context.fireChannelRead(data)
    }
}
