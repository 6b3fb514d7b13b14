import Foundation

/// The conformance data of PromQL, which lies outside of the package: `KASKMAN_CONFORMANCE` names its folder.
enum ConformanceData {
    static let folder = ProcessInfo.processInfo.environment["KASKMAN_CONFORMANCE"]
    static var isPresent: Bool {
        if folder == nil { print("PromQL conformance: not run, KASKMAN_CONFORMANCE is not set") }
        return folder != nil
    }

    static func json(_ name: String) throws -> [String: Any] {
        let url = URL(fileURLWithPath: (folder ?? "") + "/promql/" + name)
        let object = try JSONSerialization.jsonObject(with: try Data(contentsOf: url))
        guard let dictionary = object as? [String: Any] else { throw CocoaError(.coderReadCorrupt) }
        return dictionary
    }

    static func cases(_ name: String, _ list: String) throws -> [[String: Any]] {
        try json(name)[list] as? [[String: Any]] ?? []
    }

    /// A query, written out or as parts with counts.
    static func input(_ entry: [String: Any]) -> String {
        if let parts = entry["input_repeat"] as? [[Any]] {
            return parts.map { part in
                String(repeating: part.first as? String ?? "", count: part.last as? Int ?? 0)
            }.joined()
        }
        return entry["input"] as? String ?? entry["in"] as? String ?? ""
    }

    static func isNull(_ value: Any) -> Bool { value is NSNull }

    /// The lines of all evaluation scripts, blanks at both ends cut off; an empty line between the scripts.
    static func scriptLines() throws -> [Substring] {
        let root = (folder ?? "") + "/promql"
        let names = try FileManager.default.contentsOfDirectory(atPath: root).filter { $0.hasSuffix(".test") }.sorted()
        return try names.flatMap { name in
            let text = try String(contentsOfFile: root + "/" + name, encoding: .utf8) + "\n"
            return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                Substring(line.trimmingCharacters(in: .whitespaces))
            }
        }
    }

    static func bytes(base64: String) -> [UInt8]? {
        Data(base64Encoded: base64).map { Array($0) }
    }

    /// A number, or `"NaN"`, `"+Inf"`, `"-Inf"`.
    static func number(_ value: Any?) -> Double? {
        if let number = value as? NSNumber { return number.doubleValue }
        switch value as? String {
        case "NaN": return .nan
        case "+Inf": return .infinity
        case "-Inf": return -.infinity
        default: return nil
        }
    }
}

/// Counts cases and says at the end how many passed.
struct Tally {
    let name: String
    var passed = 0
    var failures: [String] = []

    mutating func record(_ problem: String?, _ what: String) {
        if let problem { failures.append("\(what)\n      \(problem)") } else { passed += 1 }
    }

    func report() {
        print("\(name): \(passed) passed, \(failures.count) failed")
        for failure in failures { print("  ✗ \(failure)") }
    }
}
