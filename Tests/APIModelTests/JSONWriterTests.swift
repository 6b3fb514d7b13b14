import APIModel
import Testing

struct JSONWriterTests {
    private func text(_ write: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        write(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    @Test("commas stand between values and nowhere else")
    func commas() {
        #expect(text { $0.object { _ in } } == "{}")
        #expect(text { $0.array { $0.array { _ in } } } == "[[]]")
        let nested = text { json in
            json.object { json in
                json.member("a", 1)
                json.member("b", ["x", "y"])
                json.key("c")
                json.array { json in
                    json.null()
                    json.object { $0.member("d", true) }
                    json.string(",")
                    json.string("[")
                    json.boolean(false)
                }
            }
        }
        #expect(nested == #"{"a":1,"b":["x","y"],"c":[null,{"d":true},",","[",false]}"#)
    }

    @Test("numbers")
    func numbers() {
        func f(_ value: Double, _ expected: String) { #expect(text { $0.number(value) } == expected) }
        f(0, "0")
        f(-0.0, "-0.0")
        f(3, "3")
        f(-2.5, "-2.5")
        f(0.1, "0.1")
        f(1e300, "1e+300")
        f(9_007_199_254_740_994, "9.007199254740994e+15")
        f(.nan, "null")
        f(.infinity, "null")
        #expect(text { $0.integer(.min) } == "-9223372036854775808")
    }

    @Test("control characters, quotes and backslashes are escaped")
    func strings() {
        func f(_ value: String, _ expected: String) { #expect(text { $0.string(value) } == expected) }
        f("", "\"\"")
        f("a\"b\\c", #""a\"b\\c""#)
        f("\u{08}\t\n\u{0c}\r", #""\b\t\n\f\r""#)
        f("\u{01}\u{1f}\u{7f}", "\"\\u0001\\u001f\u{7f}\"")
        f("žluť 😀", "\"žluť 😀\"")
    }

    @Test("a problem as RFC 9457 has it")
    func problem() {
        let problem = Problem(
            .validationFailed,
            detail: "two faults",
            instance: "/x",
            errors: [
                Violation(.body(pointer: "/a/0"), "must be a string"), Violation(.query(name: "limit"), "is required"),
            ]
        )
        #expect(
            String(decoding: JSONWriter.bytes(of: problem), as: UTF8.self)
                == #"{"type":"urn:kaskman:problem:validation_failed","title":"The body does not satisfy its schema","#
                + #""status":422,"detail":"two faults","instance":"/x","errors":[{"pointer":"/a/0","#
                + #""detail":"must be a string"},{"parameter":"limit","in":"query","detail":"is required"}]}"#
        )
    }

    @Test("a page names the next one, or null")
    func page() {
        struct Item: JSONWritable {
            func write(to json: inout JSONWriter) { json.integer(7) }
        }
        func f(_ cursor: String?, _ expected: String) {
            let bytes = JSONWriter.bytes(of: Page(items: [Item(), Item()], nextCursor: cursor))
            #expect(String(decoding: bytes, as: UTF8.self) == expected)
        }
        f(nil, #"{"items":[7,7],"next_cursor":null}"#)
        f("c", #"{"items":[7,7],"next_cursor":"c"}"#)
    }

    @Test("codes, URIs and statuses of problems are stable")
    func catalogue() {
        #expect(Set(ProblemType.allCases.map(\.title)).count == ProblemType.allCases.count)
        for type in ProblemType.allCases {
            #expect((400...599).contains(type.status))
            #expect(type.uri == "urn:kaskman:problem:" + type.rawValue)
        }
    }
}
