import Basics
import ChaosTesting
import KeyValue
import NIOCore
import Testing

@Suite struct RESPReaderTests {
    private static let stream =
        "+OK\r\n:42\r\n:-9223372036854775808\r\n$5\r\nhello\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n$4\r\n\r\n\r\n\r\n"
        + "-ERR no such thing\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n*2\r\n:1\r\n*1\r\n$2\r\n\0\u{7F}\r\n+PONG\r\n"
    private static let values: [RESPValue] = [
        .status("OK"), .integer(42), .integer(.min), .text("hello"), .text(""), .null, .null, .array([]),
        .text("\r\n\r\n"), .error("ERR no such thing"),
        .array([.text("message"), .text("a"), .array([.integer(1), .array([.text("\0\u{7F}")])])]), .status("PONG"),
    ]

    /// Feeds pieces and returns the replies and the fault at their end.
    private func read(
        _ pieces: some Sequence<ArraySlice<UInt8>>,
        limits: RESPReader.Limits = RESPReader.Limits()
    ) throws -> (values: [RESPValue], fault: RedisError.Code?) {
        let reader = try RESPReader(limits: limits)
        var values: [RESPValue] = []
        for piece in pieces {
            do throws(RedisError) {
                try reader.feed(ByteBuffer(bytes: piece)) { values.append($0) }
            } catch { return (values, error.code) }
        }
        return (values, nil)
    }

    @Test("Replies are the same wherever the stream is cut in two")
    func everyCut() throws {
        let bytes = Array(Self.stream.utf8)
        for cut in 0...bytes.count {
            let (values, fault) = try read([bytes[..<cut], bytes[cut...]])
            #expect(values == Self.values && fault == nil, "cut at \(cut)")
        }
        let single = try read(bytes.indices.map { bytes[$0...$0] })
        #expect(single.values == Self.values && single.fault == nil)
    }

    @Test("Replies are the same in pieces of any lengths")
    func randomCuts() throws {
        let bytes = Array(repeatElement(Self.stream, count: 8).joined().utf8)
        let expected = Array(repeatElement(Self.values, count: 8).joined())
        for seed in Chaos.seeds(1...50) {
            var random = SeededGenerator(seed: seed)
            let (values, fault) = try read(pieces(of: bytes, lengthMax: 40, &random))
            #expect(values == expected && fault == nil, "seed \(seed)")
        }
    }

    @Test("Garbage is refused or read, never a trap, and the same in pieces as in one")
    func garbage() throws {
        let base = Array(Self.stream.utf8)
        for seed in Chaos.seeds(1...3000) {
            var random = SeededGenerator(seed: seed)
            var bytes = base
            if !seed.isMultiple(of: 2) {
                bytes = []
                for _ in 0..<Int.random(in: 1...120, using: &random) { bytes.append(randomByte(&random)) }
            }
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = randomByte(&random)
            }
            let whole = try read([bytes[...]])
            let parts = try read(pieces(of: bytes, lengthMax: 7, &random))
            #expect(whole.values == parts.values && whole.fault == parts.fault, "seed \(seed)")
        }
    }

    /// Of what the protocol is made of, half the time.
    private func randomByte(_ random: inout SeededGenerator) -> UInt8 {
        let signs = Array("+-:$*\r\n0123456789".utf8)
        guard Bool.random(using: &random) else { return UInt8.random(in: 0...255, using: &random) }
        return signs[Int.random(in: 0..<signs.count, using: &random)]
    }

    @Test("Limits: the size of a reply, the elements of an array, how deep arrays are nested")
    func limits() throws {
        func expect(_ text: String, _ fault: RedisError.Code?, replyBytesMax: Int = 64) throws {
            let bytes = Array(text.utf8)
            let result = try read([bytes[...]], limits: RESPReader.Limits(replyBytesMax: replyBytesMax))
            #expect(result.fault == fault, "\(text.prefix(40))")
        }
        try expect("$2000\r\n" + String(repeating: "x", count: 57), nil)
        try expect("$2000\r\n" + String(repeating: "x", count: 58), .tooLarge)
        try expect("+" + String(repeating: "x", count: 70), .tooLarge)
        try expect("*9\r\n" + String(repeating: "$8\r\nxxxxxxxx\r\n", count: 8), .tooLarge)
        try expect(String(repeating: ":1\r\n", count: 100), nil)
        try expect("*65536\r\n", nil)
        try expect("*65537\r\n", .tooLarge)
        try expect("*2147483647\r\n", .tooLarge)
        try expect(String(repeating: "*1\r\n", count: 7) + ":1\r\n", nil)
        try expect(String(repeating: "*1\r\n", count: 12) + ":1\r\n", .protocolViolation)
        try expect("*9999999999999999999\r\n", .protocolViolation)
        try expect("$99999999999999999999\r\n", .protocolViolation)
        try expect("HTTP/1.1 400 Bad Request\r\n", .protocolViolation)
    }

    private func pieces(
        of bytes: [UInt8],
        lengthMax: Int,
        _ random: inout SeededGenerator
    ) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...lengthMax, using: &random))
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
