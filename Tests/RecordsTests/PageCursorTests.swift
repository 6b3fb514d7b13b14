import Basics
import Records
import Testing

@Suite struct PageCursorTests {
    private let id = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1)).next()

    @Test func comesBackAsItWas() throws {
        let keys: [PageCursor.Key] = [.integer(0), .integer(.min), .integer(.max), .text(""), .text("näme 😀")]
        for key in keys {
            let cursor = PageCursor(key: key, id: id)
            let text = cursor.encoded(scope: "list")
            #expect(try PageCursor(text, scope: "list") == cursor)
            #expect(text.utf8.allSatisfy { $0.isURLSafe }, "\(text)")
        }
    }

    @Test func isBoundToItsList() {
        let text = PageCursor(key: .integer(7), id: id).encoded(scope: "one")
        #expect(throws: PageCursorError.foreign) { try PageCursor(text, scope: "other") }
    }

    @Test func anyDamageIsMalformed() {
        let text = PageCursor(key: .text("key"), id: id).encoded(scope: "list")
        func f(_ text: String) {
            #expect(throws: PageCursorError.malformed, "\(text)") { try PageCursor(text, scope: "list") }
        }
        for length in 0..<text.utf8.count { f(String(text.prefix(length))) }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            var bytes = Array(text.utf8)
            let index = Int.random(in: bytes.indices, using: &random)
            let byte = UInt8.random(in: 0x21...0x7e, using: &random)
            if bytes[index] == byte { continue }
            bytes[index] = byte
            f(String(decoding: bytes, as: UTF8.self))
        }
        f(text + "A")
        f("")
        f("ä")
        f(String(repeating: "A", count: PageCursor.textLengthMax + 1))
    }
}

extension UInt8 {
    fileprivate var isURLSafe: Bool {
        (0x30...0x39).contains(self) || (0x61...0x7a).contains(self | 0x20) || self == 0x2d || self == 0x5f
    }
}
