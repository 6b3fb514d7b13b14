import APIModel
import JSON
import Testing

struct ProblemTests {
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

    @Test("codes, URIs and statuses of problems are stable")
    func catalogue() {
        #expect(Set(ProblemType.allCases.map(\.title)).count == ProblemType.allCases.count)
        for type in ProblemType.allCases {
            #expect((400...599).contains(type.status))
            #expect(type.uri == "urn:kaskman:problem:" + type.rawValue)
        }
    }
}
