import Basics
import ChaosTesting
import MetricModel
import Testing

@Suite("Label sets")
struct LabelsTests {
    @Test("Labels are sorted, the last of a name counts, and empty values are no labels")
    func canonicalForm() {
        let labels: Labels = ["b": "2", "a": "1", "c": "", "b": "3"]
        #expect(labels.map(\.name) == ["a", "b"])
        #expect(labels["b"] == "3")
        #expect(labels["c"] == "" && !labels.contains("c"))
        #expect(labels == ["b": "3", "a": "1"])
        #expect(labels.count == 2)
    }

    @Test("Values are bytes: two spellings of é stay apart")
    func bytes() {
        let composed: Labels = ["name": "caf\u{e9}"]
        let decomposed: Labels = ["name": "cafe\u{301}"]
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    @Test("Order is pairwise by name, then value, as bytes; a prefix comes first")
    func order() {
        let sorted: [Labels] = [
            .empty, ["a": "1"], ["a": "1", "b": "1"], ["a": "1", "b": "2"], ["a": "10"], ["a": "2"], ["aa": "1"],
            ["b": "1"], ["é": "1"],
        ]
        #expect(sorted.reversed().sorted() == sorted)
    }

    @Test("Long values keep their length", arguments: [0, 1, 254, 255, 256, 65_535, 65_536, 16_777_214, 16_777_215])
    func lengths(_ length: Int) {
        let value = String(repeating: "x", count: length)
        let labels: Labels = ["a": "1", "b": value, "c": "3"]
        #expect(labels["b"].utf8.count == length)
        #expect(labels["c"] == "3")
    }

    @Test("Selecting keeps or drops by name")
    func selecting() {
        let labels: Labels = ["__name__": "m", "a": "1", "b": "2"]
        #expect(labels.selecting([Array("a".utf8), Array("z".utf8)], isKept: true) == ["a": "1"])
        #expect(labels.selecting([Array("a".utf8), Array("z".utf8)], isKept: false) == ["__name__": "m", "b": "2"])
        #expect(labels.removing("__name__").setting("b", to: "") == ["a": "1"])
    }

    @Test("Printing follows PromQL, and quotes what is no identifier")
    func printing() {
        func f(_ labels: Labels, _ text: String) { #expect(labels.description == text) }
        f([:], "{}")
        f(["__name__": "up"], "up")
        f(["__name__": "up", "job": "a\"b\\\n"], #"up{job="a\"b\\\n"}"#)
        f(["job": "x", "a": "y"], #"{a="y", job="x"}"#)
        f(["__name__": "http.requests", "service.name": "x"], #"{"http.requests", "service.name"="x"}"#)
    }

    @Test("A label set behaves as a dictionary does, whatever is done to it")
    func model() {
        for seed in Chaos.seeds(6...6) { agrees(seed) }
    }

    private func agrees(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var builder = LabelsBuilder()
            var model: [String: String] = [:]
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let name = ["a", "b", "cc", "ddd", "é"].randomElement(using: &random) ?? "a"
                let value = ["", "1", "2", String(repeating: "v", count: 300)].randomElement(using: &random) ?? ""
                builder.set(name, value)
                model[name] = value.isEmpty ? nil : value
            }
            let labels = builder.labels
            #expect(Dictionary(uniqueKeysWithValues: labels.map { ($0.name, $0.value) }) == model, "seed \(seed)")
            #expect(LabelsBuilder(labels).labels == labels)
        }
    }
}

@Suite("Label matchers")
struct LabelMatcherTests {
    @Test("Each operation says which values fit; a missing label is empty")
    func matching() throws {
        func f(_ operation: LabelMatcher.Operation, _ value: String, fits: [String], not: [String]) throws {
            let matcher = try LabelMatcher("l", operation, value)
            for candidate in fits { #expect(matcher.matches(candidate), "\(matcher) \(candidate)") }
            for candidate in not { #expect(!matcher.matches(candidate), "\(matcher) \(candidate)") }
            for candidate in fits { #expect(matcher.matches(Array(candidate.utf8)[...])) }
        }
        try f(.equal, "a", fits: ["a"], not: ["", "b", "aa"])
        try f(.notEqual, "a", fits: ["", "b"], not: ["a"])
        try f(.matches, "a|b.*", fits: ["a", "b", "bc\nd"], not: ["", "ab", "xa"])
        try f(.notMatches, "a.+", fits: ["", "a"], not: ["ab"])
        try f(.matches, "", fits: [""], not: ["a"])
        #expect(try LabelMatcher("l", .notEqual, "a").matches(["other": "x"]))
        #expect(try LabelMatcher("l", .matches, ".*").matchesEmpty)
        #expect(throws: (any Error).self) { try LabelMatcher("l", .matches, "a(") }
    }
}
