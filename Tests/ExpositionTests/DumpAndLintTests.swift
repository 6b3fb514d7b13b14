import Basics
import ChaosTesting
import MetricModel
import Testing

@testable import Exposition

@Suite("OpenMetrics dump")
struct DumpTests {
    private func labels(_ name: String, _ rest: [String: String] = [:]) -> Labels {
        Labels([Label(Label.metricName, name)] + rest.map { Label($0.key, $0.value) })
    }

    @Test("a page, sorted, without stale markers")
    func page() throws {
        var output: [UInt8] = []
        try OpenMetricsDump.write(
            [
                SeriesColumns(
                    labels: labels("up", ["Z": "1"]),
                    timestamps: [1_700_000_000_123, 1_700_000_015_123],
                    values: [1, .nan]
                ),
                SeriesColumns(labels: labels("gone"), timestamps: [1], values: [StaleMarker.value]),
                SeriesColumns(
                    labels: labels("http_seconds_sum", ["a": "\"\\\n"]),
                    timestamps: [-1500, -5],
                    values: [0.25, .infinity]
                ),
                SeriesColumns(labels: labels("up"), timestamps: [0, 1000], values: [1e21, StaleMarker.value]),
            ],
            into: &output
        )
        #expect(
            String(decoding: output, as: UTF8.self) == #"""
                # TYPE http_seconds_sum unknown
                http_seconds_sum{a="\"\\\n"} 0.25 -1.500
                http_seconds_sum{a="\"\\\n"} +Inf -0.005
                # TYPE up unknown
                up{Z="1"} 1 1700000000.123
                up{Z="1"} NaN 1700000015.123
                up 1e+21 0.000
                # EOF

                """#
        )
    }

    @Test("nothing, and a series without a name")
    func edges() throws {
        var output: [UInt8] = []
        try OpenMetricsDump.write([], into: &output)
        #expect(output == Array("# EOF\n".utf8))
        let unnamed = Labels([Label("a", "b")])
        #expect(throws: OpenMetricsDumpError.unnamedSeries(unnamed)) {
            try OpenMetricsDump.write([SeriesColumns(labels: unnamed, timestamps: [1], values: [1])], into: &output)
        }
        #expect(output == Array("# EOF\n".utf8))
    }

    @Test("a reader that multiplies by 1000 and cuts off gets every millisecond")
    func seconds() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<Chaos.rounds(20_000) {
            let time = Int64.random(in: -2_000_000_000_000...4_000_000_000_000, using: &random)
            var text: [UInt8] = []
            OpenMetricsDump.appendSeconds(time, to: &text)
            let seconds = try #require(Double(String(decoding: text, as: UTF8.self)))
            #expect(Int64(seconds * 1000) == time, "\(time) written as \(String(decoding: text, as: UTF8.self))")
        }
    }
}

@Suite("Exposition lint")
struct LintTests {
    private func findings(_ page: String) throws -> [String] {
        ExpositionLint.findings(in: try ExpositionParser().parse(Array(page.utf8))).map(\.description)
    }

    @Test("faults are found, and only they")
    func rules() throws {
        func f(_ name: String, _ type: String, _ sample: String, _ expected: [String]) throws {
            let page = "# HELP \(name) Help.\n# TYPE \(name) \(type)\n\(sample)\n"
            #expect(try findings(page) == expected.map { "\(name) \($0)" }, "\(page)")
        }
        try f("http_requests_total", "counter", "http_requests_total{code=\"200\"} 1", [])
        try f("x_seconds", "histogram", "x_seconds_bucket{le=\"1\"} 1", [])
        try f("x_seconds", "summary", "x_seconds{quantile=\"1\"} 1", [])
        try f("x_bytes", "counter", "x_bytes 1", ["counter metrics should have \"_total\" suffix"])
        try f("x_total", "gauge", "x_total 1", ["non-counter metrics should not have \"_total\" suffix"])
        try f("x_total", "untyped", "x_total 1", [])
        try f("x_milliseconds", "gauge", "x_milliseconds 1", ["use base unit \"seconds\" instead of \"milliseconds\""])
        try f("x_minutes", "untyped", "x_minutes 1", ["use base unit \"seconds\" instead of \"minutes\""])
        try f("x_megabytes", "gauge", "x_megabytes 1", ["use base unit \"bytes\" instead of \"megabytes\""])
        try f("x_ms", "gauge", "x_ms 1", ["metric names should not contain abbreviated units"])
        try f("ms_x", "gauge", "ms_x 1", [])
        try f("x_bucket", "gauge", "x_bucket 1", ["non-histogram metrics should not have \"_bucket\" suffix"])
        try f(
            "x_count",
            "gauge",
            "x_count 1",
            ["non-histogram and non-summary metrics should not have \"_count\" suffix"]
        )
        try f("x_sum", "gauge", "x_sum 1", ["non-histogram and non-summary metrics should not have \"_sum\" suffix"])
        try f("x", "gauge", "x{le=\"1\"} 1", ["non-histogram metrics should not have \"le\" label"])
        try f("x", "gauge", "x{quantile=\"1\"} 1", ["non-summary metrics should not have \"quantile\" label"])
        try f("x_gauge", "gauge", "x_gauge 1", ["metric name should not include type 'gauge'"])
        try f("gauge_x", "gauge", "gauge_x 1", [])
        try f("a:b", "gauge", "a:b 1", ["metric names should not contain ':'"])
        try f("myName", "gauge", "myName 1", ["metric names should be written in 'snake_case' not 'camelCase'"])
        try f("x", "gauge", "x{myLabel=\"1\"} 1", ["label names should be written in 'snake_case' not 'camelCase'"])
        try f(
            "x_timestamp_seconds",
            "summary",
            "x_timestamp_seconds{quantile=\"1\"} 1",
            [
                "non-gauge metrics should not have \"_timestamp_seconds\" suffix"
            ]
        )
        try f("x", "gauge", "x{a=\"1\",b=\"2\"} 1\nx{b=\"2\",a=\"1\"} 2", ["metric not unique"])
        #expect(try findings("x 1\n") == ["x no help text"])
    }

    @Test("a registry is examined like its page")
    func registry() {
        let snapshot = RegistrySnapshot(families: [
            family("bad", .counter, [(["le": "1"], 1)]),
            family("good_seconds", .histogram, help: "Good.", [(["le": "1"], 1)], seriesName: "good_seconds_bucket"),
        ])
        #expect(ExpositionLint.findings(in: snapshot).map(\.rule) == [.helpMissing, .counterSuffix, .labelReserved])
    }
}
