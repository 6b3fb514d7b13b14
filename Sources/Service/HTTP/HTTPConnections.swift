import APIModel
import HTTPTypes
import HummingbirdCore
import Instruments
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Sets up and serves the connections that Hummingbird's server accepts.
struct HTTPConnections: ServerChildChannel {
    /// One connection.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        /// Nil for a connection beyond a limit, which is answered without a task.
        let parts: NIOAsyncChannel<InboundPart, OutboundPart>?
        let control: ConnectionControl
        let peer: IPAddress
    }

    /// The open connections, behind a lock.
    private final class Count: Sendable {
        let open: Mutex<OpenConnections>

        init(_ open: OpenConnections) { self.open = Mutex(open) }
    }

    private let service: HTTPService
    private let limits: ConnectionState.Limits
    private let count: Count

    init(_ service: HTTPService) {
        self.service = service
        let settings = service.settings
        limits = ConnectionState.Limits(
            firstByte: TimeAmount(settings.firstByteTimeout),
            head: TimeAmount(settings.headTimeout),
            body: TimeAmount(settings.bodyTimeout),
            handler: TimeAmount(settings.handlerTimeout),
            idle: TimeAmount(settings.idleTimeout),
            linger: TimeAmount(settings.lingerTimeout),
            drainIdleGrace: TimeAmount(settings.drainIdleGrace),
            drainReadGrace: TimeAmount(settings.drainReadGrace)
        )
        count = Count(
            OpenConnections(
                max: settings.connectionsMax,
                perAddressMax: settings.connectionsPerAddressMax,
                exempt: settings.trustedProxies
            )
        )
        service.instruments.connectionsMax.set(Double(settings.connectionsMax))
    }

    // MARK: Setting up

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let instruments = service.instruments
            let peer = channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) } ?? IPAddress(high: 0, low: 0)
            let uptime = service.uptime
            let decision = count.open.withLock { $0.opened(from: peer, at: uptime) }
            instruments.connectionsTotal.increment()
            instruments.connections.increment()
            channel.closeFuture.whenComplete { [count] _ in
                count.open.withLock { $0.closed(decision, from: peer) }
                instruments.connections.decrement()
            }
            let control = ConnectionControl()
            if case .refuse(let limit, let isAnswered, let isLogged) = decision {
                service.noteRefusal(of: peer, by: limit, isLogged: isLogged)
                try addRefusal(to: channel, isAnswered: isAnswered)
                return Value(channel: channel, parts: nil, control: control, peer: peer)
            }
            try addCodec(to: channel)
            let handler = ConnectionHandler(
                state: ConnectionState(limits: limits, now: channel.eventLoop.now),
                control: control,
                targetBytesMax: service.settings.targetBytesMax,
                interruption: { [service] in service.interruption(.handlerTimeout) }
            )
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ArrivalHandler(handler), position: .first)
            try pipeline.addHandler(handler)
            let parts = try NIOAsyncChannel<InboundPart, OutboundPart>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: false)
            )
            return Value(channel: channel, parts: parts, control: control, peer: peer)
        }
    }

    private func addCodec(to channel: any Channel) throws {
        let settings = service.settings
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = settings.headerFieldBytesMax
        decoder.maxHeaderListSize = settings.headerListBytesMax
        decoder.maxHeaderFieldCount = settings.headerFieldsMax
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withErrorHandling: false,
            withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoder
        )
    }

    private func addRefusal(to channel: any Channel, isAnswered: Bool) throws {
        let pipeline = channel.pipeline.syncOperations
        let answer = isAnswered ? service.interruption(.tooManyConnections) : nil
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(RefusalHandler(answer, linger: limits.linger))
    }

    // MARK: Serving

    func handle(value: Value, logger: Logger) async {
        guard let parts = value.parts else {
            await Self.waitUntilClosed(value.channel)
            return
        }
        let task = Task { await serve(parts, value) }
        value.control.take(task)
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
            value.channel.close(promise: nil)
        }
        value.control.release()
    }

    private func serve(_ parts: NIOAsyncChannel<InboundPart, OutboundPart>, _ value: Value) async {
        do {
            try await parts.executeThenClose { inbound, outbound in
                var reader = RequestReader(
                    iterator: inbound.makeAsyncIterator(),
                    outbound: outbound,
                    control: value.control
                )
                do throws(ConnectionFault) {
                    while let head = try await reader.nextHead() {
                        let isOpen = await answer(head, &reader, value)
                        guard isOpen else { break }
                        try await reader.discardBody()
                    }
                } catch {
                    if error != .disconnected {
                        try await outbound.write(.answer(service.refuse(error, peer: value.peer)))
                    }
                }
                // The handler closes the channel: at once, or when the client has had time to read the answer.
                if !reader.hasEnded { await Self.waitUntilClosed(value.channel) }
            }
        } catch {
            // The client is gone, or the server stops: there is nobody to tell.
        }
    }

    /// Answers one request; false when the connection ends with it.
    private func answer(_ head: HTTPRequest, _ reader: inout RequestReader, _ value: Value) async -> Bool {
        reader.begin()
        var answer = await service.answer(head, peer: value.peer, body: &reader)
        if !reader.isAtEnd, !isDiscardable(head, reader) {
            answer.closes = true
            answer.takeover = nil
        }
        do {
            // Whoever takes the connection over must not find the rest of a request on it.
            if answer.takeover != nil { try await reader.discardBody() }
            try await reader.outbound.write(.answer(answer))
            if let stream = answer.stream { try await send(stream, closes: answer.closes, reader.outbound) }
        } catch {
            // A client that has been promised more than it got is told by the end of the connection.
            if answer.stream != nil { value.channel.close(promise: nil) }
            return false
        }
        return !answer.closes && answer.takeover == nil && !value.control.isCutOff
    }

    /// Sends the parts of a body; a writer that has enough makes the next part wait.
    private func send(
        _ stream: BodyStream,
        closes: Bool,
        _ outbound: NIOAsyncChannelOutboundWriter<OutboundPart>
    ) async throws {
        var sent = 0
        while sent < stream.length {
            let part = try await stream.part(sent)
            guard part.readableBytes > 0, part.readableBytes <= stream.length - sent else {
                throw BodyStreamError.length
            }
            sent += part.readableBytes
            try await outbound.write(.part(part))
        }
        try await outbound.write(.streamEnd(closes: closes))
    }

    /// Whether what is left of a body is little enough to be read and dropped.
    private func isDiscardable(_ head: HTTPRequest, _ reader: RequestReader) -> Bool {
        let fields = head.headerFields
        if reader.hasFailed || fields.contains(.transferEncoding) || (fields.contains(.expect) && !reader.hasProceeded)
        {
            return false
        }
        guard let length = fields[.contentLength] else { return true }
        return Int(length).map { $0 <= service.settings.discardedBytesMax } ?? false
    }

    private static func waitUntilClosed(_ channel: any Channel) async {
        try? await channel.closeFuture.get()
    }
}

