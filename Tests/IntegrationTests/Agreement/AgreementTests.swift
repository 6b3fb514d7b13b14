import ChaosTesting
import Exposition
import Foundation
import MetricModel
import Testing

extension Integration {
    @Suite("Agreement with Prometheus", .serialized, .onSQLite("expressions do not ask the database"))
    struct AgreementTests {
        private static let seed = Chaos.seeds(20_260_101...20_260_101, times: 2).last ?? 20_260_101
        private static let expressionsMax = Chaos.rounds(300, times: 5)
        /// Samples of each series before the comparison begins: about 30 seconds.
        private static let samplesMin = 150.0
        /// How long after the first sample the last series begins.
        private static let lateness: Int64 = 2000

        /// The samples of a run, and the times at which they can be asked about.
        private struct Recording {
            let series: [SeriesColumns]
            let families: [ShippedExpressions.Family]
            /// Evaluation times; no range, offset or step in whole seconds leads from them to a sample's time.
            let times: [Int64]
            /// See ``ShippedExpressions``.
            let evasion: Int
        }

        @Test("Generated expressions over a run's samples agree with Debian's Prometheus, instant and range")
        func expressions() async throws {
            let folder = try TemporaryFolder()
            let settings = [
                "sampler.interval": "200ms", "limits.address_requests_per_minute": "0", "log.level": "notice",
            ]
            try await Server.run(in: folder, settings) { server in
                let recording = try await record(server)
                try await load(recording.series, into: folder)
                let configuration = "global: {scrape_interval: 1h}\n"
                try await DebianPrometheus.run(in: folder, configuration: configuration, data: "blocks") { prometheus in
                    try await compare(server.prometheus, prometheus, recording)
                }
            }
        }

        // MARK: The recording

        private func record(_ server: Server) async throws -> Recording {
            let api = server.prometheus
            try await eventually("enough samples", within: .seconds(60)) {
                // The traffic that the samples tell of.
                for target in ["/api/v1/health", "/metrics", "/nowhere", "/api/v1/health/ready"] {
                    _ = try await server.get(target)
                }
                _ = try await api.instant("sum(")
                return try await api.value("count_over_time(up[5m])") ?? 0 >= Self.samplesMin
            }
            let now = Int64(try #require(try await api.value("time()")) * 1000)
            let answer = try await api.instant(#"{__name__=~".+"}[5m]"#, at: now)
            #expect(answer.error == "")
            let series = answer.series.map { key, points in
                SeriesColumns(
                    labels: Labels((answer.labels[key] ?? [:]).map { Label($0.key, $0.value) }),
                    timestamps: points.map(\.milliseconds),
                    values: points.map(\.value)
                )
            }
            let stamps = Set(series.flatMap(\.timestamps))
            let phases = Set(stamps.map { $0 % 1000 })
            let free = (1...998).filter { phase in (-1...1).allSatisfy { !phases.contains(Int64(phase + $0)) } }
            let phase = Int64(try #require(free.randomElement(), "a millisecond of the second without samples"))
            let first = try #require(stamps.min())
            let last = now / 1000 * 1000 - 4000 + phase
            // At the beginning of a series 2.42 extrapolates a rate in another way than 3.x: no range reaches there.
            let begin = first / 1000 * 1000 + Self.lateness + ShippedExpressions.reach + 1000 + phase
            let times = stride(from: begin, through: last, by: 1000).map { $0 }
            print(
                "\(series.count) series, \(series.map(\.count).reduce(0, +)) samples, \(times.count) times at .\(phase)"
            )
            return Recording(
                series: series,
                families: try await families(api, answer),
                times: times,
                evasion: 1000 - (try #require(free.last))
            )
        }

        private func families(_ api: PrometheusAPI, _ answer: PrometheusAPI.Answer) async throws -> [ShippedExpressions
            .Family]
        {
            let metadata = try #require(try await api.get("metadata")["data"] as? [String: [[String: Any]]])
            var labels: [String: [String: Set<String>]] = [:]
            for set in answer.labels.values {
                guard let name = set["__name__"] else { continue }
                let base =
                    metadata[name] == nil ? String(name.prefix(upTo: name.lastIndex(of: "_") ?? name.endIndex)) : name
                for (label, value) in set where !["__name__", "job", "instance", "le"].contains(label) {
                    labels[base, default: [:]][label, default: []].insert(value)
                }
            }
            return metadata.sorted { $0.key < $1.key }.compactMap { name, entries in
                let values = (labels[name] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
                guard answer.labels.values.contains(where: { $0["__name__"]?.hasPrefix(name) == true }) else {
                    return nil
                }
                // Regular expressions and their escapes are another test's subject.
                let plain = values.filter {
                    $0.1.allSatisfy { value in value.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }
                }
                return ShippedExpressions.Family(
                    name: name,
                    type: entries.first?["type"] as? String ?? "",
                    labels: plain.map { (name: $0.0, values: $0.1) }
                )
            }
        }

        /// Makes Prometheus' blocks of the samples.
        private func load(_ series: [SeriesColumns], into folder: TemporaryFolder) async throws {
            var page: [UInt8] = []
            try OpenMetricsDump.write(series, into: &page)
            let dump = try folder.write(String(decoding: page, as: UTF8.self), to: "dump.om")
            let run = try await ChildProcess.run(
                "/usr/bin/promtool",
                ["tsdb", "create-blocks-from", "openmetrics", dump, folder.path + "/blocks"],
                directory: folder.path
            )
            #expect(run.exit == .success, "\(run.output)")
        }

        // MARK: The comparison

        private func compare(_ ours: PrometheusAPI, _ theirs: PrometheusAPI, _ recording: Recording) async throws {
            var generator = ShippedExpressions(
                seed: Self.seed,
                families: recording.families,
                times: recording.times.suffix(recording.times.count / 2),
                evasion: recording.evasion
            )
            let times = recording.times
            let half = try #require(times.dropFirst(times.count / 2).first)
            let start = try #require(times.first)
            let end = try #require(times.last)
            var agreed = 0
            var refused = 0
            var empty = 0
            var differences: [String] = []
            for number in 0..<Self.expressionsMax {
                let expression = generator.next()
                let time = times[(number * 7) % times.count]
                let instant = (
                    try await ours.instant(expression, at: time), try await theirs.instant(expression, at: time)
                )
                let from = number.isMultiple(of: 2) ? half : start
                let step = Int64(1000 * (1 + number % 2))
                let range = (
                    try await ours.range(expression, from: from, through: end, step: step),
                    try await theirs.range(expression, from: from, through: end, step: step)
                )
                let found = [
                    AnswerComparison.difference(instant.0, instant.1).map { "instant at \(time): \($0)" },
                    AnswerComparison.difference(range.0, range.1).map { "range: \($0)" },
                ].compactMap { $0 }
                if found.isEmpty {
                    agreed += 1
                } else {
                    differences.append("\(expression)\n    " + found.joined(separator: "\n    "))
                }
                if !range.1.error.isEmpty { refused += 1 } else if range.1.series.isEmpty { empty += 1 }
            }
            print(
                "seed \(Self.seed); constructs: "
                    + generator.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
                        separator: ", "
                    )
            )
            print("\(agreed) of \(Self.expressionsMax) agree (\(refused) refused by both, \(empty) without a result)")
            for difference in differences { Issue.record("\(difference)") }
            #expect(agreed == Self.expressionsMax)
            #expect(refused + empty < Self.expressionsMax / 3, "most expressions have a result")
        }
    }
}
