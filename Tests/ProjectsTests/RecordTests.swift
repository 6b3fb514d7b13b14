import Basics
import Projects
import Testing

@Suite struct JSONValueTests {
    @Test func readsAndWritesCanonically() throws {
        func f(_ text: String, _ canonical: String) throws {
            let value = try JSONValue(parsing: text)
            #expect(value.text == canonical)
            #expect(try JSONValue(parsing: value.text) == value)
        }
        try f(" { \"b\" : 1 , \"a\" : [ true , false , null ] } ", #"{"a":[true,false,null],"b":1}"#)
        try f("-0.5e+10", "-0.5e+10")
        try f("123456789012345678901234567890", "123456789012345678901234567890")
        try f(#""\u00e9\ud83d\ude00\n\/""#, "\"é😀\\u000a/\"")
        try f("[]", "[]")
        try f("{}", "{}")
    }

    @Test func refusesWhatIsNotJSON() {
        func f(_ text: String) {
            #expect(throws: JSONSyntaxError.self, "\(text)") { try JSONValue(parsing: text) }
        }
        for text in ["", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01", "1.", ".5", "1e", "+1", "nul", "tru"] {
            f(text)
        }
        for text in ["\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "1 2", "NaN"] {
            f(text)
        }
        f(#"{"a":1,"a":2}"#)
        f(String(repeating: "[", count: 17) + String(repeating: "]", count: 17))
        f(String(repeating: "[", count: 100_000))
        #expect(throws: Never.self) {
            try JSONValue(parsing: String(repeating: "[", count: 16) + String(repeating: "]", count: 16))
        }
    }

    @Test func mergesAsTheRFCSays() throws {
        // The table of RFC 7396, appendix A.
        func f(_ original: String, _ patch: String, _ result: String) throws {
            let merged = try JSONValue(parsing: original).merging(try JSONValue(parsing: patch))
            #expect(merged == (try JSONValue(parsing: result)), "\(original) with \(patch)")
        }
        try f(#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#)
        try f(#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#)
        try f(#"{"a":"b"}"#, #"{"a":null}"#, "{}")
        try f(#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#)
        try f(#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#)
        try f(#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#)
        try f(#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#)
        try f(#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#)
        try f(#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#)
        try f(#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#)
        try f(#"{"a":"foo"}"#, "null", "null")
        try f(#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#)
        try f("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#)
        try f("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#)
    }

    @Test func arraysOfStringsComeBack() {
        for strings in [[], ["a"], ["", "quote \" and \\", "line\nbreak", "ünïcode 😀"]] {
            #expect(JSONText.strings(JSONText.array(strings)) == strings)
        }
        #expect(JSONText.strings("{}") == nil)
        #expect(JSONText.strings("[1]") == nil)
        #expect(JSONText.strings("") == nil)
    }
}

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
