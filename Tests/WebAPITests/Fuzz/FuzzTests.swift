import APIModel
import Basics
import ChaosTesting
import DatabaseTesting
import HTTPTypes
import JSON
import MetricModel
import Testing
import TimeSeries

@testable import HTTP

/// Mutated requests through the whole API: none is answered with a 5xx, every refusal says where the fault is, and the
/// API serves afterwards as before.
@Suite("Fuzzing")
struct FuzzTests {
    private static let seeds = Chaos.seeds(20_261_125...20_261_125, times: 5)
    /// Fewer where the same requests go to another database, since the parser is the same.
    private static let inputs = TestBackend.chosen == .sqlite || Chaos.isLong ? 10_000 : 3000

    // MARK: Bodies

    @Test("Mutated bodies of projects, tasks, agents, users and logins", arguments: seeds)
    func bodies(seed: UInt64) async throws {
        try await APIHarness.run { api in
            var mutator = JSONMutator(random: SeededGenerator(seed: seed))
            var tally = FuzzTally()
            var targets = try await FuzzTargets(api)
            for round in 0..<Self.inputs {
                let target = targets.next(round, &mutator)
                let body = mutator.mutated(target.body)
                let input = "\(target.method) \(target.path) " + String(decoding: body, as: UTF8.self)
                let reply = try await tally.note(input) {
                    try await api.send(
                        target.method,
                        target.path,
                        as: target.who,
                        bytes: body,
                        target.fields,
                        from: "10.\(round >> 16 & 255).\(round >> 8 & 255).\(round & 255)"
                    )
                }
                let fault = Self.fault(of: reply)
                #expect(fault == nil, "seed \(seed), round \(round): \(input.prefix(2000))\n\(reply.text.prefix(500))")
                try targets.learn(reply, from: target)
            }
            print(tally.summary("bodies", seed: seed))
            #expect(tally.acceptedShare >= 0.3)
            try await Self.expectService(api)
        }
    }

    // MARK: Expressions

    @Test("Mutated PromQL expressions, instant and over ranges", arguments: seeds)
    func expressions(seed: UInt64) async throws {
        try await APIHarness.run(samplesMax: 200_000) { api in
            try Self.fill(api)
            var mutator = ExpressionMutator(random: SeededGenerator(seed: seed))
            var tally = FuzzTally()
            for round in 0..<Self.inputs {
                let text = mutator.next()
                var parameters = [("query", text)]
                let isRange = mutator.chance(2)
                let now = APIHarness.start.milliseconds / 1000
                if isRange {
                    let steps: Int64 = mutator.pick([0, 1, 7, 20, 20, 20])
                    parameters += [("start", "\(now - steps * 15)"), ("end", "\(now)"), ("step", "15")]
                } else if mutator.chance(3) {
                    parameters.append(("time", mutator.pick(["\(now)", "0", "\(now).123", "2023-11-14T22:13:20Z"])))
                }
                let form = parameters.map { "\($0)=\(FuzzTargets.escaped(Array($1.utf8)))" }.joined(separator: "&")
                let path = "/prometheus/api/v1/" + (isRange ? "query_range" : "query")
                let isPost = mutator.chance(2) || form.utf8.count > 4000
                let reply = try await tally.note("\(isRange ? "range" : "instant") \(text)") {
                    try await isPost
                        ? api.send(
                            .post,
                            path,
                            as: .administrator,
                            bytes: Array(form.utf8),
                            [.contentType: "application/x-www-form-urlencoded"]
                        ) : api.send(.get, path + "?" + form, as: .administrator, bytes: nil)
                }
                let fault = Self.queryFault(of: reply)
                #expect(fault == nil, "seed \(seed), round \(round): \(text.prefix(2000))\n\(reply.text.prefix(500))")
            }
            print(tally.summary("expressions", seed: seed))
            #expect(tally.acceptedShare >= 0.3)
            try await Self.expectService(api)
        }
    }

    // MARK: The rest of a request

