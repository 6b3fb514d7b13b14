import Foundation
import Testing

/// The conformance data, when it is there.
enum Conformance {
    static let folder = ProcessInfo.processInfo.environment["KASKMAN_CONFORMANCE"]

    /// A JSON file as dictionaries and arrays; nil (said on the console) without the data.
    static func json(_ path: String) throws -> [String: Any]? {
        guard let folder else {
            print("KASKMAN_CONFORMANCE is not set: \(path) was not run")
            return nil
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    static func cases(_ value: Any?) -> [[String: Any]] { value as? [[String: Any]] ?? [] }

    /// Prints the score and fails below the number that was reached before.
    static func ratchet(_ name: String, passed: Int, of total: Int, atLeast: Int, failures: [String]) {
        print("\(name): \(passed) of \(total) passed (ratchet \(atLeast))")
        for failure in failures.prefix(40) { print("  \(name): \(failure)") }
        #expect(passed >= atLeast, "\(name) fell below its ratchet")
    }
}
