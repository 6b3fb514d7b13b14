import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import TimeSeries

@Suite("Label index")
struct IndexTests {
    @Test("lists are intersected, subtracted and joined like sets", arguments: Chaos.seeds(1...200))
    func postings(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func list(_ countMax: Int) -> [UInt32] {
            let count = Int.random(in: 0...countMax, using: &random)
            return Set((0..<count).map { _ in UInt32.random(in: 0..<500, using: &random) }).sorted()
        }
        let (left, right) = (list(seed % 2 == 0 ? 8 : 300), list(300))
        #expect(Postings.intersection(left, right) == Set(left).intersection(right).sorted(), "SEED=\(seed)")
        #expect(Postings.intersection(right, left) == Set(left).intersection(right).sorted(), "SEED=\(seed)")
        #expect(Postings.subtracting(left, right) == Set(left).subtracting(right).sorted(), "SEED=\(seed)")
        let rest = Postings.subtracting(left, right)
        #expect(Postings.union([rest, right]) == Set(left).union(right).sorted(), "SEED=\(seed)")
        var inserted: [UInt32] = []
        for slot in Set(left) { Postings.insert(slot, into: &inserted) }
        #expect(inserted == left, "SEED=\(seed)")
    }

    @Test("matchers find series; a missing label counts as empty")
    func matchers() throws {
        var index = LabelIndex()
        let all = [
            series("up", ["job": "api", "zone": "eu-1"]),
            series("up", ["job": "web"]),
            series("up", ["job": "apis", "zone": "eu-2"]),
            series("down", ["job": "api"]),
        ]
        for (slot, labels) in all.enumerated() { index.insert(labels, at: UInt32(slot)) }
        func f(_ matchers: [(String, LabelMatcher.Operation, String)], _ expected: [UInt32]) throws {
            let built = try matchers.map { try LabelMatcher($0.0, $0.1, $0.2) }
            #expect(index.slots(matching: built) == expected, "\(built)")
        }
        try f([], [0, 1, 2, 3])
        try f([("__name__", .equal, "up")], [0, 1, 2])
        try f([("__name__", .equal, "up"), ("job", .equal, "api")], [0])
        try f([("job", .matches, "api.*")], [0, 2, 3])
        try f([("job", .matches, "api|web")], [0, 1, 3])
        try f([("job", .notEqual, "api")], [1, 2])
        try f([("job", .notMatches, "api.*")], [1])
        try f([("zone", .equal, "")], [1, 3])
        try f([("zone", .notEqual, "")], [0, 2])
        try f([("zone", .matches, "")], [1, 3])
        try f([("zone", .matches, "|eu-1")], [0, 1, 3])
        try f([("zone", .matches, ".+")], [0, 2])
        try f([("zone", .notMatches, ".+")], [1, 3])
        try f([("zone", .notMatches, "eu-1")], [1, 2, 3])
        try f([("missing", .equal, "")], [0, 1, 2, 3])
        try f([("missing", .equal, "x")], [])
        try f([("missing", .notEqual, "x")], [0, 1, 2, 3])
        try f([("missing", .notEqual, "")], [])
        try f([("missing", .matches, ".*")], [0, 1, 2, 3])
        try f([("job", .equal, "api"), ("job", .notEqual, "api")], [])
        index.remove([0, 3])
        try f([], [1, 2])
        try f([("job", .matches, "api.*")], [2])
        try f([("__name__", .equal, "down")], [])
        #expect(index.pairCount == 4)
        index.insert(all[3], at: 0)
        try f([("job", .equal, "api")], [0])
        index.remove([0, 1, 2])
        #expect(index.pairCount == 0)
    }

    @Test("label sets are ordered as by <, also where lengths need more bytes", arguments: Chaos.seeds(1...30))
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let sets = (0..<40).map { _ in
            Labels(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    let length = [1, 1, 2, 3, 9, 254, 255, 256, 300].randomElement(using: &random) ?? 1
                    let name = ["a", "aa", "ab", "b", "\u{1}", "é"].randomElement(using: &random) ?? "a"
                    let tail = ["", "a", "b", "\u{0}"].randomElement(using: &random) ?? ""
                    return Label(name, String(repeating: "x", count: length) + tail)
                }
            )
        }
        for left in sets {
            for right in sets {
                #expect(
                    LabelOrder.precedes(left.packed, right.packed) == (left < right),
                    "SEED=\(seed) \(left) \(right)"
                )
            }
        }
    }
}
