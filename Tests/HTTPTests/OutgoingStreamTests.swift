import NIOCore
import NIOEmbedded
import Testing

@testable import HTTP

/// A stream between those who feed it and its event loop.
struct OutgoingStreamTests {
    @Test func theLastOfManyFramesCostsNoMoreThanTheFirst() {
        let loop = EmbeddedEventLoop()
        let stream = OutgoingStream(deflateBits: nil, queueBytesMax: 1 << 20, eventLoop: loop)
        let taken = Taken()
        stream.start { _ in taken.count += stream.take().frames.count }
        let frame = ByteBuffer(string: "frame")
        // Were each to wrap what is called once more, the stack would not hold so many calls.
        for _ in 0..<300_000 {
            #expect(stream.send(frame))
            loop.run()
        }
        #expect(taken.count == 300_000)
        stream.finish()
        #expect(!stream.send(frame), "a stream that has ended takes nothing")
        #expect(stream.waitingBytes == 0)
    }

    /// SAFETY: the embedded loop runs on the test's thread.
    private final class Taken: @unchecked Sendable {
        var count = 0
    }
}
