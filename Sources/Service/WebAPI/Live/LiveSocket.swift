import Basics
import HTTP
import Instruments
import JSON
import NIOCore
import Supervision
import Synchronization

/// Speaks with one client on a WebSocket.
final class LiveSocket: StreamDriver {
    /// What the sockets of a server share.
    struct Surroundings: Sendable {
        let hub: LiveHub
        let report: @Sendable () -> HealthReport
        let version: String
        /// Who has a bearer token, and until when it is good.
        let authenticate: @Sendable (_ token: String) async throws -> LiveCaller
    }

    private struct State {
        var stream: OutgoingStream?
        var isAuthenticating = false
        /// The position that the client was last told of by a heartbeat.
        var told: Int64 = 0
    }

    private let around: Surroundings
    private let subscription: LiveSubscription
    private let caller: LiveCaller
    private let state = Mutex(State())

    init(_ around: Surroundings, _ caller: LiveCaller, topics: LiveTopics, after position: Int64?) {
        self.around = around
        self.caller = caller
        let filter = LiveFilter(LiveFilter.Wish(topics: topics), for: caller.principal)
        subscription = LiveSubscription(around.hub, after: position, filter, expires: caller.expires, SocketEncoding())
    }

    // MARK: The stream

    func opened(_ stream: OutgoingStream) {
        state.withLock { $0.stream = stream }
        stream.send(
            Self.frame(stream) { json in
                json.member("type", "welcome")
                json.member("position", Int(subscription.position))
                json.member("topics", subscription.filter.wish.topics.names)
            }
        )
        subscription.start(stream)
    }

    func hasRoom() { subscription.pump() }

    /// Where the client may resume from, if it was told of nothing since: what it does not want has passed meanwhile.
    func heartbeat() -> ByteBuffer? {
        let position = subscription.position
        return state.withLock { state in
            guard let stream = state.stream, position > state.told else { return nil }
            state.told = position
            return Self.frame(stream) { json in
                json.member("type", "position")
                json.member("position", Int(position))
            }
        }
    }

    func closed(_ end: StreamEnd) {
        subscription.stop()
        state.withLock { $0.stream = nil }
    }

    func received(_ text: ByteBuffer) {
        do throws(LiveRequestError) {
            try answer(LiveRequest(parsing: Array(text.readableBytesView)))
        } catch {
            refuse(error)
        }
    }

    // MARK: Messages

    private func answer(_ request: LiveRequest) throws(LiveRequestError) {
        switch request {
        case .ping:
            reply { json in
                json.member("type", "pong")
                json.member("timestamp", around.hub.now.rfc3339)
            }
        case .subscribe(let topics):
            subscription.change { $0.wish.topics.formUnion(topics) }
            confirmTopics("subscription_confirmed")
        case .unsubscribe(let topics):
            subscription.change { $0.wish.topics.subtract(topics) }
            confirmTopics("subscription_confirmed")
        case .resume(let position): subscription.resume(after: position)
        case .getStatus: sendStatus()
        case .auth(let token): try authenticate(token)
        }
    }

    private func confirmTopics(_ type: String) {
        let topics = subscription.filter.wish.topics.names
        reply { json in
            json.member("type", type)
            json.member("topics", topics)
        }
    }

    private func sendStatus() {
        guard subscription.filter.seesStatus else {
            return refuse(code: "forbidden", "the permission system.read is needed")
        }
        let report = around.report()
        reply { json in
            json.member("type", "system_status")
            json.member("timestamp", around.hub.now.rfc3339)
            json.key("data")
            json.object { json in
                json.member("status", report.isDraining ? "draining" : report.status.rawValue)
                json.member("version", around.version)
                json.member("position", Int(around.hub.end))
                json.key("components")
                json.object { json in
                    for entry in report.entries { json.member(entry.kind.rawValue, entry.health.status.rawValue) }
                }
            }
        }
    }

    private func authenticate(_ token: String) throws(LiveRequestError) {
        let isFree = state.withLock { state in
            defer { state.isAuthenticating = true }
            return !state.isAuthenticating
        }
        guard isFree else { throw .authenticating }
        Task {
            let renewed = try? await around.authenticate(token)
            state.withLock { $0.isAuthenticating = false }
            guard let renewed else { return refuse(code: "unauthenticated", "the token is not good") }
            guard renewed.principal.id == caller.principal.id else {
                return refuse(code: "forbidden", "the token is another caller's: open a connection of its own")
            }
            subscription.renew(LiveFilter(subscription.filter.wish, for: renewed.principal), expires: renewed.expires)
            reply { json in
                json.member("type", "auth_confirmed")
                json.member("user", renewed.principal.name)
                json.member("expires_at", renewed.expires.rfc3339)
            }
        }
    }

    // MARK: Output

    private func refuse(_ error: LiveRequestError) { refuse(code: error.words.code, error.words.message) }

    private func refuse(code: String, _ message: String) {
        reply { json in
            json.member("type", "error")
            json.member("code", code)
            json.member("message", message)
        }
    }

    private func reply(_ content: (inout JSONWriter) -> Void) {
        guard let stream = state.withLock({ $0.stream }) else { return }
        if !stream.send(Self.frame(stream, content)) { around.hub.instruments.dropped.increment() }
    }

    static func frame(_ stream: OutgoingStream, _ content: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.object(content)
        return FrameEncoder.text(ByteBuffer(bytes: json.bytes).readableBytesView, deflateBits: stream.deflateBits)
    }
}

/// Who is at the other end of a stream, and until when.
struct LiveCaller: Sendable {
    let principal: any HTTP.Principal
    let expires: Timestamp
}

/// The messages of a WebSocket.
private struct SocketEncoding: LiveEncoding {
    func event(_ event: LiveEvent, hidesErrors: Bool, on stream: OutgoingStream) -> ByteBuffer {
        event.frame(hidesErrors: hidesErrors, deflateBits: stream.deflateBits)
    }

    func gap(from first: Int64, through last: Int64) -> ByteBuffer {
        message { json in
            json.member("type", "gap")
            json.member("from", Int(first))
            json.member("to", Int(last))
        }
    }

    func reset(to position: Int64) -> ByteBuffer {
        message { json in
            json.member("type", "reset")
            json.member("position", Int(position))
        }
    }

    private func message(_ content: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.object(content)
        return FrameEncoder.text(ByteBuffer(bytes: json.bytes).readableBytesView)
    }
}
