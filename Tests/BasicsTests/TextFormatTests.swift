import Basics
import ChaosTesting
import Testing

@Suite("Durations and numbers as text")
struct TextFormatTests {
    @Test("Prometheus durations are read")
    func readingDurations() {
        func f(_ text: String, _ milliseconds: Int64?) {
            #expect(PrometheusDuration.milliseconds(parsing: text) == milliseconds, "\(text)")
        }
        f("0", 0)
        f("0s", 0)
        f("5m", 300_000)
        f("1h30m", 5_400_000)
        f("324ms", 324)
        f("3s1ms", 3001)
        f("1y2w3d4h5m6s7ms", 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_706_007)
        f("10s53ms", 10_053)
        for malformed in [
            "", "1", "m", "1m1h", "1s1s", "-1s", "1.5s", "1 s", "5mm", "1ms1s", "99999999999999999y", "1x",
        ] {
            f(malformed, nil)
        }
    }

    @Test("Prometheus durations are written in their canonical form")
    func writingDurations() {
        func f(_ milliseconds: Int64, _ text: String) {
            #expect(PrometheusDuration.text(milliseconds: milliseconds) == text)
        }
        f(0, "0s")
        f(1, "1ms")
        f(300_000, "5m")
        f(5_400_000, "1h30m")
        f(86_400_000, "1d")
        f(604_800_000, "1w")
        f(604_800_000 + 3_600_000, "7d1h")
        f(31_536_000_000, "1y")
        f(-60_000, "-1m")
    }

    @Test("A written duration reads back as itself")
    func durationRoundTrip() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<Chaos.rounds(10_000) {
            let milliseconds = Int64.random(in: 0...(1 << UInt64.random(in: 1...42, using: &random)), using: &random)
            let text = PrometheusDuration.text(milliseconds: milliseconds)
            #expect(PrometheusDuration.milliseconds(parsing: text) == milliseconds, "\(text)")
        }
    }

    @Test("Numbers are written as Go writes them")
    func numbers() {
        func f(_ value: Double, decimal: String, scientific: String, shortest: String) {
            #expect(FloatText.decimal(value) == decimal)
            #expect(FloatText.scientific(value) == scientific)
            #expect(FloatText.shortest(value) == shortest)
        }
        f(0, decimal: "0", scientific: "0e+00", shortest: "0")
        f(-0.0, decimal: "-0", scientific: "-0e+00", shortest: "-0")
        f(1, decimal: "1", scientific: "1e+00", shortest: "1")
        f(-1.5, decimal: "-1.5", scientific: "-1.5e+00", shortest: "-1.5")
        f(0.1, decimal: "0.1", scientific: "1e-01", shortest: "0.1")
        f(0.0001, decimal: "0.0001", scientific: "1e-04", shortest: "0.0001")
        f(0.00001, decimal: "0.00001", scientific: "1e-05", shortest: "1e-05")
        f(100_000, decimal: "100000", scientific: "1e+05", shortest: "100000")
        f(1e6, decimal: "1000000", scientific: "1e+06", shortest: "1e+06")
        f(1_234_567.25, decimal: "1234567.25", scientific: "1.23456725e+06", shortest: "1.23456725e+06")
        f(1e20, decimal: "100000000000000000000", scientific: "1e+20", shortest: "1e+20")
        f(1e21, decimal: "1000000000000000000000", scientific: "1e+21", shortest: "1e+21")
        f(1.5e300, decimal: "15" + String(repeating: "0", count: 299), scientific: "1.5e+300", shortest: "1.5e+300")
        f(.infinity, decimal: "+Inf", scientific: "+Inf", shortest: "+Inf")
        f(-.infinity, decimal: "-Inf", scientific: "-Inf", shortest: "-Inf")
        f(.nan, decimal: "NaN", scientific: "NaN", shortest: "NaN")
    }

    @Test("Every finite number reads back as itself from each form")
    func numberRoundTrip() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<Chaos.rounds(10_000) {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            #expect(Double(FloatText.decimal(value)) == value)
            #expect(Double(FloatText.scientific(value)) == value)
            #expect(Double(FloatText.shortest(value)) == value)
        }
    }
}
