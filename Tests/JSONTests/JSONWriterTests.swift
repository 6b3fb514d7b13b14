import JSON
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

    @Test("what else is escaped where text is shown as it stands")
    func escaping() {
        func f(_ value: String, _ escaping: JSONEscaping, _ expected: String) {
            #expect(JSONString.quote(value, escaping: escaping) == expected)
        }
        f("<a>&b\u{2028}\u{2029}\u{202a}â€\u{e2}", .html, #""\u003ca\u003e\u0026b\u2028\u2029\#u{202a}â€â""#)
        f("<\u{2028}", .required, "\"<\u{2028}\"")
        f("\u{7f}\u{1b}[31m<", .terminal, #""\u007f\u001b[31m<""#)
        f("\u{e2}\u{80}", .html, "\"\u{e2}\u{80}\"")
        f("\u{2027}", .html, "\"\u{2027}\"")
    }

    @Test("text for people")
    func pretty() throws {
        let value = try JSONValue(parsing: #"{"a":[1,{"b":[]}],"c":{},"d":"\""}"#)
        let expected = """
            {
              "a": [
                1,
                {
                  "b": []
                }
              ],
              "c": {},
              "d": "\\""
            }

            """
        #expect(JSONText.pretty(value) == expected)
    }

    @Test("values that are JSON already stand as they are")
    func raw() {
        let written = text { json in
            json.object { json in
                json.member("a", raw: "[1, 2]")
                json.member("b", orNull: nil as String?)
                json.member("c", orNull: 1.5)
                json.key("d")
                json.raw(Array("{}".utf8))
            }
        }
        #expect(written == #"{"a":[1, 2],"b":null,"c":1.5,"d":{}}"#)
    }
}
