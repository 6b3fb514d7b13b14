import Basics
import Testing

@Suite("Bytes as text, and names by patterns")
struct ByteTextTests {
    @Test func base64() {
        func f(_ text: String, _ standard: String, _ url: String) {
            #expect(Base64.encode(text.utf8) == standard)
            #expect(Base64URL.encode(text.utf8) == url)
            #expect(Base64URL.decode(url) == Array(text.utf8))
        }
        f("", "", "")
        f("f", "Zg==", "Zg")
        f("fo", "Zm8=", "Zm8")
        f("foo", "Zm9v", "Zm9v")
        f("foobar", "Zm9vYmFy", "Zm9vYmFy")
        let bytes: [UInt8] = [0xfb, 0xff, 0xbf]
        #expect(Base64.encode(bytes) == "+/+/" && Base64URL.encode(bytes) == "-_-_")
    }

    @Test func otherTextIsNoBase64URL() {
        for text in ["Z", "Zh", "Zg==", "Zm9v\n", "+/", "ä", "Zm9vY"] {
            #expect(Base64URL.decode(text) == nil, "\(text)")
        }
    }

    @Test func hexadecimal() {
        #expect(([0x00, 0x0f, 0xa0, 0xff] as [UInt8]).hexadecimal == "000fa0ff")
        #expect([UInt8]().hexadecimal == "")
    }

    @Test func wildcards() {
        func f(_ name: String, _ pattern: String, _ isMatch: Bool) {
            #expect(Wildcards.matches(name, pattern) == isMatch, "\(name) \(pattern)")
        }
        f("rules.yml", "*.yml", true)
        f("rules.yaml", "*.yml", false)
        f("ab", "a*b*", true)
        f("aXbYb", "a*b", true)
        f("", "*", true)
        f("a", "", false)
    }
}
