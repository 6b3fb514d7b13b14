import CoreMetrics
import Instruments
import MetricModel
import Testing

private struct RouteLabels: MetricLabels {
    static let names = ["method", "code"]
    let method: String
    let code: Int
    var values: [String] { [method, String(code)] }
}

private enum Outcome: String, MetricLabel {
    static let name = "outcome"
    case success, failure
}

extension RegistrySnapshot {
    /// `text of the series = value`, in order.
    fileprivate var lines: [String] {
        families.filter { $0.metadata.name != "kaskman_registry_overflowed_label_sets_total" }.flatMap { family in
            family.values.enumerated().map { String(decoding: family.list.prefix(at: $0), as: UTF8.self) + "\($1)" }
        }
    }
}

@Suite("The metrics registry")
struct RegistryTests {
    @Test("Counters only go up")
    func counters() {
        let registry = Registry()
        let counter = registry.counter("a_total", help: "A.")
        counter.increment()
        counter.increment(by: 5)
        counter.increment(by: 0.5)
        counter.increment(by: -3)
        counter.increment(by: -0.5)
        counter.increment(by: Double.nan)
        #expect(counter.value == 6.5)
    }

    @Test("Gauges go both ways, and may be read by a closure")
    func gauges() {
        let registry = Registry()
        let gauge = registry.gauge("g", help: "G.")
        gauge.set(10)
        gauge.increment()
        gauge.add(-2.5)
        gauge.decrement()
        registry.gauge("h", help: "H.") { 42 }
        #expect(registry.snapshot().lines == ["g 7.5", "h 42.0"])
    }

    @Test("A histogram's buckets are cumulative, bounds inclusive, NaN ignored")
    func histograms() {
        let registry = Registry()
        let histogram = registry.histogram("d_seconds", help: "D.", buckets: [0.1, 1, 10])
        for value in [0.05, 0.1, 0.5, 1, 5, 100, .nan] { histogram.observe(value) }
        #expect(
            registry.snapshot().lines == [
                #"d_seconds_bucket{le="0.1"} 2.0"#, #"d_seconds_bucket{le="1.0"} 4.0"#,
                #"d_seconds_bucket{le="10.0"} 5.0"#, #"d_seconds_bucket{le="+Inf"} 6.0"#, "d_seconds_sum 106.65",
                "d_seconds_count 6.0",
            ]
        )
    }

    @Test("A snapshot is sorted by name and labels, and escapes values")
    func snapshot() {
        let registry = Registry()
        let requests = registry.counter("b_total", help: "B.", labels: RouteLabels.self)
        requests[RouteLabels(method: "PUT", code: 200)].increment()
        requests[RouteLabels(method: "GET\n\"\\", code: 500)].increment(by: 2)
        requests[RouteLabels(method: "GET", code: 200)].increment(by: 3)
        let outcomes = registry.counter("a_total", help: "A.", labels: Outcome.self)
        outcomes[.success].increment()
        #expect(
            registry.snapshot().lines == [
                #"a_total{outcome="success"} 1.0"#, #"b_total{code="200",method="GET"} 3.0"#,
                #"b_total{code="200",method="PUT"} 1.0"#, #"b_total{code="500",method="GET\n\"\\"} 2.0"#,
            ]
        )
    }

    @Test("The same metric asked for twice is one; its series keep their identity")
    func identity() {
        let registry = Registry()
        let first = registry.counter("a_total", help: "A.", labels: Outcome.self)
        let second = registry.counter("a_total", help: "A.", labels: Outcome.self)
        #expect(first === second && first[.success] === second[.success])
        let before = registry.snapshot().families.last?.series.map(\.number)
        first[.failure].increment()
        let after = registry.snapshot().families.first?.series
        #expect(after?.count == 2)
        #expect(before?.allSatisfy { number in after?.contains { $0.number == number } ?? false } ?? false)
    }

    @Test("Beyond its ceiling a family counts in an overflow series, and that is counted too")
    func ceiling() {
        let registry = Registry(seriesPerFamilyMax: 3)
        let requests = registry.counter("a_total", help: "A.", labels: RouteLabels.self)
        for code in 0..<10 { requests[RouteLabels(method: "GET", code: code)].increment() }
        #expect(requests.count == 3)
        #expect(registry.snapshot().lines.contains(#"a_total{code="overflow",method="overflow"} 7.0"#))
        let overflowed = registry.snapshot().families.first {
            $0.metadata.name == "kaskman_registry_overflowed_label_sets_total"
        }
        #expect(overflowed?.values == [7])
    }

    @Test("Registering a metric in two ways is a bug and traps")
    func conflict() async {
        await #expect(processExitsWith: .failure) {
            let registry = Registry()
            _ = registry.counter("a_total", help: "A.")
            _ = registry.gauge("a_total", help: "A.")
        }
    }

    @Test("Children are found and made by many tasks at once without losing a count")
    func concurrency() async {
        let registry = Registry()
        let requests = registry.counter("a_total", help: "A.", labels: RouteLabels.self)
        let histogram = registry.histogram("d_seconds", help: "D.")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for code in 0..<4000 {
                        requests[RouteLabels(method: "GET", code: code % 500)].increment()
                        histogram.observe(0.25)
                    }
                }
            }
        }
        let values = registry.snapshot().families.first { $0.metadata.name == "a_total" }?.values
        #expect(values?.count == 500)
        #expect(values?.allSatisfy { $0 == 64 } ?? false)
        #expect(histogram.reading.cumulativeCounts.last == 32_000)
        #expect(histogram.reading.sum == 8000)
    }
}

