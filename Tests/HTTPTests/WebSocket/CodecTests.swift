import ChaosTesting
import NIOCore
import Testing

@testable import HTTP

/// The families of the Autobahn test suite, as tables: what a client sends, and what comes of it. `!` is the close code of a fault.
@Suite("WebSocket codec")
struct CodecTests {
    private typealias F = ClientFrames

    /// The expectation holds for the bytes at once, one by one, and cut in two at every place.
    private func f(
        _ bytes: [UInt8],
        _ expected: [String],
        allowsCompression: Bool = false,
        _ location: SourceLocation = #_sourceLocation
    ) {
        func run(_ parts: [ArraySlice<UInt8>]) -> [String] {
            var codec = Codec(allowsCompression: allowsCompression)
            for part in parts { codec.take(part) }
            return codec.said
        }
        #expect(run([bytes[...]]) == expected, sourceLocation: location)
        guard bytes.count < 2000 else { return }
        #expect(run(bytes.indices.map { bytes[$0...$0] }) == expected, "byte by byte", sourceLocation: location)
        for cut in bytes.indices {
            #expect(run([bytes[..<cut], bytes[cut...]]) == expected, "cut at \(cut)", sourceLocation: location)
        }
    }

    @Test("1: lengths of texts and binaries")
    func framing() {
        f(F.text(""), ["text "])
        for length in [125, 126, 127, 128, 65535, 65536] {
            f(F.frame(1, Array(repeating: 42, count: length)), ["text \(length) bytes"])
            f(F.frame(2, Array(repeating: 0xFE, count: length)), ["binary \(length)"])
        }
        f(F.frame(2), ["binary 0"])
        f(F.text("a") + F.text("b"), ["text a", "text b"])
        // In more bytes than it needs, and beyond 63 bits.
        f([0x81, 0x80 | 126, 0, 125, 0, 0, 0, 0], ["!1002"])
        f([0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0], ["!1002"])
        f([0x81, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ["!1002"])
        // Unmasked.
        f(F.frame(1, [65], mask: nil), ["!1002"])
        f(F.frame(9, mask: nil), ["!1002"])
        f(F.frame(1, [65], mask: [0, 0, 0, 0]), ["text A"])
    }

    @Test("2: pings and pongs")
    func pings() {
        f(F.frame(9), ["ping "])
        f(F.frame(9, Array("Hello, world!".utf8)), ["ping Hello, world!"])
        f(F.frame(9, [0x00, 0xFF, 0xFE] + Array(repeating: 65, count: 122)), ["ping 129 bytes"])
        f(F.frame(9, Array(repeating: 65, count: 126)), ["!1002"])
        f(F.frame(10), ["pong "])
        f(F.frame(10, Array("unsolicited".utf8)) + F.frame(9, Array("p".utf8)), ["pong unsolicited", "ping p"])
        f((0..<10).flatMap { F.frame(9, Array("p\($0)".utf8)) }, (0..<10).map { "ping p\($0)" })
    }

    @Test("3: reserved bits")
    func reserved() {
        for bits: UInt8 in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
            f(F.frame(1, Array("a".utf8), reserved: bits), ["!1002"])
            f(F.text("a") + F.frame(2, [1], reserved: bits) + F.frame(9), ["text a", "!1002"])
            f(F.frame(9, reserved: bits), ["!1002"])
            f(F.frame(8, reserved: bits), ["!1002"])
        }
        // With permessage-deflate RSV1 has a meaning, on the first frame of a message alone.
        f(F.frame(9, reserved: 0x40), ["!1002"], allowsCompression: true)
        f(F.frame(1, [1], reserved: 0x20), ["!1002"], allowsCompression: true)
        f(F.text("a", isFinal: false) + F.frame(0, [1], reserved: 0x40), ["!1002"], allowsCompression: true)
    }

