import Basics
import Testing

@Suite("Clocks")
struct ClockTests {
    @Test("A sleeper wakes when its time has come, not before")
    func sleeping() async throws {
        let clock = ManualClock(now: Timestamp(milliseconds: 1000))
        async let slept: Void = clock.sleep(for: .seconds(10))
        await clock.waitForSleepers()
        clock.advance(by: .seconds(9))
        #expect(clock.now.milliseconds == 10_000)
        await clock.waitForSleepers()
        clock.advance(by: .seconds(1))
        try await slept
        #expect(clock.uptime == .seconds(10))
    }

    @Test("Cancelling a task ends its sleep with an error")
    func cancelling() async {
        let clock = ManualClock()
        let task = Task { try await clock.sleep(for: .seconds(10)) }
        await clock.waitForSleepers()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A sleep in a cancelled task does not begin")
    func cancelledBefore() async {
        let clock = ManualClock()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(10))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A test can wait for a sleeper that wakes soon, whoever else sleeps")
    func sleepersByTheirTime() async throws {
        let clock = ManualClock()
        let late = Task { try await clock.sleep(for: .seconds(60)) }
        await clock.waitForSleepers()
        async let early: Void = clock.sleep(for: .seconds(10))
        await clock.waitForSleepers(dueWithin: .seconds(10))
        clock.advance(by: .seconds(10))
        try await early
        late.cancel()
    }

    @Test("Setting the wall-clock time wakes nobody")
    func setting() async {
        let clock = ManualClock()
        let task = Task { try await clock.sleep(for: .seconds(10)) }
        await clock.waitForSleepers()
        clock.set(Timestamp(milliseconds: 1_000_000))
        await clock.waitForSleepers()
        #expect(clock.uptime == .zero)
        task.cancel()
    }

    @Test("The system clock's uptime does not go back, and its time is this century's")
    func system() {
        let clock = SystemClock()
        let first = clock.uptime
        #expect(clock.uptime >= first)
        #expect(clock.now > Timestamp(milliseconds: 1_700_000_000_000))
    }
}
