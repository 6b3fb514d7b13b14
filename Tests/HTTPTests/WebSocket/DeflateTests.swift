import ChaosTesting
import NIOCore
import Testing

@testable import HTTP

/// The families 12 and 13 of the Autobahn test suite in small: compressed messages, and what is agreed on.
@Suite("WebSocket compression")
struct DeflateTests {
    private func compressed(_ text: String, bits: Int = 15) throws -> [UInt8] {
        Array(
            try #require(Deflate.compress(ByteBuffer(string: text).readableBytesView, windowBits: bits))
                .readableBytesView
        )
    }

    @Test("What is compressed is inflated to itself, with every window", arguments: 9...15)
    func roundTrip(bits: Int) throws {
        for seed in Chaos.seeds(1...5) {
            var random = SeededRandom(seed)
            for length in [0, 1, 16, 255, 4096, 4097, 70_000] {
                let range: ClosedRange<UInt8> = seed % 2 == 0 ? 0...255 : 97...100
                let bytes = (0..<length).map { _ in UInt8.random(in: range, using: &random) }
                let input = ByteBuffer(bytes: bytes)
                let small = try #require(Deflate.compress(input.readableBytesView, windowBits: bits))
                #expect(try Deflate.inflate(small, bytesMax: 1 << 20) == input, "seed \(seed), \(length) bytes")
            }
        }
    }

    @Test("Messages: whole, in fragments, beside plain ones; wrong bytes and wrong texts are refused")
    func messages() throws {
        func f(_ bytes: [UInt8], _ expected: [String], max: Int = 1 << 20, _ place: SourceLocation = #_sourceLocation) {
            var codec = Codec(messageBytesMax: max, allowsCompression: true)
            codec.take(bytes)
            #expect(codec.said == expected, sourceLocation: place)
        }
        let hello = try compressed("Hello")
        f(ClientFrames.frame(1, hello, reserved: 0x40), ["text Hello"])
        // The examples of RFC 7692, 7.2.3: one block, a stored block, a last block, two blocks.
        f(ClientFrames.frame(1, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], reserved: 0x40), ["text Hello"])
        f(
            ClientFrames.frame(
                1,
                [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
                reserved: 0x40
            ),
            ["text Hello"]
        )
        f(ClientFrames.frame(1, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], reserved: 0x40), ["text Hello"])
        f(
            ClientFrames.frame(
                1,
                [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
                reserved: 0x40
            ),
            ["text Hello"]
        )
        f(
            ClientFrames.frame(1, Array(hello.prefix(2)), isFinal: false, reserved: 0x40) + ClientFrames.frame(9, [80])
                + ClientFrames.frame(0, Array(hello.dropFirst(2))) + ClientFrames.text("plain"),
            ["ping P", "text Hello", "text plain"]
        )
        f(ClientFrames.frame(2, try compressed(String(repeating: "x", count: 5000)), reserved: 0x40), ["binary 5000"])
        f(ClientFrames.frame(1, [0xFF, 0xFF, 0xFF], reserved: 0x40), ["!1007"])
        f(
            ClientFrames.frame(
                1,
                Array(try compressed(String(repeating: "abc", count: 99)).dropLast(4)),
                reserved: 0x40
            ),
            ["!1007"]
        )
        let notText = Deflate.compress(ByteBuffer(bytes: [0xED, 0xA0, 0x80]).readableBytesView, windowBits: 15)
        f(ClientFrames.frame(1, Array(try #require(notText).readableBytesView), reserved: 0x40), ["!1007"])
    }

    @Test("A bomb is refused at the limit, and inflated no further")
    func bomb() throws {
        let bomb = try compressed(String(repeating: "0", count: 50_000_000))
        #expect(bomb.count < 60_000)
        #expect(throws: WebSocketFault.messageTooLarge(messageBytesMax: 65_536)) {
            try Deflate.inflate(ByteBuffer(bytes: bomb), bytesMax: 65_536)
        }
        let fits = try compressed(String(repeating: "0", count: 65_536))
        #expect(try Deflate.inflate(ByteBuffer(bytes: fits), bytesMax: 65_536).readableBytes == 65_536)
    }

    @Test("Random bytes are inflated or refused, and never trap")
    func fuzz() {
        for seed in Chaos.seeds(1...20) {
            var random = SeededRandom(seed)
            for _ in 0..<200 {
                let count = Int.random(in: 0...200, using: &random)
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                if let output = try? Deflate.inflate(ByteBuffer(bytes: bytes), bytesMax: 10_000) {
                    #expect(output.readableBytes <= 10_000, "seed \(seed)")
                }
            }
        }
    }

    @Test("The first offer that can be kept is agreed on")
    func agreement() {
        func f(_ fields: String..., expect expected: Int?, _ location: SourceLocation = #_sourceLocation) {
            #expect(DeflateAgreement.choosing(from: fields)?.windowBits == expected, sourceLocation: location)
        }
        f(expect: nil)
        f("permessage-deflate", expect: 15)
        f("permessage-deflate; client_max_window_bits", expect: 15)
        f("Permessage-Deflate ; Client_Max_Window_Bits=10; server_no_context_takeover", expect: 15)
        f("permessage-deflate; server_max_window_bits=10", expect: 10)
        f("permessage-deflate; server_max_window_bits=\"9\"", expect: 9)
        // zlib has no window of 8 bits: the next offer, or none.
        f("permessage-deflate; server_max_window_bits=8", expect: nil)
        f("permessage-deflate; server_max_window_bits=8, permessage-deflate", expect: 15)
        f("x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits=12", expect: 12)
        for wrong in [
            "server_max_window_bits", "server_max_window_bits=16", "server_max_window_bits=010",
            "client_max_window_bits=7",
            "client_no_context_takeover=1", "unknown", "server_no_context_takeover; server_no_context_takeover",
            "server_max_window_bits=", "server_max_window_bits=-9", "",
        ] { f("permessage-deflate; " + wrong, expect: nil) }
        #expect(
            DeflateAgreement.choosing(from: ["permessage-deflate; server_max_window_bits=11"])?.field
                == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11"
        )
    }
}
