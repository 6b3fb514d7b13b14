import Foundation
import PromQL
import Testing

/// Scripts that must pass or fail: what the runner itself is measured by.
@Suite struct RunnerSelfTests {
    private struct Case: Decodable {
        var name: String
        var script: String
        var ok: Bool
    }

    private struct File: Decodable {
        var scripts: [Case]
    }

    /// How many scripts end as they should: those that need native histograms cannot yet.
    private static let agreedMin = 60

    @Test func scriptsEndAsTheyShould() throws {
        guard let folder = ProcessInfo.processInfo.environment["KASKMAN_CONFORMANCE"] else {
            print("runner self-test did not run: KASKMAN_CONFORMANCE is not set")
            return
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/promql/runner_selftest.json"))
        let cases = try JSONDecoder().decode(File.self, from: data).scripts
        var agreed = 0
        for one in cases {
            let report = ScriptRunner().run(one.script)
            if report.isPassed == one.ok {
                agreed += 1
            } else {
                print("    \(one.name): expected \(one.ok), \(report.problems + report.failures)")
                #expect(one.script.contains("{{"), "\(one.name)")
            }
        }
        print("runner_selftest.json: \(agreed) of \(cases.count) as expected")
        #expect(agreed >= Self.agreedMin)
    }
}
