import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import TimeSeries

private func encode(_ samples: [(Int64, Double)]) -> [UInt8] {
    var encoder = XORChunkEncoder()
    for (timestamp, value) in samples { encoder.append(timestamp: timestamp, value: value) }
    return encoder.bytes
}

private func decode(
    _ bytes: [UInt8],
    from start: Int64 = .min,
    through end: Int64 = .max
) throws(ChunkError) -> [(Int64, UInt64)] {
    var timestamps: [Int64] = []
    var values: [Double] = []
    try XORChunkDecoder.decode(bytes, from: start, through: end, into: &timestamps, &values)
    return zip(timestamps, values).map { ($0, $1.bitPattern) }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Samples as a store sees them, and worse.
private func randomSamples(_ random: inout SeededGenerator) -> [(Int64, Double)] {
    let special: [UInt64] = [
        StaleMarker.bitPattern, StaleMarker.normalNaNBitPattern, 0x7ff8_dead_beef_0001, 0xfff0_0000_0000_0000,
        0x7ff0_0000_0000_0000, 0x8000_0000_0000_0000, 0, 1, .max,
    ]
    var time = Int64.random(in: -1_000_000...2_000_000_000_000, using: &random)
    var value = Double.random(in: -1000...1000, using: &random)
    let style = Int.random(in: 0..<5, using: &random)
    return (0..<Int.random(in: 1...240, using: &random)).map { _ in
        switch style {
        case 0: time &+= 15_000
        case 1: time &+= 15_000 + Int64.random(in: -9000...9000, using: &random)
        case 2: time &+= Int64.random(in: 1...2_000_000, using: &random)
        case 3: time = Int64(bitPattern: random.next())
        default: time = [Int64.min, .max, 0, -1, 1].randomElement(using: &random) ?? 0
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: break
        case 1: value += 1
        case 2: value = Double.random(in: -1...1, using: &random)
        case 3: value = Double(bitPattern: special.randomElement(using: &random) ?? 0)
        case 4: value = Double(bitPattern: random.next())
        default: value = Double(Int.random(in: 0...100_000, using: &random))
        }
        return (time, value)
    }
}

@Suite("XOR chunk")
struct XORChunkTests {
    @Test("the bytes of known samples")
    func goldenBytes() {
        func f(_ samples: [(Int64, Double)], _ expected: String, _ comment: Comment) {
            #expect(hexadecimal(encode(samples)) == expected, comment)
        }
        f([], "", "no sample, no bytes")
        f([(0, 0)], "000100" + "0000000000000000", "varint 0")
        f([(-1, 1)], "000101" + "3ff0000000000000", "zigzag")
        f([(1000, 1)], "0001d00f" + "3ff0000000000000", "varint of two bytes")
        // Second sample: uvarint 15000 = 98 75, value bit 0.
        f([(0, 2), (15_000, 2)], "000200" + "4000000000000000" + "9875" + "00", "unchanged value")
        // Third sample: change of difference 0 and unchanged value are two more zero bits.
        f([(0, 2), (15_000, 2), (30_000, 2)], "000300" + "4000000000000000" + "9875" + "00", "all zero bits")
        // 1 ^ 2 = 7ff0…: leading 1, 11 bits, trailing 52: 11 00001 001011 11111111111.
        f([(0, 1), (1, 2)], "000200" + "3ff0000000000000" + "01" + "c25fff", "a new window")
        // Value bit 0; then 10 and 14 bits of 1, value bit 0: 0 10 00000000000001 0.
        f([(0, 0), (1, 0), (3, 0)], "000300" + "0000000000000000" + "01" + "400080", "14 bits: +1")
        // 0 10 10000000000000 (8192 has the sign bit alone), 0.
        f([(0, 0), (1, 0), (8194, 0)], "000300" + "0000000000000000" + "01" + "500000", "14 bits: +8192")
        // 0 110 11101111111111111 (-8193 in 17 bits), 0.
        f([(0, 0), (10_000, 0), (11_807, 0)], "000300" + "0000000000000000" + "904e" + "6efff8", "17 bits: -8193")
        // 0 1110 00010000000000000001 (65537), 0.
        f([(0, 0), (1, 0), (65_539, 0)], "000300" + "0000000000000000" + "01" + "70800080", "20 bits: +65537")
        // 0 1111 and 64 bits of 524289, 0.
        f(
            [(0, 0), (1, 0), (524_291, 0)],
            "000300" + "0000000000000000" + "01" + "780000000000400008",
            "64 bits: +524289"
        )
    }

    @Test("the bytes are those that Prometheus writes")
    func prometheusBytes() {
        // The chunk that promtool 2.42 (`tsdb create-blocks-from openmetrics`) made of these samples.
        let samples: [(Int64, Double)] = [
            (0, 1), (15_000, 1), (30_000, 2), (45_001, Double(bitPattern: StaleMarker.normalNaNBitPattern)),
            (59_000, Double(bitPattern: StaleMarker.normalNaNBitPattern)), (59_500, .infinity), (100_000, -.infinity),
            (500_000, -0.0), (2_500_000, 0.1), (2_500_001, 0.2), (2_515_001, 123_456_789.125),
            (2_530_001, 123_456_790.125),
            (2_545_001, 1e-300), (3_600_001, -1e300),
        ]
        let expected =
            "000e80a0abfef9623ff000000000000098753097ffe000717dffc000000000000de0b372d1600200"
            + "0000000000727103003e57c4cc25ffff0000000000186a00c1fdfdccccccccccccdfffffffffffe1"
            + "7b81801c00000000000061d4bcfca9ed5b9a333335000000000600000061fe01c0095cd3c79acf80"
            + "0000000007ef406003fe4a288d2be21b14"
        #expect(hexadecimal(encode(samples.map { ($0.0 + 1_700_000_000_000, $0.1) })) == expected)
    }

    @Test("what goes in comes out, bit by bit")
    func roundTrip() throws {
        for seed in Chaos.seeds(1...400) {
            var random = SeededGenerator(seed: seed)
            let samples = randomSamples(&random)
            let decoded = try decode(encode(samples))
            let isSame = decoded.elementsEqual(samples) { $0.0 == $1.0 && $0.1 == $1.1.bitPattern }
            #expect(isSame, "SEED=\(seed)")
        }
    }

    @Test("every boundary of the time buckets survives")
    func timeBuckets() throws {
        for edge in [8191, 8192, 65_535, 65_536, 524_287, 524_288] as [Int64] {
            for change in [-edge - 1, -edge, -edge + 1, edge - 1, edge, edge + 1] {
                let samples: [(Int64, Double)] = [(0, 0), (1_000_000, 0), (2_000_000 + change, 0)]
                #expect(try decode(encode(samples)).map(\.0) == samples.map(\.0), "change \(change)")
            }
        }
    }

    @Test("a range is cut out")
    func range() throws {
        let bytes = encode((0..<100).map { (Int64($0) * 10, Double($0)) })
        func f(_ start: Int64, _ end: Int64, _ expected: [Int64]) throws {
            #expect(try decode(bytes, from: start, through: end).map(\.0) == expected)
        }
        try f(0, 20, [0, 10, 20])
        try f(11, 29, [20])
        try f(11, 19, [])
        try f(980, .max, [980, 990])
        try f(.min, -1, [])
        try f(50, 40, [])
    }

    @Test("damaged bytes are refused or read as something else, without a crash")
    func mutations() throws {
        var errors = 0
        for seed in Chaos.seeds(1...10_000) {
            var random = SeededGenerator(seed: seed)
            var bytes = encode((0..<20).map { (Int64($0) * 15_000, Double($0 * $0) / 7) })
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
                default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 1...8, using: &random)))
                }
            }
            do { _ = try decode(bytes) } catch { errors += 1 }
        }
        #expect(errors > 1000, "mutations that are noticed")
    }

    @Test("each kind of damage has its error")
    func errors() {
        func f(_ bytes: [UInt8], _ expected: ChunkError) {
            #expect(throws: expected) { try decode(bytes) }
        }
        f([0, 1], .truncated)
        f([0, 1, 0, 0, 0], .truncated)
        f([0, 1] + [UInt8](repeating: 0xff, count: 20), .oversizedNumber)
        f([0, 2] + [UInt8](repeating: 0, count: 9) + [0x80], .truncated)
        // A window with 31 leading zeros and 63 bits: 11 11111 111111.
        f([0, 2] + [UInt8](repeating: 0, count: 9) + [1, 0xff, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0], .invalidWindow)
        var all = encode((0..<50).map { (Int64($0), Double($0)) })
        all.removeLast()
        f(all, .truncated)
        #expect(throws: Never.self) { try decode([]) }
        #expect(throws: Never.self) { try decode([0]) }
    }
}