    @Test("4: opcodes")
    func opcodes() {
        for opcode: UInt8 in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
            f(F.frame(opcode), ["!1002"])
            f(F.text("a") + F.frame(opcode, [1]) + F.frame(9), ["text a", "!1002"])
        }
    }

    @Test("5: fragments, and control frames between them")
    func fragments() {
        f(F.frame(9, isFinal: false) + F.frame(0), ["!1002"])
        f(F.frame(10, isFinal: false), ["!1002"])
        f(F.text("a", isFinal: false) + F.rest("b"), ["text ab"])
        f(F.text("a", isFinal: false) + F.frame(9, [80]) + F.rest("b"), ["ping P", "text ab"])
        f(F.text("", isFinal: false) + F.rest("", isFinal: false) + F.rest(""), ["text "])
        f(F.text("", isFinal: false) + F.rest("x", isFinal: false) + F.rest(""), ["text x"])
        f(F.rest("b"), ["!1002"])
        f(F.rest("b", isFinal: false), ["!1002"])
        f(F.text("a") + F.rest("b"), ["text a", "!1002"])
        f(F.text("a", isFinal: false) + F.text("b"), ["!1002"])
        f(F.text("a", isFinal: false) + F.frame(2, [1]), ["!1002"])
        let five = (1...3).flatMap { F.rest("\($0)", isFinal: false) + F.frame(9, [80]) }
        f(F.text("0", isFinal: false) + five + F.rest("4"), ["ping P", "ping P", "ping P", "text 01234"])
        f(F.frame(2, [1], isFinal: false) + F.frame(0, [0xFF]), ["binary 2"])
        f(F.text("a", isFinal: false) + F.close(1000), ["close 1000"])
    }

    @Test("6: UTF-8, in one frame and in fragments of one byte")
    func text() {
        func g(_ bytes: [UInt8], _ isValid: Bool, _ location: SourceLocation = #_sourceLocation) {
            let expected = isValid ? ["text " + String(decoding: bytes, as: UTF8.self)] : ["!1007"]
            f(F.frame(1, bytes), expected, location)
            var frames = F.frame(1, [], isFinal: false)
            for byte in bytes { frames += F.frame(0, [byte], isFinal: false) }
            frames += F.frame(0, [])
            f(frames, expected, location)
        }
        g(Array("Hello-µ@ßöäüàá-UTF-8!!".utf8), true)
        g(Array("κόσμε".utf8), true)
        g(Array("\u{0}\u{80}\u{800}\u{10000}\u{7F}\u{7FF}\u{FFFF}\u{10FFFF}".utf8), true)
        g(Array("\u{D7FF}\u{E000}\u{FFFD}\u{FEFF}\u{FFFE}".utf8), true)
        // Cut within a character.
        for cut in [[0xCE], [0xE1, 0xBD], [0xF0, 0x90, 0x80]] { g([0x61] + cut.map { UInt8($0) }, false) }
        // Continuations alone, bytes that never stand, overlong forms, surrogates, beyond the last character.
        let wrong: [[UInt8]] = [
            [0x80], [0xBF], [0x80, 0xBF, 0x80], [0xFE], [0xFF], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0xAF],
            [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0xAF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF8, 0x88, 0x80, 0x80, 0x80],
            [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xAF, 0xBF], [0xED, 0xB0, 0x80],
            [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xC3, 0x28], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xF0, 0x28, 0x8C, 0xBC], [0xF0, 0x90, 0x28, 0xBC],
        ]
        for bytes in wrong {
            g(bytes, false)
            g(Array("ok ".utf8) + bytes + Array(" ok".utf8), false)
        }
        // Wrong at a fragment in the middle: refused there, not at the end.
        f(F.frame(1, [0xCE, 0xBA], isFinal: false) + F.frame(0, [0xED, 0xA0], isFinal: false), ["!1007"])
    }

    @Test("Incremental validation agrees with the standard library on every two bytes and on random ones")
    func validation() {
        func isValid(_ bytes: [UInt8]) -> Bool {
            var validation = UTF8Validation()
            return validation.take(bytes) && validation.isAtBoundary
        }
        for high in UInt8.min ... .max {
            for low in UInt8.min ... .max {
                let bytes = [high, low]
                if isValid(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { Issue.record("\(bytes)") }
            }
        }
        for seed in Chaos.seeds(1...20) {
            var random = SeededRandom(seed)
            for _ in 0..<2000 {
                let bytes = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    [0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF, 0x90].randomElement(
                        using: &random
                    )!
                }.map { UInt8($0) }
                if isValid(bytes) != (String(validating: bytes, as: UTF8.self) != nil) {
                    Issue.record("\(bytes), seed \(seed)")
                }
            }
        }
    }

    @Test("7: close frames, their codes and reasons")
    func closing() {
        f(F.close(nil), ["close -"])
        f(F.close(1000, "bye"), ["close 1000"])
        f(F.frame(8, [3]), ["!1002"])
        f(F.frame(8, [0x03, 0xE8] + Array(repeating: 42, count: 123)), ["close 1000"])
        f(F.frame(8, [0x03, 0xE8] + Array(repeating: 42, count: 124)), ["!1002"])
        f(F.frame(8, [0x03, 0xE8, 0xCE, 0xBA, 0xED, 0xA0, 0x80]), ["!1007"])
        for code: UInt16 in [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
        ] {
            f(F.close(code), ["close \(code)"])
        }
        for code: UInt16 in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
            f(F.close(code), ["!1002"])
        }
    }

    @Test("9, 10: limits, each with the frame or message that just fits")
    func limits() {
        func g(_ bytes: [UInt8], _ expected: [String]) {
            var codec = Codec(frameBytesMax: 1000, messageBytesMax: 1500)
            codec.take(bytes)
            #expect(codec.said == expected)
        }
        g(F.frame(1, Array(repeating: 65, count: 1000)), ["text 1000 bytes"])
        // The header alone is enough to refuse.
        g(Array(F.frame(1, Array(repeating: 65, count: 1001)).prefix(4)), ["!1009"])
        g([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], ["!1009"])
        let half = Array(repeating: UInt8(65), count: 750)
        g(F.frame(1, half, isFinal: false) + F.frame(0, half), ["text 1500 bytes"])
        g(F.frame(1, half, isFinal: false) + F.frame(0, half + [65]), ["!1009"])
        // A message of a thousand fragments.
        let many = (0..<998).flatMap { _ in F.rest("a", isFinal: false) }
        g(F.text("a", isFinal: false) + many + F.rest("a"), ["text 1000 bytes"])
    }

    @Test("What the server writes is what a client reads")
    func encoding() {
        for length in [0, 1, 125, 126, 65535, 65536] {
            let frame = FrameEncoder.text(ByteBuffer(repeating: 65, count: length).readableBytesView)
            let header = length > 65535 ? 10 : length > 125 ? 4 : 2
            #expect(frame.readableBytes == header + length)
            #expect(frame.getInteger(at: 0, as: UInt8.self) == 0x81)
        }
        #expect(Array(FrameEncoder.close(.goingAway, "x").readableBytesView) == [0x88, 3, 0x03, 0xE9, 0x78])
        #expect(Array(FrameEncoder.close(nil).readableBytesView) == [0x88, 0])
        // Cut at a character, to at most 125 bytes in all.
        #expect(FrameEncoder.close(.normal, String(repeating: "ß", count: 200)).readableBytes == 2 + 2 + 122)
    }
}
