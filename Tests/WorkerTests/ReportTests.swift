import Basics
import Client
import Foundation
import Instruments
import Synchronization
import Testing

@testable import Worker

@Suite("Reports of an attempt")
struct ReportTests {
    private static let lease = LeaseKey(taskID: "t", token: 1)
    private let clock = InstantClock()
    private let metrics = WorkerMetrics(Registry(), concurrency: 1)

    private func client(_ transport: any APITransport) -> AgentClient {
        AgentClient(address: .standard, transport: transport, token: "k")
    }

    @Test("Lines arrive in order, once for the server, though it fails now and then")
    func logs() async throws {
        let calls = Mutex(0)
        let transport = StubTransport { _ in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            return call % 3 == 1 ? .json("{}", status: 503) : .json(#"{"next_sequence":1,"dropped":0}"#)
        }
        let log = AttemptLog(clock: clock, metrics: metrics)
        log.append((0..<2500).map(String.init), .stdout)
        log.note("a note\nof two lines")
        log.end()
        let client = client(transport)
        await log.send(Self.lease, to: client) { Issue.record("it takes them") }
        var texts: [String] = []
        var last = 0
        for request in transport.sent {
            let lines = request.bodyText.matches(of: /"sequence":(\d+),.*?"text":"([^"]*)"/)
            let first = Int(lines.first?.1 ?? "") ?? 0
            // A batch whose answer was bad comes again, as it was.
            if first <= last { texts.removeLast(last - first + 1) }
            texts += lines.map { String($0.2) }
            last = first + lines.count - 1
        }
        #expect(texts == (0..<2500).map(String.init) + ["a note", "of two lines"])
        #expect(metrics.logLines[.sent].value == 2502 && metrics.logLines[.dropped].value == 0)
    }

    @Test("The last line waits for no interval")
    func promptEnd() async {
        let clock = ManualClock()
        let log = AttemptLog(clock: clock, metrics: metrics)
        let transport = StubTransport { _ in .json(#"{"next_sequence":1,"dropped":0}"#) }
        let client = client(transport)
        async let sent: Void = log.send(Self.lease, to: client) { Issue.record("it takes them") }
        // What the sender waits by takes the wake-up of the end, before it has sent what was written.
        await clock.waitForSleepers()
        log.append(["the only line"], .stdout)
        log.end()
        // Nobody turns the clock.
        await sent
        #expect(transport.sent.count == 1)
    }

    @Test("A server that takes no logs is asked once, and the program does not wait for it")
    func oldServer() async {
        let transport = StubTransport { _ in .json("{}", status: 404) }
        let log = AttemptLog(clock: clock, metrics: metrics)
        let told = Mutex(0)
        log.append(["a", "b"], .stdout)
        log.end()
        let client = client(transport)
        await log.send(Self.lease, to: client) { told.withLock { $0 += 1 } }
        #expect(told.withLock { $0 } == 1 && transport.sent.count == 1)
        #expect(metrics.logLines[.dropped].value == 2 && !log.isFull)
        let long = String(repeating: "x", count: 10_000)
        for _ in 0..<200 { log.append([long], .stdout) }
        #expect(!log.isFull, "nothing is kept any more")
    }

    @Test("What a program appends to its metrics file is pushed, the last line too")
    func metricsFile() async throws {
        let path = NSTemporaryDirectory() + "kaskman-metrics-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("loss 1\nloss 0.5\nacc".utf8).write(to: URL(fileURLWithPath: path))
        let (ended, wakeup) = (Latch<Void>(), WakeSignal())
        let transport = StubTransport { request in
            if request.bodyText.hasPrefix("loss") {
                // The program goes on while this is sent.
                try? Data("loss 1\nloss 0.5\naccuracy 0.9".utf8).write(to: URL(fileURLWithPath: path))
                ended.set(())
            }
            return .json(#"{"accepted":2,"rejected":0,"reasons":{}}"#)
        }
        let push = MetricsPush(
            path: path,
            lease: Self.lease,
            client: client(transport),
            log: AttemptLog(clock: clock, metrics: metrics),
            clock: clock,
            metrics: metrics
        )
        await push.run(until: ended, wakeup: wakeup) { Issue.record("it takes them") }
        #expect(transport.sent.map(\.bodyText) == ["loss 1\nloss 0.5\n", "accuracy 0.9\n"])
    }

    @Test("A pipe or a link in place of the metrics file is not read")
    func noMetricsFile() async throws {
        let folder = NSTemporaryDirectory() + "kaskman-metrics-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "/etc/passwd")
        let transport = StubTransport { _ in .json("{}") }
        for name in ["pipe", "link", "none"] {
            let ended = Latch<Void>()
            ended.set(())
            let push = MetricsPush(
                path: folder + "/" + name,
                lease: Self.lease,
                client: client(transport),
                log: AttemptLog(clock: clock, metrics: metrics),
                clock: clock,
                metrics: metrics
            )
            await push.run(until: ended, wakeup: WakeSignal()) {}
        }
        #expect(transport.sent.isEmpty)
    }

    @Test("A latch is heard by all who wait, later too; a cancelled one waits no longer")
    func latch() async {
        let latch = Latch<Int>()
        async let first = latch.wait()
        async let second = latch.wait()
        latch.set(1)
        latch.set(2)
        #expect(await [first, second] == [1, 1])
        #expect(await latch.wait() == 1)
        let never = Latch<Int>()
        let waiting = Task { await never.wait() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        #expect(await latch.isSet(within: .seconds(1), by: clock))
    }
}