@Suite("Collectors")
struct CollectorTests {
    private struct Queues: Collector {
        let families = [MetricMetadata(name: "q", type: .gauge, help: "Q.")]
        func collect(into output: inout CollectorOutput) {
            output.set("q", 2, labels: ["queue": "b"])
            output.set("q", 1, labels: ["queue": "a"])
        }
    }

    @Test("A collector's readings are sorted and keep their identities")
    func collector() {
        let registry = Registry()
        registry.register(Queues())
        let first = registry.snapshot()
        #expect(first.lines == [#"q{queue="a"} 1.0"#, #"q{queue="b"} 2.0"#])
        let numbers = first.families.last?.series.map(\.number)
        #expect(registry.snapshot().families.last?.series.map(\.number) == numbers)
    }

    @Test("The process collector reads this process")
    func process() {
        let registry = Registry()
        registry.register(ProcessCollector())
        let readings = Dictionary(
            uniqueKeysWithValues: registry.snapshot().families.map { ($0.metadata.name, $0.values.first ?? 0) }
        )
        #expect((readings["process_resident_memory_bytes"] ?? 0) > 1_000_000)
        #expect((readings["process_open_fds"] ?? 0) >= 3)
        #expect((readings["process_max_fds"] ?? 0) > 10)
        #expect((readings["process_threads"] ?? 0) >= 1)
        #expect((readings["process_cpu_seconds_total"] ?? 0) > 0)
        #expect((readings["process_start_time_seconds"] ?? 0) > 1_700_000_000)
    }
}

@Suite("The swift-metrics back end")
struct SwiftMetricsTests {
    @Test("What libraries report gets names by the naming guide")
    func names() {
        let registry = Registry()
        let factory = SwiftMetricsFactory(registry: registry)
        factory.makeCounter(label: "http.client-requests", dimensions: [("Status", "200")]).increment(by: 3)
        factory.makeTimer(label: "http.duration", dimensions: []).recordNanoseconds(5_000_000)
        factory.makeMeter(label: "9lives", dimensions: []).set(9.0)
        factory.makeRecorder(label: "pool size", dimensions: [], aggregate: false).record(Int64(4))
        let lines = registry.snapshot().lines
        #expect(lines.contains(#"http_client_requests_total{status="200"} 3.0"#))
        #expect(lines.contains("http_duration_seconds_count 1.0"))
        #expect(lines.contains(#"http_duration_seconds_bucket{le="0.005"} 1.0"#))
        #expect(lines.contains("library_9lives 9.0"))
        #expect(lines.contains("pool_size 4.0"))
    }

    @Test("One label reported with other dimensions or another type becomes a family of its own")
    func conflicts() {
        let registry = Registry()
        let factory = SwiftMetricsFactory(registry: registry)
        factory.makeCounter(label: "x", dimensions: []).increment(by: 1)
        factory.makeCounter(label: "x", dimensions: [("a", "1")]).increment(by: 2)
        factory.makeCounter(label: "x", dimensions: [("a", "2")]).increment(by: 3)
        factory.makeMeter(label: "x_total", dimensions: []).set(4.0)
        #expect(
            registry.snapshot().lines == [
                "x_total 1.0", #"x_total_a_counter{a="1"} 2.0"#, #"x_total_a_counter{a="2"} 3.0"#, "x_total_gauge 4.0",
            ]
        )
    }
}
