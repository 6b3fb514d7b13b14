import Basics
import HTTP
import JSON
import NIOCore

/// Sends the log to one client as Server-Sent Events.
final class LiveEventStream: StreamDriver {
    /// How long a client waits before it connects anew, in milliseconds.
    static let retryMilliseconds = 3000

    private let subscription: LiveSubscription

    init(_ hub: LiveHub, _ caller: LiveCaller, wish: LiveFilter.Wish, after position: Int64?) {
        let filter = LiveFilter(wish, for: caller.principal)
        subscription = LiveSubscription(hub, after: position, filter, expires: caller.expires, EventStreamEncoding())
    }

    func opened(_ stream: OutgoingStream) {
        stream.send(ServerSentEvent.retry(milliseconds: Self.retryMilliseconds))
        // A client that hears of nothing it wants resumes from here all the same.
        stream.send(ServerSentEvent.comment("open", id: String(subscription.position)))
        subscription.start(stream)
    }

    func received(_ text: ByteBuffer) {}

    func hasRoom() { subscription.pump() }

    func heartbeat() -> ByteBuffer? { ServerSentEvent.comment("heartbeat", id: String(subscription.position)) }

    func closed(_ end: StreamEnd) { subscription.stop() }
}

private struct EventStreamEncoding: LiveEncoding {
    func event(_ event: LiveEvent, hidesErrors: Bool, on stream: OutgoingStream) -> ByteBuffer {
        event.serverSentEvent(hidesErrors: hidesErrors)
    }

    func gap(from first: Int64, through last: Int64) -> ByteBuffer {
        text("gap", id: last) { json in
            json.member("from", Int(first))
            json.member("to", Int(last))
        }
    }

    func reset(to position: Int64) -> ByteBuffer {
        text("reset", id: position) { json in json.member("position", Int(position)) }
    }

    private func text(_ name: String, id: Int64, _ content: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.object(content)
        return ServerSentEvent.text(id: String(id), event: name, data: ByteBuffer(bytes: json.bytes).readableBytesView)
    }
}
