import ChaosTesting
import NIOCore
import Testing

@testable import HTTP

/// A generator of random numbers whose seed repeats a failure (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

@Suite("WebSocket codec, seeded")
struct CodecFuzzTests {
    @Test("Random bytes end in events or one fault, and never trap")
    func randomBytes() {
        var faults = 0
        for seed in Chaos.seeds(1...100) {
            var random = SeededRandom(seed)
            var codec = Codec(frameBytesMax: 4096, messageBytesMax: 8192, allowsCompression: seed % 2 == 0)
            for _ in 0..<20 {
                let count = Int.random(in: 0...64, using: &random)
                codec.take((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            if codec.said.last?.hasPrefix("!") == true { faults += 1 }
        }
        #expect(faults > 0, "random bytes are no WebSocket")
    }

    @Test("A bent byte in a valid stream never traps")
    func bentBytes() {
        for seed in Chaos.seeds(1...100) {
            var random = SeededRandom(seed)
            var (bytes, _) = Self.stream(&random)
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            }
            var codec = Codec(allowsCompression: true)
            codec.take(bytes)
            #expect(codec.said.count <= 200, "seed \(seed)")
        }
    }

    @Test("Messages come out the same however they are cut into frames, and the frames into packets")
    func fragmentations() {
        for seed in Chaos.seeds(1...100) {
            var random = SeededRandom(seed)
            let (bytes, expected) = Self.stream(&random)
            var codec = Codec(allowsCompression: true)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 1...200, using: &random))
                codec.take(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(codec.said == expected, "seed \(seed)")
        }
    }

    /// A valid stream: texts, compressed or not, in random fragments, with pings between them.
    private static func stream(_ random: inout SeededRandom) -> (bytes: [UInt8], expected: [String]) {
        var bytes: [UInt8] = []
        var expected: [String] = []
        for number in 0..<Int.random(in: 1...8, using: &random) {
            let word = ["plain", "ümläut", "κόσμε", "🧪"].randomElement(using: &random) ?? ""
            let text = "\(number) " + String(repeating: word, count: Int.random(in: 0...5, using: &random))
            let isCompressed = Bool.random(using: &random)
            var payload = Array(text.utf8)[...]
            if isCompressed, let small = Deflate.compress(ByteBuffer(string: text).readableBytesView, windowBits: 15) {
                payload = Array(small.readableBytesView)[...]
            }
            var isFirst = true
            repeat {
                let part = payload.prefix(Int.random(in: 0...payload.count, using: &random))
                payload = payload.dropFirst(part.count)
                let mask = (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
                bytes += ClientFrames.frame(
                    isFirst ? 1 : 0,
                    Array(part),
                    isFinal: payload.isEmpty,
                    reserved: isFirst && isCompressed ? 0x40 : 0,
                    mask: mask
                )
                isFirst = false
                if !payload.isEmpty, Bool.random(using: &random) {
                    bytes += ClientFrames.frame(9, [80], mask: mask)
                    expected.append("ping P")
                }
            } while !payload.isEmpty
            var shown = ByteBuffer(string: text)
            expected.append(Codec.words(.text(shown.readSlice(length: shown.readableBytes) ?? shown)))
        }
        return (bytes, expected)
    }
}
