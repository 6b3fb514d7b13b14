import Basics
import Client
import Testing
import Worker

@Suite("Lines of programs")
struct LineTests {
    private func lines(_ parts: [[UInt8]], bytesMax: Int = 8) -> [String] {
        var cutter = LineCutter(bytesMax: bytesMax)
        var lines: [String] = []
        for part in parts { lines += cutter.feed(part[...]) }
        return lines + cutter.finish()
    }

    @Test(
        "Bytes become lines",
        arguments: [
            ("", []), ("a\n", ["a"]), ("a", ["a"]), ("a\n\nb\n", ["a", "", "b"]), ("a\r\nb\r\n", ["a", "b"]),
            ("a\rb\n", ["a\rb"]), ("12345678\n", ["12345678"]),
            ("123456789abcdefghi\n", ["12345678", "9abcdefg", "hi"]),
            ("a\0b\n", ["a\u{FFFD}b"]), ("1234567é9\n", ["1234567", "é9"]), ("äöüäöü\n", ["äöüä", "öü"]),
            ("12345👩‍🚀\n", ["12345", "👩\u{200D}", "🚀"]),
        ] as [(String, [String])]
    )
    func cutting(_ text: String, _ expected: [String]) {
        let bytes = Array(text.utf8)
        #expect(lines([bytes]) == expected)
        #expect(lines(bytes.map { [$0] }) == expected, "byte by byte")
    }

    @Test("Bytes that are no UTF-8 are replaced, and no line is longer than it may be, whatever comes")
    func arbitrary() {
        #expect(lines([[0xff, 0x0a]]) == ["\u{FFFD}"])
        var random = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...60, using: &random)
            let bytes = (0..<count).map { _ in
                [UInt8.random(in: 0...255, using: &random), 0x80, 0xf0, 0x41, 0x0a].randomElement(using: &random) ?? 0
            }
            let whole = lines([bytes])
            #expect(whole.allSatisfy { $0.utf8.count <= 8 }, "\(bytes)")
            #expect(whole == lines(bytes.map { [$0] }), "\(bytes)")
        }
    }

    @Test("The buffer numbers lines, gives them in requests, and is full beyond its bound")
    func buffer() {
        var buffer = LogBuffer()
        let now = Timestamp(milliseconds: 5)
        buffer.append(["a", "b"], .stdout, at: now)
        buffer.append(["c"], .stderr, at: now)
        #expect(buffer.next.map(\.sequence) == [1, 2, 3])
        #expect(buffer.next.map(\.stream) == [.stdout, .stdout, .stderr])
        buffer.sent(2)
        #expect(buffer.next.map(\.text) == ["c"])
        buffer.refused(1)
        #expect(buffer.isEmpty && buffer.dropped == 1)
        let long = String(repeating: "x", count: TaskLogLine.textBytesMax)
        while !buffer.isFull { buffer.append([long], .stdout, at: now) }
        #expect(buffer.next.count < 20, "a request is bounded in bytes")
        buffer.close()
        #expect(buffer.isEmpty && !buffer.isFull && buffer.dropped > 60)
        buffer.append(["late"], .stdout, at: now)
        #expect(buffer.isEmpty)
        var short = LogBuffer()
        short.append(Array(repeating: "", count: 3000), .stdout, at: now)
        #expect(short.next.count == 1000)
    }

    @Test("Only whole lines of metrics are pushed, but for the last")
    func metrics() {
        var file = MetricsFile()
        func part(_ text: String, _ isLast: Bool) -> String {
            String(decoding: file.part(of: Array(text.utf8), isLast: isLast), as: UTF8.self)
        }
        #expect(part("", false) == "" && part("", true) == "")
        #expect(part("a 1", false) == "" && part("a 1", true) == "a 1\n")
        #expect(part("a 1\nb", false) == "a 1\n" && part("a 1\nb", true) == "a 1\n")
        file.advance(by: 4)
        #expect(file.offset == 4)
    }
}
