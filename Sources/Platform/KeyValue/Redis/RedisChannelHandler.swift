internal import Basics
internal import Instruments
internal import NIOCore

/// The event loop's side of a connection: sends what has gathered, gives each waiter its reply, keeps the deadlines.
///
/// Everything runs on the channel's event loop.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let pipeline: RedisPipeline
    private let reader: RESPReader
    private let clock: any WallClock
    private let metrics: RedisMetrics
    /// Takes the messages of channels that the connection has subscribed to; nil when it has to none, and all are replies.
    private let onMessage: RedisClient.OnMessage?
    private var waiting = CircularBuffer<RedisPipeline.Waiter>(initialCapacity: 64)
    /// The replies of one read with those who wait for them.
    private var answers: [(RedisPipeline.Waiter, RESPValue)] = []
    private var timer: Scheduled<Void>?
    private var hasEnded = false

    init(
        _ pipeline: RedisPipeline,
        reader: RESPReader,
        clock: any WallClock,
        metrics: RedisMetrics,
        onMessage: RedisClient.OnMessage?
    ) {
        self.pipeline = pipeline
        self.reader = reader
        self.clock = clock
        self.metrics = metrics
        self.onMessage = onMessage
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        pipeline.attach { loop.execute { bound.value.0.send(bound.value.1) } }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(RedisError(.connectionLost, "the connection was closed"))
    }

    // MARK: Sending

    private func send(_ context: ChannelHandlerContext) {
        let batch = pipeline.takeBatch()
        guard !hasEnded, !batch.waiters.isEmpty else { return }
        waiting.append(contentsOf: batch.waiters)
        metrics.inFlight.add(Double(batch.waiters.count))
        context.writeAndFlush(wrapOutboundOut(batch.bytes), promise: nil)
        if timer == nil { keepDeadline(context) }
    }

    /// One timer for all: the oldest command has the first deadline.
    private func keepDeadline(_ context: ChannelHandlerContext) {
        timer = nil
        guard let oldest = waiting.first, !hasEnded else { return }
        let left = oldest.deadline - clock.uptime
        guard left > .zero else {
            end(RedisError(.timeout, "no reply in time"))
            context.close(promise: nil)
            return
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(left)) { bound.value.0.keepDeadline(bound.value.1) }
    }

    // MARK: Receiving

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        var fault: RedisError?
        do throws(RedisError) {
            try reader.feed(unwrapInboundIn(data)) { value in
                if passOn(value) { return }
                if let waiter = waiting.popFirst() {
                    answers.append((waiter, value))
                } else {
                    fault = RedisError(.protocolViolation, "a reply that nobody asked for")
                }
            }
        } catch { fault = error }
        giveAnswers()
        guard let fault else { return }
        end(fault)
        context.close(promise: nil)
    }

    /// Counts before it wakes anyone, so that who is woken reads what is so.
    private func giveAnswers() {
        guard !answers.isEmpty else { return }
        let now = clock.uptime
        pipeline.answered(answers.count)
        metrics.inFlight.add(-Double(answers.count))
        for (waiter, _) in answers { metrics.durations.observe(now - waiter.begin) }
        for (waiter, value) in answers { waiter.continuation.resume(returning: .success(value)) }
        answers.removeAll(keepingCapacity: true)
    }

    /// Whether it is a message of a channel, which is no reply.
    private func passOn(_ value: RESPValue) -> Bool {
        guard let onMessage, case .array(let elements) = value, elements.count == 3, elements[0] == Self.message,
            let channel = elements[1].bytes, let payload = elements[2].bytes
        else { return false }
        onMessage(channel, payload)
        return true
    }

    private static let message = RESPValue.bulk(Array("message".utf8))

    // MARK: The end

    func channelInactive(context: ChannelHandlerContext) {
        end(RedisError(.connectionLost, "Redis closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(RedisError(.connectionLost, "\(error)"))
        context.close(promise: nil)
    }

    /// Fails whoever waits: at once, not when the channel is closed, which a peer that is frozen can hold up under TLS.
    private func end(_ error: RedisError) {
        guard !hasEnded else { return }
        hasEnded = true
        timer?.cancel()
        timer = nil
        let waiters = waiting
        waiting = CircularBuffer()
        metrics.inFlight.add(-Double(waiters.count))
        let unsent = pipeline.fail(error)
        for waiter in waiters { waiter.continuation.resume(returning: .failure(error)) }
        for waiter in unsent { waiter.continuation.resume(returning: .failure(error)) }
    }
}