/// A body that is not what was promised.
private enum BodyStreamError: Error {
    case length
}

/// Reads requests and their bodies from a connection's parts.
struct RequestReader: RequestBodySource {
    private var iterator: NIOAsyncChannelInboundStream<InboundPart>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<OutboundPart>
    private let control: ConnectionControl
    /// Whether the present request has been read to its end.
    private(set) var isAtEnd = true
    /// Whether the client has been told to send its body.
    private(set) var hasProceeded = false
    private(set) var hasFailed = false
    /// Whether the connection gave its last part.
    private(set) var hasEnded = false

    init(
        iterator: NIOAsyncChannelInboundStream<InboundPart>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<OutboundPart>,
        control: ConnectionControl
    ) {
        self.iterator = iterator
        self.outbound = outbound
        self.control = control
    }

    var isCutOff: Bool { control.isCutOff }

    var isClientGone: @Sendable () -> Bool { { [control] in control.isClientGone } }

    /// The next request; nil when the client sends no more.
    mutating func nextHead() async throws(ConnectionFault) -> HTTPRequest? {
        while let part = try await part() {
            if case .head(let head) = part { return head }
        }
        hasEnded = true
        return nil
    }

    /// A request's head was read.
    mutating func begin() {
        isAtEnd = false
        hasProceeded = false
    }

    mutating func next() async throws -> ByteBuffer? {
        if isAtEnd { return nil }
        switch try await part() {
        case .body(let bytes): return bytes
        case .end:
            isAtEnd = true
            return nil
        case .head, nil:
            hasFailed = true
            throw ConnectionFault.disconnected
        }
    }

    mutating func proceed() async throws {
        hasProceeded = true
        try await outbound.write(.proceed)
    }

    /// Reads what is left of the present request and drops it.
    mutating func discardBody() async throws(ConnectionFault) {
        while !isAtEnd {
            switch try await part() {
            case .body: continue
            case .end: isAtEnd = true
            case .head, nil: throw .disconnected
            }
        }
    }

    private mutating func part() async throws(ConnectionFault) -> InboundPart? {
        do {
            return try await iterator.next(isolation: #isolation)
        } catch let fault as ConnectionFault {
            hasFailed = true
            throw fault
        } catch {
            hasFailed = true
            throw .disconnected
        }
    }
}

/// Answers a connection beyond a limit and closes it, or only closes it.
final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = HTTPServerResponsePart

    /// Nil for none.
    private let answer: Answer?
    private let linger: TimeAmount

    init(_ answer: Answer?, linger: TimeAmount) {
        self.answer = answer
        self.linger = linger
    }

    func channelActive(context: ChannelHandlerContext) {
        guard let answer else {
            context.close(promise: nil)
            return
        }
        var fields = answer.fields
        fields.add(name: "Connection", value: "close")
        let status = HTTPResponseStatus(statusCode: answer.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        let bound = context.loopBound
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            bound.value.close(mode: .output, promise: nil)
        }
        context.eventLoop.scheduleTask(in: linger) { bound.value.close(promise: nil) }
    }

    /// Input is dropped.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
    }
}
