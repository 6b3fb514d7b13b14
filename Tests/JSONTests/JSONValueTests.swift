import JSON
import Testing

struct JSONValueTests {
    @Test func readsAndWritesCanonically() throws {
        func f(_ text: String, _ canonical: String) throws {
            let value = try JSONValue(parsing: text)
            #expect(JSONText.canonical(value) == canonical)
            #expect(try JSONValue(parsing: JSONText.canonical(value)) == value)
        }
        try f(" { \"b\" : 1 , \"a\" : [ true , false , null ] } ", #"{"a":[true,false,null],"b":1}"#)
        try f("-0.5e+10", "-0.5e+10")
        try f("123456789012345678901234567890", "123456789012345678901234567890")
        try f(#""\u00e9\ud83d\ude00\n\/""#, "\"é😀\\n/\"")
        try f("[]", "[]")
        try f("{}", "{}")
    }

    @Test func refusesWhatIsNotJSON() {
        let limits = JSONLimits(depthMax: 16)
        func f(_ text: String) {
            #expect(throws: JSONSyntaxError.self, "\(text)") { try JSONValue(parsing: text, limits: limits) }
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
            try JSONValue(
                parsing: String(repeating: "[", count: 16) + String(repeating: "]", count: 16),
                limits: limits
            )
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

    @Test func objectsAreEqualInAnyOrder() throws {
        func f(_ left: String, _ right: String, _ areEqual: Bool) throws {
            let (left, right) = (try JSONValue(parsing: left), try JSONValue(parsing: right))
            #expect((left == right) == areEqual && (right == left) == areEqual, "\(left) \(right)")
            if areEqual { #expect(Set([left, right]).count == 1) }
        }
        try f(#"{"a":1,"b":{"c":2,"d":3}}"#, #"{"b":{"d":3,"c":2},"a":1}"#, true)
        try f(#"{"a":1,"b":2}"#, #"{"a":1,"b":3}"#, false)
        try f(#"{"a":1,"b":2}"#, #"{"b":1,"a":2}"#, false)
        try f(#"{"a":1}"#, #"{"a":1,"b":2}"#, false)
        try f(#"{"a":null}"#, #"{"b":null}"#, false)
        try f("[1,2]", "[2,1]", false)
        // Each level is compared once; twice would make 2^60 comparisons.
        let deep = String(repeating: #"{"x":"#, count: 60) + "1" + String(repeating: "}", count: 60)
        try f(deep, deep.replacing("1", with: "2"), false)
    }

    @Test func membersStandInTheirOrderAndOnce() {
        let pairs: [(String, JSONValue)] = [("b", 1), ("a", 2), ("b", 3)]
        var object = JSONObject(pairs)
        #expect(JSONText.compact(object) == #"{"b":3,"a":2}"#)
        object["c"] = [true, .null, 0.5]
        object["b"] = nil
        #expect(JSONText.compact(object) == #"{"a":2,"c":[true,null,0.5]}"#)
        #expect(JSONText.compact(JSONObject(["y": "1", "x": "2"])) == #"{"x":"2","y":"1"}"#)
    }

    @Test func numbersOfDoublesHaveNoNeedlessFraction() {
        func f(_ value: Double, _ text: String?) { #expect(JSONNumber(value)?.text == text) }
        f(3, "3")
        f(-2.5, "-2.5")
        f(1e300, "1e+300")
        f(.nan, nil)
        f(-.infinity, nil)
    }
}
