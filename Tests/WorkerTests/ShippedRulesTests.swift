import Foundation
import Instruments
import MetricModel
import Testing

@testable import Worker

@Suite("Rules for workers")
struct ShippedRulesTests {
    @Test("read metrics that a worker has, with outcomes that it counts")
    func metrics() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "deploy/prometheus/rules/workers.yml"), encoding: .utf8)
        let registry = Registry()
        _ = WorkerMetrics(registry, concurrency: 1)
        let names = Set(registry.metadata.map(\.name))
        let outcomes: [Substring: [String]] = [
            "kaskman_worker_lease_requests_total": WorkerMetrics.Asked.allCases.map(\.rawValue),
            "kaskman_worker_renewals_total": WorkerMetrics.Renewed.allCases.map(\.rawValue),
            "kaskman_worker_log_lines_total": WorkerMetrics.Sent.allCases.map(\.rawValue),
            "kaskman_worker_metric_pushes_total": WorkerMetrics.Sent.allCases.map(\.rawValue),
            "kaskman_worker_artefacts_total": WorkerMetrics.Sent.allCases.map(\.rawValue),
        ]
        let reads = text.matches(of: /(kaskman_worker_[a-z_]+)(?:\{outcome="([a-z]+)"\})?/)
        #expect(reads.count > 5)
        for read in reads {
            #expect(names.contains(String(read.1)), "there is no metric \(read.1)")
            guard let outcome = read.2 else { continue }
            #expect(outcomes[read.1]?.contains(String(outcome)) == true, "\(read.1) has no outcome \(outcome)")
        }
    }
}
