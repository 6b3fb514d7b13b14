import Exposition
import Instruments
import MetricModel

/// Counting, looking children up, observing and exposing, beside client_golang.
struct InstrumentBenchmarks {
    private struct RequestLabels: MetricLabels {
        static let names = ["method", "route", "code"]
        let method: String
        let route: String
        let code: String
        var values: [String] { [method, route, code] }
    }

    private struct ShardLabels: MetricLabels {
        static let names = ["instance", "shard"]
        let values: [String]
    }

    /// Which rows are wanted.
    let isWanted: (String) -> Bool
    /// What client_golang reads, in nanoseconds an operation.
    let theirs: [String: Double]

    func run(_ report: inout Report) {
        func peer(_ name: String, scale: Double = 1) -> Measurement.Peer {
            Measurement.Peer(name: "client_golang", figure: theirs[name].map { $0 * scale })
        }
        func add(_ id: String, _ peerName: String, goal: Measurement.Goal?, _ measure: () -> Double) {
            guard isWanted(id) else { return }
            report.add(Measurement(id: id, ours: measure(), unit: "ns", peer: peer(peerName), goal: goal))
        }
        add("metrics.counter_increment", "increment", goal: .peer, increment)
        add("metrics.labelled_lookup", "lookup", goal: nil, lookup)
        add("metrics.histogram_observe", "observe", goal: .peer, observe)
        let id = "metrics.exposition_10000_series"
        guard isWanted(id) else { return }
        let (milliseconds, bytes) = exposition()
        let page = peer("exposition", scale: 1e-6)
        report.add(Measurement(id: id, ours: milliseconds, unit: "ms", peer: page, goal: .atMost(2)))
        report.note("the page of 10,000 series has \(bytes) bytes")
    }

    private func increment() -> Double {
        let counter = Registry().counter("bench_plain_total", help: "A counter.")
        return Rounds.nanoseconds(operations: 20_000_000) { operations in
            for _ in 0..<operations { counter.increment() }
        }
    }

    private func lookup() -> Double {
        let family = Registry().counter("bench_requests_total", help: "Requests.", labels: RequestLabels.self)
        let methods = ["GET", "POST"]
        let routes = ["/api/v1/projects", "/api/v1/projects/{id}", "/api/v1/agents", "/api/v1/health"]
        let codes = ["200", "404"]
        return Rounds.nanoseconds(operations: 2_000_000) { operations in
            for i in 0..<operations {
                let labels = RequestLabels(method: methods[i & 1], route: routes[i >> 1 & 3], code: codes[i >> 3 & 1])
                family[labels].increment()
            }
        }
    }

    private func observe() -> Double {
        let histogram = Registry().histogram("bench_duration_seconds", help: "Durations.")
        let values = (0..<1024).map { Double($0 * 7919 % 1024) / 512 * 0.1 }
        return Rounds.nanoseconds(operations: 10_000_000) { operations in
            for i in 0..<operations { histogram.observe(values[i & 1023]) }
        }
    }

    private func exposition() -> (milliseconds: Double, bytes: Int) {
        let registry = Registry()
        for family in 0..<100 {
            let counters = registry.counter(
                "bench_family_\(family)_total",
                help: "One of many families.",
                labels: ShardLabels.self
            )
            for shard in 0..<100 {
                let labels = ShardLabels(values: ["host-\(shard / 10)", "\(shard)"])
                counters[labels].increment(by: Double(family * 100 + shard) + 0.25 * Double(shard & 1))
            }
        }
        var page: [UInt8] = []
        let nanoseconds = Rounds.nanoseconds(operations: 20) { operations in
            for _ in 0..<operations {
                page.removeAll(keepingCapacity: true)
                TextExposition.encode(registry.snapshot(), into: &page)
            }
        }
        return (nanoseconds / 1e6, page.count)
    }
}
