import Basics
package import NIOCore
import Synchronization

/// An open stream to one client, as what feeds it sees it.
///
/// Concurrency: any thread; the frames of one caller keep their order.
package final class OutgoingStream: Sendable {
    /// The window of permessage-deflate; nil where messages go uncompressed, and on streams of events.
    package let deflateBits: Int?
    private let queue: Mutex<OutboundQueue>
    private let eventLoop: any EventLoop
    /// What to do on the event loop; nil once the stream has ended.
    private let handler: Mutex<Callback<Request>?> = Mutex(nil)

    /// What the event loop is asked for.
    enum Request: Sendable {
        case flush
        case close(StreamEnd, CloseCode, String)
    }

    init(deflateBits: Int?, queueBytesMax: Int, eventLoop: any EventLoop) {
        self.deflateBits = deflateBits
        queue = Mutex(OutboundQueue(bytesMax: queueBytesMax))
        self.eventLoop = eventLoop
    }

    /// Whether the client may be sent more; who hears no is told by ``StreamDriver/hasRoom()`` when it may.
    package var hasRoom: Bool { queue.withLock { $0.hasRoom() } }

    /// Sends a frame, or the text of events; false when there was no room, or the stream has ended.
    @discardableResult
    package func send(_ frame: ByteBuffer) -> Bool { push(frame, isControl: false) }

    /// Ends the stream, once what was sent before is out; the code and the words are for a WebSocket.
    package func close(_ end: StreamEnd, _ code: CloseCode, _ reason: String) { ask(.close(end, code, reason)) }

    // MARK: For the handler

    func start(_ body: @escaping @Sendable (Request) -> Void) { handler.withLock { $0 = Callback(body) } }

    /// Takes nothing more; what waits is still sent.
    func stop() { queue.withLock { $0.end() } }

    func finish() {
        queue.withLock { queue in
            queue.end()
            _ = queue.take()
        }
        handler.withLock { $0 = nil }
    }

    func push(_ frame: ByteBuffer, isControl: Bool) -> Bool {
        guard let isDue = queue.withLock({ $0.push(frame, isControl: isControl) }) else { return false }
        if isDue { ask(.flush) }
        return true
    }

    func take() -> (frames: [ByteBuffer], wakes: Bool) { queue.withLock { $0.take() } }

    func postpone() { queue.withLock { $0.postpone() } }

    var waitingBytes: Int { queue.withLock { $0.bytes } }

    private func ask(_ request: Request) {
        guard let handler = handler.withLock({ $0 }) else { return }
        eventLoop.execute { handler(request) }
    }
}

/// What feeds a stream and hears its client; one for each stream.
///
/// All calls come from the connection's event loop, one after the other, and must not block.
package protocol StreamDriver: Sendable {
    /// The stream is open; called first.
    func opened(_ stream: OutgoingStream)
    /// The client has sent a text.
    func received(_ text: ByteBuffer)
    /// There is room again, after somebody heard that there was none.
    func hasRoom()
    /// What goes out at each heartbeat beside the ping; nil for nothing.
    func heartbeat() -> ByteBuffer?
    /// The stream has ended; called last.
    func closed(_ end: StreamEnd)
}
