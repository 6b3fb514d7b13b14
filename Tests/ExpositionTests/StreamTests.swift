import Basics
import ChaosTesting
import Foundation
import MetricModel
import Testing

@testable import Exposition

/// Cases of the lenient parser that must pass; rises, never falls.
private let streamPassedMin = 22

/// All entries of a page as dictionaries in the form of the data.
private func entries(_ page: [UInt8]) throws(ExpositionStreamError) -> [NSDictionary] {
    var stream = ExpositionStream(page)
    var entries: [NSDictionary] = []
    while let entry = try stream.next() {
        switch entry {
        case .help(let metric, let text): entries.append(["kind": "help", "metric": metric, "help": text])
        case .type(let metric, let type): entries.append(["kind": "type", "metric": metric, "type": type.rawValue])
        case .comment(let text): entries.append(["kind": "comment", "text": text])
        case .sample(let value, let timestamp):
            let series = String(decoding: stream.seriesText, as: UTF8.self)
            let labels = Dictionary(uniqueKeysWithValues: stream.labels().map { ($0.name, $0.value) })
            let object: NSMutableDictionary = ["kind": "series", "series": series, "labels": labels]
            object["value"] = value.isFinite ? value as Any : FloatText.shortest(value)
            if let timestamp { object["timestamp_ms"] = timestamp }
            entries.append(object)
        }
    }
    return entries
}

@Suite("Lenient text stream")
struct StreamTests {
    @Test("the lenient parser's cases")
    func conformance() throws {
        guard let folder = ProcessInfo.processInfo.environment["KASKMAN_CONFORMANCE"] else {
            print("exposition stream: not run, KASKMAN_CONFORMANCE is not set")
            return
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/exposition/text.json"))
        let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let cases = try #require(root["stream"] as? [[String: Any]])
        var passed = 0
        for (index, object) in cases.enumerated() {
            let text = (object["input"] as? String).map { Array($0.utf8) }
            let page = try text ?? Array(#require(Data(base64Encoded: object["input_base64"] as? String ?? "")))
            if let fault = fault(page, object) {
                print("exposition stream \(index): \(fault)")
            } else {
                passed += 1
            }
        }
        print("exposition stream: \(passed) passed, \(cases.count - passed) failed")
        #expect(passed >= min(streamPassedMin, cases.count))
    }

    private func fault(_ page: [UInt8], _ object: [String: Any]) -> String? {
        let isRight = object["ok"] as? Bool ?? false
        do throws(ExpositionStreamError) {
            let found = try entries(page)
            guard isRight else { return "accepted, but expected \(object["error"] ?? "")" }
            guard let expected = object["entries"] as? [[String: Any]] else { return nil }
            for (one, other) in zip(found, expected) {
                let wanted = NSMutableDictionary(dictionary: other)
                wanted.removeObject(forKey: "labels_with_type_and_unit")
                if !wanted.isEqual(one) { return "expected \(wanted), found \(one)" }
            }
            return found.count == expected.count ? nil : "expected \(expected.count) entries, found \(found.count)"
        } catch {
            if isRight { return "refused: \(error)" }
            return error.description == object["error"] as? String
                ? nil : "expected \(object["error"] ?? ""), found \(error)"
        }
    }

    @Test("entries in order")
    func order() throws {
        var stream = ExpositionStream(
            Array("# TYPE h histogram\n\nh_bucket{le=\"1\" a=\"x\\\"\\q\"} 3 -5\n{\"a.b\"} +Inf".utf8)
        )
        #expect(try stream.next() == .type(metric: "h", .histogram))
        #expect(try stream.next() == .sample(value: 3, timestamp: -5))
        #expect(stream.labels() == Labels([Label("__name__", "h_bucket"), Label("le", "1.0"), Label("a", "x\"\\q")]))
        #expect(Array(stream.seriesText) == Array("h_bucket{le=\"1\" a=\"x\\\"\\q\"}".utf8))
        #expect(try stream.next() == .sample(value: .infinity, timestamp: nil))
        #expect(stream.labels() == Labels([Label("__name__", "a.b")]))
        #expect(try stream.next() == nil)
    }

    @Test("mutated pages end or are refused, never crash")
    func mutations() {
        let page = Array(
            "# HELP a b\\n\n# TYPE a summary\na{quantile=\"0.5\", b=\"c\\\\\"} 1.5 12\n{\"x y\",z=\"\"} NaN\n# c".utf8
        )
        let seeds = Chaos.seeds(1...10_000)
        var refused = 0
        for seed in seeds {
            var random = SeededGenerator(seed: seed)
            var bytes = page
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                bytes[position] = Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : bytes[0]
                if bytes.count > 10 && Bool.random(using: &random) {
                    bytes.removeLast(Int.random(in: 0...3, using: &random))
                }
            }
            do { _ = try entries(bytes) } catch { refused += 1 }
        }
        #expect(refused > 1000 && refused < seeds.count)
    }
}
