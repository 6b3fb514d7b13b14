import Basics
import Testing

@Suite("UUIDv7")
struct UUIDv7Tests {
    @Test("Identifiers increase strictly, also when the clock stands still or steps back")
    func order() {
        let clock = ManualClock(now: Timestamp(milliseconds: 1_795_421_730_250))
        let generator = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 4))
        var last = generator.next()
        for step in 0..<20_000 {
            if step == 10_000 { clock.set(Timestamp(milliseconds: 1_795_421_000_000)) }
            if step % 5000 == 0 { clock.advance(by: .milliseconds(1)) }
            let next = generator.next()
            #expect(next > last)
            last = next
        }
    }

    @Test("The text form reads back, and carries the time")
    func text() {
        let clock = ManualClock(now: Timestamp(milliseconds: 1_795_421_730_250))
        let id = UUIDv7Generator(clock: clock, random: SeededGenerator(seed: 5)).next()
        #expect(id.timestamp == clock.now)
        #expect(UUIDv7(id.description) == id)
        #expect(UUIDv7(id.description.uppercased()) == id)
        #expect(id.description.utf8.count == 36)
    }

    @Test(
        "What is no UUIDv7 is refused",
        arguments: [
            "", "not-a-uuid", "00000000-0000-0000-0000-000000000000", "01920000-0000-4000-8000-000000000000",
            "01920000-0000-7000-c000-000000000000", "019200000000700080000000000000000000",
            "01920000-0000-7000-8000-00000000000g", "01920000-0000-7000-8000-0000000000000",
        ]
    )
    func refusing(_ text: String) {
        #expect(UUIDv7(text) == nil)
    }
}
