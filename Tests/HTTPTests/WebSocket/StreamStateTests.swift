import NIOCore
import Testing

@testable import HTTP

@Suite("Stream states")
struct StreamStateTests {
    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(UInt64(seconds * 1_000_000_000)) }

    private static func buffer(_ bytes: [UInt8]) -> ByteBuffer { ByteBuffer(bytes: bytes) }

    private static var limits: StreamLimits {
        var limits = StreamLimits()
        limits.messagesPerSecondMax = 2
        return limits
    }

    private static let ping = StreamAction.write(FrameEncoder.frame(.ping))

    @Test("A WebSocket pings, is content with any sign, and gives up after silence")
    func pings() {
        var state = WebSocketState(Self.limits, deflate: nil, now: Self.at(0))
        #expect(state.deadline == Self.at(30))
        #expect(state.timeout(now: Self.at(29), isBlocked: false) == [])
        #expect(state.timeout(now: Self.at(30), isBlocked: false) == [Self.ping, .heartbeat])
        #expect(state.received(Self.buffer(ClientFrames.frame(10)), now: Self.at(31)) == [])
        #expect(state.timeout(now: Self.at(60), isBlocked: false) == [Self.ping, .heartbeat])
        // Nothing since 31.
        #expect(state.timeout(now: Self.at(90), isBlocked: false) == [Self.ping, .heartbeat])
        #expect(state.deadline == Self.at(91))
        let close = FrameEncoder.close(.policyViolation, "a ping was not answered")
        #expect(state.timeout(now: Self.at(91), isBlocked: false) == [.write(close), .ending(.timeout)])
        #expect(state.deadline == Self.at(92))
        #expect(state.timeout(now: Self.at(92), isBlocked: false) == [.abort])
        #expect(state.timeout(now: Self.at(1000), isBlocked: false) == [])
    }

    @Test("Who talks and does not read is a slow reader all the same")
    func blocked() {
        var state = WebSocketState(Self.limits, deflate: nil, now: Self.at(0))
        #expect(state.timeout(now: Self.at(30), isBlocked: true) == [Self.ping, .heartbeat])
        _ = state.received(Self.buffer(ClientFrames.frame(10)), now: Self.at(59))
        let close = FrameEncoder.close(.slowReader, "nothing is read")
        #expect(state.timeout(now: Self.at(60), isBlocked: true) == [.write(close), .ending(.slowReader)])
        // One that reads in between is not.
        state = WebSocketState(Self.limits, deflate: nil, now: Self.at(0))
        _ = state.timeout(now: Self.at(30), isBlocked: true)
        state.progressed(now: Self.at(45))
        #expect(state.timeout(now: Self.at(60), isBlocked: true) == [Self.ping, .heartbeat])
    }

    @Test("The closing handshake, begun by either side; data is dropped once it has begun")
    func closing() {
        var state = WebSocketState(Self.limits, deflate: nil, now: Self.at(0))
        let bye = FrameEncoder.close(.goingAway, "bye")
        #expect(state.close(.draining, .goingAway, "bye", now: Self.at(1)) == [.write(bye), .ending(.draining)])
        #expect(state.close(.expired, .authorizationExpired, "", now: Self.at(1)) == [])
        #expect(state.received(Self.buffer(ClientFrames.text("late")), now: Self.at(1)) == [])
        #expect(state.received(Self.buffer(ClientFrames.close(1001)), now: Self.at(1)) == [.finish])
        #expect(state.received(Self.buffer(ClientFrames.text("later")), now: Self.at(1)) == [])
        state = WebSocketState(Self.limits, deflate: nil, now: Self.at(0))
        let echo = FrameEncoder.close(CloseCode(rawValue: 3000))
        #expect(
            state.received(Self.buffer(ClientFrames.close(3000) + ClientFrames.text("x")), now: Self.at(1))
                == [.write(echo), .ending(.client), .finish]
        )
    }

    @Test("So many messages a second, and twice as many at once")
    func allowance() {
        var allowance = MessageAllowance(perSecondMax: 2, now: Self.at(0))
        func f(_ second: Int64, _ expected: Bool, _ location: SourceLocation = #_sourceLocation) {
            #expect(allowance.spend(now: Self.at(second)) == expected, sourceLocation: location)
        }
        for _ in 0..<4 { f(0, true) }
        f(0, false)
        for _ in 0..<2 { f(1, true) }
        f(1, false)
        for _ in 0..<4 { f(100, true) }
        f(100, false)
    }

    @Test("Server-Sent Events: comments by the clock; who takes nothing between two of them is cut off")
    func events() {
        var state = EventStreamState(Self.limits, now: Self.at(0))
        #expect(state.timeout(now: Self.at(30), isBlocked: false) == [.heartbeat])
        #expect(state.timeout(now: Self.at(45), isBlocked: true) == [])
        #expect(state.timeout(now: Self.at(60), isBlocked: true) == [.ending(.slowReader), .abort])
        state = EventStreamState(Self.limits, now: Self.at(0))
        _ = state.timeout(now: Self.at(30), isBlocked: false)
        state.progressed(now: Self.at(59))
        #expect(state.timeout(now: Self.at(60), isBlocked: true) == [.heartbeat])
        #expect(state.close(.draining, .goingAway, "", now: Self.at(61)) == [.ending(.draining), .finish])
        #expect(state.timeout(now: Self.at(62), isBlocked: true) == [.abort])
        let parts = state.wire([ByteBuffer(string: "ab"), ByteBuffer(repeating: 65, count: 15)])
        #expect(parts.map { String(buffer: $0) }.joined() == "11\r\nab" + String(repeating: "A", count: 15) + "\r\n")
        #expect(state.wire([]) == [])
    }

    @Test("The queue is bounded; who heard that there is no room is woken, once")
    func queue() {
        var queue = OutboundQueue(bytesMax: 10)
        let six = ByteBuffer(repeating: 1, count: 6)
        #expect(queue.push(six) == true)
        // The flush is under way already.
        #expect(queue.push(six) == false)
        #expect(queue.push(six) == nil)
        #expect(queue.push(six, isControl: true) == false)
        #expect(queue.push(six, isControl: true) == false)
        #expect(queue.push(six, isControl: true) == nil)
        #expect(queue.bytes == 24)
        var taken = queue.take()
        #expect(taken.frames.count == 4 && taken.wakes)
        taken = queue.take()
        #expect(taken.frames.isEmpty && !taken.wakes)
        #expect(queue.push(six) == true)
        queue.postpone()
        #expect(queue.push(six) == true)
        queue.end()
        #expect(queue.push(six) == nil && queue.push(six, isControl: true) == nil)
        // What was taken before the end is sent still.
        #expect(queue.take().frames.count == 2)
    }
}
