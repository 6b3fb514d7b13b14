import Basics
import Events
import HTTP
import JSON
import NIOCore
import Synchronization

/// An event on its way to many clients: written as JSON once, framed once for each way that it goes out.
final class LiveEvent: Sendable, Positioned {
    /// Who may not read users gets no texts of errors, as in the list of activities.
    private struct Form: Hashable {
        let hidesErrors: Bool
        /// The window of compression; 0 for none, -1 for Server-Sent Events.
        let window: Int
    }

    let position: Int64
    let occurredAt: Timestamp
    let kind: EventKind?
    let subject: EventSubject?
    let subjectID: String?
    let topics: LiveTopics
    private let event: Event
    private let hasErrors: Bool
    private let frames = Mutex<[Form: ByteBuffer]>([:])

    init(_ event: Event) {
        self.event = event
        position = event.position
        occurredAt = event.occurredAt
        kind = event.kind
        subject = EventSubject(rawValue: event.subjectType)
        subjectID = event.subjectID
        topics = LiveTopics(of: subject)
        hasErrors = event.data["error"] != nil
    }

    /// The message of a WebSocket.
    func frame(hidesErrors: Bool, deflateBits: Int?) -> ByteBuffer {
        cached(Form(hidesErrors: hasErrors && hidesErrors, window: deflateBits ?? 0)) { form in
            let body = ActivityBody(event: event, hidesErrors: form.hidesErrors)
            var json = JSONWriter(capacity: 512)
            json.object { json in
                json.member("type", LiveTopics.messageType(of: subject))
                json.member("position", Int(position))
                json.member("timestamp", occurredAt.rfc3339)
                json.member("data", body)
            }
            return FrameEncoder.text(ByteBuffer(bytes: json.bytes).readableBytesView, deflateBits: deflateBits)
        }
    }

    /// The text of a Server-Sent Event.
    func serverSentEvent(hidesErrors: Bool) -> ByteBuffer {
        cached(Form(hidesErrors: hasErrors && hidesErrors, window: -1)) { form in
            let body = JSONWriter.bytes(of: ActivityBody(event: event, hidesErrors: form.hidesErrors))
            return ServerSentEvent.text(
                id: String(position),
                event: event.kindName,
                data: ByteBuffer(bytes: body).readableBytesView
            )
        }
    }

    private func cached(_ form: Form, _ make: (Form) -> ByteBuffer) -> ByteBuffer {
        frames.withLock { frames in
            if let known = frames[form] { return known }
            let made = make(form)
            frames[form] = made
            return made
        }
    }
}
