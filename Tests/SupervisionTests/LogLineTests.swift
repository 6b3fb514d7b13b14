import Logging
import Testing

@testable import Supervision

@Suite("Log lines")
struct LogLineTests {
    private func line(_ format: StructuredLogHandler.Format, _ fields: KeyValuePairs<String, Logger.MetadataValue>)
        -> String
    {
        var line = LogLine(format: format)
        for (key, value) in fields { line.add(key, value) }
        return String(decoding: line.finished, as: UTF8.self)
    }

    @Test("logfmt quotes what has blanks, quotes or control characters")
    func logfmt() {
        #expect(line(.logfmt, ["level": "info", "msg": "all well"]) == "level=info msg=\"all well\"\n")
        #expect(line(.logfmt, ["a": "", "b": "x=y", "c": "say \"hi\"\n"]) == #"a="" b="x=y" c="say \"hi\"\n""# + "\n")
    }

    @Test("JSON escapes what JSON must; no value can forge a line")
    func json() {
        #expect(line(.json, ["msg": "a\"b\\c\n\u{1}é"]) == #"{"msg":"a\"b\\c\n\u0001é"}"# + "\n")
        #expect(line(.json, ["a\"b": .dictionary(["c\n": "d"])]) == #"{"a\"b":{"c\n":"d"}}"# + "\n")
        #expect(line(.logfmt, ["msg": "x\ny=1\u{1b}[31m"]).split(separator: "\n").count == 1)
    }

    @Test("JSON has numbers and booleans as such, lists and mappings too; logfmt writes their text")
    func values() {
        func f(_ value: Logger.MetadataValue, _ json: String, _ logfmt: String) {
            #expect(line(.json, ["v": value]) == "{\"v\":\(json)}\n")
            #expect(line(.logfmt, ["v": value]) == "v=\(logfmt)\n")
        }
        f("1", #""1""#, "1")
        f(.stringConvertible(-5), "-5", "-5")
        f(.stringConvertible(UInt64.max), "18446744073709551615", "18446744073709551615")
        f(.stringConvertible(UInt16(200)), "200", "200")
        f(.stringConvertible(0.25), "0.25", "0.25")
        f(.stringConvertible(1e-9), "1e-09", "1e-09")
        f(.stringConvertible(Double.infinity), #""inf""#, "inf")
        f(.stringConvertible(Double.nan), #""nan""#, "nan")
        f(.stringConvertible(true), "true", "true")
        f(.stringConvertible(Substring("a b")), #""a b""#, #""a b""#)
        f(.array(["a", .stringConvertible(1)]), #"["a",1]"#, ##""[\"a\",1]""##)
        let mapping: Logger.MetadataValue = .dictionary(["b": "x", "a": .stringConvertible(false)])
        f(mapping, #"{"a":false,"b":"x"}"#, ##""{\"a\":false,\"b\":\"x\"}""##)
    }
}
