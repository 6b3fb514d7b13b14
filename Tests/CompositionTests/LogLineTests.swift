import Testing

@testable import Composition

@Suite("Log lines")
struct LogLineTests {
    private func line(_ format: StructuredLogHandler.Format, _ fields: KeyValuePairs<String, String>) -> String {
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
        #expect(line(.logfmt, ["msg": "x\ny=1\u{1b}[31m"]).split(separator: "\n").count == 1)
    }
}
