import NIOCore
import Synchronization

@testable import HTTP

/// Sends back what it is sent; notes what it sees.
final class EchoDriver: StreamDriver {
    private let stream = Mutex<OutgoingStream?>(nil)
    private let ends = Mutex<[StreamEnd]>([])
    private let rooms = Mutex(0)
    let opening = Gate()
    let closing = Gate()

    var end: StreamEnd? { ends.withLock { $0.first } }
    var roomsHeard: Int { rooms.withLock { $0 } }
    var open: OutgoingStream? { stream.withLock { $0 } }

    func opened(_ stream: OutgoingStream) {
        self.stream.withLock { $0 = stream }
        opening.open()
    }

    func received(_ text: ByteBuffer) {
        let stream = stream.withLock { $0 }
        _ = stream?.send(FrameEncoder.text(text.readableBytesView, deflateBits: stream?.deflateBits))
    }

    func hasRoom() { rooms.withLock { $0 += 1 } }

    func heartbeat() -> ByteBuffer? { nil }

    func closed(_ end: StreamEnd) {
        ends.withLock { $0.append(end) }
        closing.open()
    }
}
