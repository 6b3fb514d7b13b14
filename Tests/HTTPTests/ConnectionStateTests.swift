import NIOCore
import Testing

@testable import HTTP

struct ConnectionStateTests {
    private static let limits = ConnectionState.Limits(
        firstByte: .seconds(10),
        head: .seconds(10),
        body: .seconds(30),
        handler: .seconds(60),
        idle: .seconds(70),
        linger: .seconds(1),
        drainIdleGrace: .milliseconds(250),
        drainReadGrace: .seconds(2)
    )

    private func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(1_000_000_000 * (100 + seconds))) }

    private func state() -> ConnectionState { ConnectionState(limits: Self.limits, now: at(0)) }

    /// Seconds after the start.
    private func deadline(_ state: ConnectionState) -> Double {
        Double(state.deadline.uptimeNanoseconds) / 1e9 - 100
    }

    @Test("an idle connection is closed, and a request puts it off")
    func idle() {
        var state = state()
        #expect(state.timeout(now: at(9)) == .wait)
        state.bytesArrived([], now: at(9))
        #expect(deadline(state) == 19)
        state.headRead(isLast: false, now: at(10))
        #expect(deadline(state) == 40)
        state.endRead(now: at(11))
        #expect(deadline(state) == 71)
        #expect(state.answered(closes: false, now: at(12)) == .keepOpen)
        #expect(deadline(state) == 82)
        #expect(state.timeout(now: at(82)) == .close)
    }

    @Test("a connection that never sent a byte has the time of a header, and is closed without an answer")
    func silence() {
        var state = state()
        #expect(deadline(state) == 10)
        #expect(state.timeout(now: at(9.9)) == .wait)
        #expect(state.timeout(now: at(10)) == .close)
    }

    @Test("a stream lasts as long as the client takes parts of it, and is never interrupted with another answer")
    func streams() {
        var state = state()
        let hasStream = state.streamed(now: at(0))
        #expect(!hasStream, "there is no stream yet")
        state.bytesArrived([], now: at(0))
        state.headRead(isLast: false, now: at(1))
        state.endRead(now: at(1))
        #expect(state.beganStream(closes: false, now: at(2)) == false)
        #expect(deadline(state) == 72)
        #expect(state.streamed(now: at(50)) && deadline(state) == 120)
        // The next request is read meanwhile, and waits.
        state.headRead(isLast: false, now: at(51))
        state.endRead(now: at(52))
        state.drain(now: at(53))
        #expect(deadline(state) == 120 && state.timeout(now: at(119)) == .wait)
        #expect(state.answered(closes: false, now: at(100)) == .keepOpen, "one is to be answered")
        #expect(deadline(state) == 160 && !state.streamed(now: at(100)))
        #expect(state.beganStream(closes: false, now: at(101)) == true)
        #expect(state.timeout(now: at(171)) == .close, "the client takes nothing")
        #expect(state.beganStream(closes: false, now: at(172)) == nil && !state.streamed(now: at(172)))

        var broken = self.state()
        broken.headRead(isLast: false, now: at(1))
        broken.endRead(now: at(1))
        #expect(broken.beganStream(closes: false, now: at(2)) == false)
        broken.failed(now: at(3))
        #expect(broken.streamed(now: at(4)) && deadline(broken) == 74, "the answer under way ends first")
        #expect(broken.answered(closes: false, now: at(5)) == .linger)
    }

    @Test("a header or a body that does not end is told so, once")
    func slowInput() {
        var head = state()
        head.bytesArrived([], now: at(1))
        head.bytesArrived([], now: at(9))
        #expect(head.timeout(now: at(11)) == .fail(.headTimeout))
        #expect(head.dropsInput)
        #expect(head.answered(closes: true, now: at(12)) == .linger)
        var body = state()
        body.bytesArrived([], now: at(0))
        body.headRead(isLast: false, now: at(1))
        #expect(body.timeout(now: at(31)) == .fail(.bodyTimeout))
        #expect(body.timeout(now: at(32)) == .wait)
        #expect(body.answered(closes: false, now: at(33)) == .linger)
    }

    @Test("the first line of a header is measured until it ends, and anew for each header")
    func firstLine() {
        var state = state()
        func f(_ parts: [String], _ expected: Int) {
            for part in parts { state.bytesArrived(Array(part.utf8), now: at(0)) }
            #expect(state.firstLineBytes == expected, "\(parts)")
            state.headRead(isLast: false, now: at(0))
            state.endRead(now: at(0))
            // What comes before the answer is of the same request, or of one that nobody waits for yet.
            state.bytesArrived(Array("abc\n".utf8), now: at(0))
            #expect(state.answered(closes: false, now: at(0)) == .keepOpen)
        }
        f(["GET / HTTP/1.1\r\nHost: h\r\n"], 15)
        f(["GET ", "/", " HTTP/1.1\r\n", "Host: h\r\n\r\n"], 15)
        f([String(repeating: "a", count: 1000), String(repeating: "b", count: 1000)], 2000)
        f(["\n", "GET /"], 0)
    }

    @Test("a handler that is late is answered for, and its own answer dropped")
    func lateHandler() {
        var state = state()
        state.headRead(isLast: false, now: at(0))
        state.endRead(now: at(0))
        #expect(state.timeout(now: at(60)) == .interrupt)
        #expect(state.answered(closes: false, now: at(61)) == .drop)
        state.lingers(now: at(61))
        #expect(state.timeout(now: at(62)) == .close)
    }

    @Test("the answer to the last request closes")
    func last() {
        var state = state()
        state.headRead(isLast: true, now: at(0))
        state.endRead(now: at(0))
        #expect(state.dropsInput)
        #expect(state.answered(closes: false, now: at(1)) == .close)
    }

    @Test("an answer before the body's end drops the body, or lingers when the connection ends")
    func earlyAnswer() {
        var open = state()
        open.headRead(isLast: false, now: at(0))
        #expect(open.answered(closes: false, now: at(1)) == .keepOpen)
        #expect(deadline(open) == 31)
        open.endRead(now: at(2))
        #expect(deadline(open) == 72)
        var closing = state()
        closing.headRead(isLast: false, now: at(0))
        #expect(closing.answered(closes: true, now: at(1)) == .linger)
        #expect(closing.dropsInput)
    }

    @Test("pipelined requests are each answered")
    func pipelining() {
        var state = state()
        for _ in 0..<3 {
            state.headRead(isLast: false, now: at(0))
            state.endRead(now: at(0))
        }
        #expect(state.answered(closes: false, now: at(50)) == .keepOpen)
        #expect(deadline(state) == 110)
        state.drain(now: at(51))
        #expect(state.answered(closes: false, now: at(52)) == .keepOpen)
        #expect(state.answered(closes: false, now: at(53)) == .close)
    }

    @Test("a drain ends connections after their answer, idle ones after a grace")
    func drain() {
        var idle = state()
        idle.drain(now: at(5))
        #expect(deadline(idle) == 5.25)
        #expect(idle.timeout(now: at(5.25)) == .close)
        var late = state()
        late.drain(now: at(5))
        late.bytesArrived([], now: at(5.125))
        late.headRead(isLast: false, now: at(5.125))
        late.endRead(now: at(5.125))
        #expect(late.answered(closes: false, now: at(6)) == .close)
        var busy = state()
        busy.headRead(isLast: false, now: at(0))
        busy.endRead(now: at(0))
        busy.drain(now: at(1))
        #expect(deadline(busy) == 60)
        #expect(busy.answered(closes: false, now: at(2)) == .close)
    }

    @Test("a drain waits for what was sent in part for a short grace, whether that began before it or after")
    func drainWhileReading() {
        var head = state()
        head.bytesArrived([], now: at(1))
        head.drain(now: at(5))
        #expect(deadline(head) == 7)
        #expect(head.timeout(now: at(7)) == .fail(.headTimeout))
        var late = state()
        late.drain(now: at(5))
        late.bytesArrived([], now: at(5.125))
        #expect(deadline(late) == 7.125)
        late.headRead(isLast: false, now: at(6))
        #expect(deadline(late) == 8)
        #expect(late.timeout(now: at(8)) == .fail(.bodyTimeout))
        #expect(late.answered(closes: false, now: at(8)) == .linger)
        var body = state()
        body.headRead(isLast: false, now: at(0))
        body.drain(now: at(29))
        #expect(deadline(body) == 30, "no limit is put off")
        var answered = state()
        answered.headRead(isLast: false, now: at(0))
        #expect(answered.answered(closes: false, now: at(1)) == .keepOpen)
        answered.drain(now: at(2))
        #expect(deadline(answered) == 4)
        #expect(answered.timeout(now: at(4)) == .close)
    }
}