    @Test("Mutated cursors, parameters, paths, tokens and header fields", arguments: seeds)
    func edges(seed: UInt64) async throws {
        try await APIHarness.run(samplesMax: 200_000) { api in
            try Self.fill(api)
            var edges = try await FuzzEdges(api, seed: seed)
            var tally = FuzzTally()
            for round in 0..<min(3000, Self.inputs) {
                let request = edges.next()
                let reply = try await tally.note("\(request)") {
                    try await api.send(
                        request.method,
                        request.path,
                        as: request.who,
                        bytes: request.body.map { Array($0.utf8) },
                        request.fields
                    )
                }
                let fault = request.path.hasPrefix("/prometheus") ? Self.queryFault(of: reply) : Self.fault(of: reply)
                #expect(fault == nil, "seed \(seed), round \(round): \(request)\n\(reply.text.prefix(500))")
            }
            print(tally.summary("parameters and header fields", seed: seed))
            #expect(tally.acceptedShare >= 0.3)
            try await Self.expectService(api)
        }
    }

    // MARK: What every answer owes

    /// What is wrong with an answer of the resources; nil when nothing is.
    private static func fault(of reply: Reply) -> String? {
        guard reply.status >= 400 else { return nil }
        guard reply.status < 500 else { return "status \(reply.status)" }
        guard reply["Content-Type"] == MediaType.problem.rawValue else { return "no problem" }
        let places = reply.json?["errors"]?.array ?? []
        switch reply.problem?.split(separator: " ").first {
        case "malformed_json":
            guard places.contains(where: { $0["pointer"]?.string != nil }) else { return "a fault without a pointer" }
            let isPlaced = reply.string("detail")?.contains(/at byte [0-9]+|a body is required/) ?? false
            return isPlaced ? nil : "a syntax error without its byte"
        case "validation_failed":
            return places.contains { $0["pointer"]?.string != nil } ? nil : "a body's fault without a pointer"
        case "invalid_parameter":
            return places.contains { $0["parameter"]?.string != nil } ? nil : "a parameter's fault without its name"
        case nil: return "a problem without a type"
        default: return nil
        }
    }

    /// What is wrong with an answer of the query API; nil when nothing is.
    private static func queryFault(of reply: Reply) -> String? {
        guard reply.status >= 400 else { return reply.string("status") == "success" ? nil : "no success" }
        guard reply.status < 500 else { return "status \(reply.status)" }
        guard reply.string("status") == "error", let text = reply.string("error"), !text.isEmpty else {
            return "no error's envelope"
        }
        guard reply.string("errorType") == "bad_data", text.hasPrefix("invalid parameter \"query\"") else { return nil }
        let isPlaced = text.contains(/: [0-9]+:[0-9]+: parse error: |unknown position|it is missing/)
        return isPlaced ? nil : "a parse error without its position"
    }

    private static func expectService(_ api: APIHarness) async throws {
        let body = #"{"name":"after","type":"research"}"#
        #expect(try await api.send(.post, "projects", body).status == 201)
        #expect(try await api.send(.get, "projects?limit=1").items("id").count == 1)
        let answer = try await api.send(.get, "/prometheus/api/v1/query?query=vector(1)")
        #expect(answer.status == 200 && answer.text.contains("\"1\""))
    }

    /// Puts a quarter of an hour of samples into the store.
    private static func fill(_ api: APIHarness) throws {
        func series(_ name: String, _ labels: [String: String]) -> Labels {
            Labels([Label(Label.metricName, name)] + labels.map { Label($0.key, $0.value) })
        }
        var all = [
            series("up", ["job": "kaskman"]), series("g", ["job": "a", "zone": "eu"]), series("g", ["job": "b"]),
        ]
        for zone in ["eu", "us"] {
            for job in ["a", "b", "x"] { all.append(series("m_total", ["zone": zone, "job": job])) }
        }
        for bound in ["0.1", "1", "10", "+Inf"] { all.append(series("h_seconds_bucket", ["job": "a", "le": bound])) }
        for step in 0...60 {
            let time = APIHarness.start.milliseconds - Int64((60 - step) * 15_000)
            let samples = all.enumerated().map { index, labels in
                LabeledSample(labels: labels, timestamp: time, value: Double((index + 1) * step))
            }
            #expect(try api.head.append(samples).isEmpty)
        }
    }
}
