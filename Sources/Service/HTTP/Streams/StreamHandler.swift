import Instruments
import NIOCore

/// The shell of a stream: stands in front of all other handlers of a connection that was taken over, and does what the
/// stream's state says.
///
/// Everything runs on the channel's event loop.
final class StreamHandler<State: StreamState>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var state: State
    private let stream: OutgoingStream
    private let driver: any StreamDriver
    private let instruments: StreamEndpointInstruments
    private let permit: StreamPermit
    private var context: ChannelHandlerContext?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    private var end: StreamEnd?
    private var isFinishing = false
    private var isFinished = false

    init(
        state: State,
        stream: OutgoingStream,
        driver: any StreamDriver,
        instruments: StreamEndpointInstruments,
        permit: StreamPermit
    ) {
        self.state = state
        self.stream = stream
        self.driver = driver
        self.instruments = instruments
        self.permit = permit
    }

    // MARK: Beginning and end

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        stream.start { request in bound.value.asked(request) }
        instruments.opened.increment()
        instruments.connections.increment()
        driver.opened(stream)
        schedule()
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { close() }

    private func close() {
        guard context != nil else { return }
        context = nil
        timer?.task.cancel()
        timer = nil
        stream.finish()
        let end = end ?? .disconnected
        instruments.connections.decrement()
        instruments.closed[end]?.increment()
        driver.closed(end)
    }

    // MARK: Events

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(state.received(unwrapInboundIn(data), now: context.eventLoop.now))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        schedule()
        // What reads for the HTTP connection stands behind, and sees nothing any more.
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            state.progressed(now: context.eventLoop.now)
            flush()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            perform(state.close(.draining, .goingAway, "the server stops", now: context.eventLoop.now))
            schedule()
        } else if event as? ChannelEvent == .inputClosed {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func asked(_ request: OutgoingStream.Request) {
        guard let context else { return }
        switch request {
        case .flush: flush()
        case .close(let end, let code, let reason):
            perform(state.close(end, code, reason, now: context.eventLoop.now))
            schedule()
        }
    }

    // MARK: Actions

    private func perform(_ actions: [StreamAction]) {
        for action in actions {
            guard let context else { return }
            switch action {
            case .write(let bytes):
                // A client that floods with pings and reads no pongs is a slow reader.
                guard stream.push(bytes, isControl: true) || end != nil else {
                    end = .slowReader
                    context.close(promise: nil)
                    return
                }
            case .deliver(let text):
                instruments.received.increment()
                driver.received(text)
            case .heartbeat:
                if let bytes = driver.heartbeat() { _ = stream.push(bytes, isControl: true) }
            case .ending(let reason):
                end = end ?? reason
                stream.stop()
            case .finish:
                isFinishing = true
                flush()
            case .abort:
                context.close(promise: nil)
            }
        }
    }

    /// Hands what waits to the socket; a client that is still busy with what it got before gets it later.
    private func flush() {
        guard let context else { return }
        guard context.channel.isWritable else { return stream.postpone() }
        let (frames, wakes) = stream.take()
        if !frames.isEmpty {
            var bytes = 0
            for buffer in state.wire(frames) {
                bytes += buffer.readableBytes
                context.write(wrapOutboundOut(buffer), promise: nil)
            }
            context.flush()
            instruments.sent.increment(by: frames.count)
            instruments.sentBytes.increment(by: bytes)
        }
        if isFinishing { return finish(context) }
        if wakes { driver.hasRoom() }
    }

    private func finish(_ context: ChannelHandlerContext) {
        guard !isFinished else { return }
        isFinished = true
        let bound = context.loopBound
        context.writeAndFlush(wrapOutboundOut(state.trailer ?? ByteBuffer())).whenComplete { _ in
            bound.value.close(promise: nil)
        }
    }

    // MARK: Time

    /// Keeps a timer that fires no later than the deadline; it is moved lazily, since most deadlines are put off.
    private func schedule() {
        guard let context, state.deadline < .distantFuture else { return }
        if let timer {
            guard state.deadline < timer.at else { return }
            timer.task.cancel()
        }
        let at = state.deadline
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: at) { bound.value.timeout() }
        timer = (task, at)
    }

    private func timeout() {
        timer = nil
        guard let context else { return }
        perform(state.timeout(now: context.eventLoop.now, isBlocked: !context.channel.isWritable))
        schedule()
    }
}
