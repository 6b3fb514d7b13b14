import Basics
import ChaosTesting
import JSON
import Testing

struct JSONParserTests {
    @Test("documents read and written back without a loss")
    func roundTrips() throws {
        func f(_ text: String, _ expected: String? = nil) throws {
            let value = try JSONValue(parsing: text)
            #expect(String(decoding: JSONWriter.bytes(of: value), as: UTF8.self) == expected ?? text)
        }
        try f("null")
        try f("true")
        try f(" [ 1 , 2 ] ", "[1,2]")
        try f(#"{"a":[],"b":{},"c":[{"d":null}]}"#)
        try f("-0.10e+5")
        try f("123456789012345678901234567890.5")
        try f(#""\u0041\ud83d\ude00\/\b""#, #""A😀/\b""#)
        try f(#""\u0000\u001f""#)
        try f(#""quote \" backslash \\ tab \t""#)
        try f("\"žluťoučký\"")
    }

    @Test("faults and the byte where they are")
    func faults() {
        func f(_ text: String, _ reason: JSONSyntaxError.Reason, _ offset: Int) {
            let error = #expect(throws: JSONSyntaxError.self, "\(text)") { try JSONValue(parsing: text) }
            #expect(error?.reason == reason && error?.offset == offset, "\(text): \(String(describing: error))")
        }
        f("", .empty, 0)
        f("  ", .empty, 2)
        f("nul", .unexpectedEnd, 3)
        f("nulL", .unexpectedByte, 3)
        f("\u{feff}1", .unexpectedByte, 0)
        f("1 2", .trailingBytes, 2)
        f("[1,]", .unexpectedByte, 3)
        f("[1", .unexpectedEnd, 2)
        f("[1 2]", .unexpectedByte, 3)
        f(#"{"a":1,}"#, .unexpectedByte, 7)
        f(#"{"a" 1}"#, .unexpectedByte, 5)
        f("{a:1}", .unexpectedByte, 1)
        f(#"{"a":1,"a":2}"#, .duplicateName, 7)
        f(#"{"a":1,"\u0061":2}"#, .duplicateName, 7)
        f("'a'", .unexpectedByte, 0)
        f("NaN", .unexpectedByte, 0)
        f("+1", .unexpectedByte, 0)
        f("01", .invalidNumber, 0)
        f("-", .invalidNumber, 0)
        f("1.", .invalidNumber, 0)
        f(".5", .unexpectedByte, 0)
        f("1e", .invalidNumber, 0)
        f("-01", .invalidNumber, 0)
        f("\"abc", .unexpectedEnd, 4)
        f("\"a\nb\"", .controlCharacter, 2)
        f(#""a\nb"# + "\n\"", .controlCharacter, 5)
        f(#""\x""#, .invalidEscape, 1)
        f(#""\ud800""#, .invalidEscape, 1)
        f(#""\udc00""#, .invalidEscape, 1)
        f(#""\ud800\u0041""#, .invalidEscape, 1)
        f(#""\u12g4""#, .invalidEscape, 1)
    }

    @Test("faults with the value that they are in, and their line and column")
    func places() {
        func f(_ text: String, _ pointer: String, _ line: Int, _ column: Int) {
            let error = #expect(throws: JSONSyntaxError.self, "\(text)") { try JSONValue(parsing: text) }
            #expect(error?.pointer == pointer, "\(text)")
            let place = error?.place(in: Array(text.utf8))
            #expect(place?.line == line && place?.column == column, "\(text): \(String(describing: place))")
        }
        f("", "", 1, 1)
        f("{", "", 1, 2)
        f("{} x", "", 1, 4)
        f("[1,]", "/1", 1, 4)
        f("[1 2]", "", 1, 4)
        f(#"{"a":1,}"#, "", 1, 8)
        f(#"{"a" 1}"#, "/a", 1, 6)
        f("{\n  \"a\": [\n    {\"b\": nul}\n  ]\n}", "/a/0/b", 3, 14)
        f(#"{"a/b~":{"x":1,"x":2}}"#, "/a~1b~0/x", 1, 16)
        f("{\"č\": \"žluť\", \"e\": }", "/e", 1, 20)
        f("\r\n [\"a\\q\"]", "/0", 2, 5)
    }

    @Test("bytes that are not UTF-8 are refused")
    func invalidUTF8() {
        func f(_ bytes: [UInt8]) {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
        }
        f([0xff])
        f([0xc0, 0xaf])
        f([0xed, 0xa0, 0x80])
        f([0xe2, 0x82])
    }

    @Test("limits of size, depth and number")
    func limits() throws {
        let limits = JSONLimits(bytesMax: 40, depthMax: 3, valuesMax: 6)
        func f(_ text: String, _ reason: JSONSyntaxError.Reason) {
            let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text, limits: limits) }
            #expect(error?.reason == reason)
        }
        _ = try JSONValue(parsing: "[[[1]]]", limits: limits)
        f("[[[[1]]]]", .tooDeep(depthMax: 3))
        f(#"{"a":{"a":{"a":{}}}}"#, .tooDeep(depthMax: 3))
        f("[1,2,3,4,5,6]", .tooManyValues(valuesMax: 6))
        f(String(repeating: " ", count: 41), .tooLarge(bytesMax: 40))
        // A document of nothing but brackets must not end the process.
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: deep, limits: JSONLimits(bytesMax: 1 << 21)) }
    }

    @Test("many names are still checked for repetition")
    func manyNames() {
        let names = (0..<40).map { "\"n\($0)\":0" }
        #expect(throws: Never.self) { try JSONValue(parsing: "{\(names.joined(separator: ","))}") }
        let repeated = names + ["\"n3\":1"]
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: "{\(repeated.joined(separator: ","))}") }
    }

    @Test("numbers are whole when their value is")
    func integers() throws {
        func f(_ text: String, _ expected: Int64?) throws {
            #expect(try JSONValue(parsing: text).integer == expected, "\(text)")
        }
        try f("0", 0)
        try f("-0", 0)
        try f("1.0", 1)
        try f("1e3", 1000)
        try f("1.5", nil)
        try f("9223372036854775807", .max)
        try f("-9223372036854775808", .min)
        try f("9223372036854775808", nil)
        try f("9007199254740993", 9_007_199_254_740_993)
        try f("1e400", nil)
    }

    @Test("whatever bytes come, the parser answers or refuses", arguments: Chaos.seeds(1...4))
    func anyBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array(#"{}[]",:\u01eE+-.tfn rulase "#.utf8) + [0x80, 0xff, 0x0a]
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<24, using: &random)
            let bytes = (0..<count).compactMap { _ in alphabet.randomElement(using: &random) }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            let written = JSONWriter.bytes(of: value)
            #expect(try JSONValue(parsing: written) == value, "seed \(seed): \(bytes)")
        }
    }
}
