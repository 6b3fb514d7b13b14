import APIModel
import Basics
import ChaosTesting
import DatabaseTesting
import HTTPTypes
import JSON
import Tasks
import Testing

@Suite("Pushed metrics")
struct TaskMetricRoutesTests {
    private func push(
        _ running: ArtefactUpload,
        _ body: String,
        text: Bool = false,
        token: Int64? = nil,
        as who: Who = .agent
    ) async throws -> Reply {
        let type = text ? "text/plain; version=0.0.4" : "application/json"
        let path = "tasks/\(running.task)/metrics?token=\(token ?? running.token)"
        return try await running.api.send(.post, path, as: who, body, [.contentType: type])
    }

    /// The result of an instant query: values by the labels that are not the server's.
    private func query(_ api: APIHarness, _ expression: String) async throws -> [JSONValue] {
        let body = "query=\(FuzzTargets.escaped(Array(expression.utf8)))"
        let fields: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        let reply = try await api.send(.post, "/prometheus/api/v1/query", as: .viewer, body, fields)
        #expect(reply.status == 200, "\(reply.text)")
        return reply.json?["data"]?["result"]?.array ?? []
    }

    @Test("Samples in both formats can be queried under the server's labels, and end with the attempt")
    func life() async throws {
        try await APIHarness.run { api in
            let running = try await ArtefactUpload(api)
            let json = #"{"samples":[{"name":"loss","labels":{"split":"test","task":"forged"},"value":0.25}]}"#
            #expect(try await push(running, json).text == #"{"accepted":1,"rejected":0,"reasons":{}}"#)
            api.clock.advance(by: .seconds(1))
            let page = """
                # TYPE seconds histogram
                seconds_bucket{le="1"} 1
                seconds_bucket{le="+Inf"} 2
                seconds_sum 3
                seconds_count 2

                """
            #expect(try await push(running, page, text: true).json?["accepted"]?.integer == 4)
            let loss = try await query(api, "loss")
            #expect(loss.count == 1)
            let labels = try #require(loss.first?["metric"])
            #expect(labels["task"]?.string == running.task && labels["project"]?.string == running.project)
            #expect(labels["agent"]?.string == "\(api.agentID)" && labels["split"]?.string == "test")
            let quantile = try await query(api, "histogram_quantile(0.5, sum by (le) (seconds_bucket))")
            #expect(quantile.first?["value"]?.array?.last?.string == "1")
            #expect(api.registry.value(of: "kaskman_task_series") == 5)
            try await running.end()
            api.clock.advance(by: .milliseconds(1))
            #expect(try await query(api, #"{task!=""}"#).isEmpty, "stale markers end every series")
            #expect(api.registry.value(of: "kaskman_task_series") == 0)
            #expect(try await push(running, json).summary == "409 lease_lost")
            #expect(try await query(api, "count(loss)").isEmpty)
        }
    }

    @Test("Of what a program wrote between two pushes the last of each series counts; samples with times all do")
    func newest() async throws {
        try await APIHarness.run { api in
            let running = try await ArtefactUpload(api)
            let page = "loss{split=\"a\"} 3\nloss{split=\"b\"} 7\nloss{split=\"a\"} 2\nloss{split=\"a\"} 1\n"
            let expected = #"{"accepted":2,"rejected":0,"reasons":{}}"#
            #expect(try await push(running, page, text: true).text == expected)
            let values = try await query(api, "sort(loss)").map { $0["value"]?.array?.last?.string }
            #expect(values == ["1", "7"])
            let now = api.clock.now.milliseconds
            let dated = "epoch 1 \(now - 2)\nepoch 2 \(now - 1)\nepoch 3 \(now)\n"
            #expect(try await push(running, dated, text: true).json?["accepted"]?.integer == 3)
            #expect(try await query(api, "count_over_time(epoch[1m])").first?["value"]?.array?.last?.string == "3")
        }
    }

    @Test("The series end when a person cancels, and when the sweeper ends the lease")
    func endings() async throws {
        try await APIHarness.run { api in
            let json = #"{"samples":[{"name":"loss","value":1}]}"#
            let cancelled = try await ArtefactUpload(api)
            #expect(try await push(cancelled, json).status == 200)
            _ = try await api.send(.post, "tasks/\(cancelled.task)/cancel")
            api.clock.advance(by: .milliseconds(1))
            #expect(try await query(api, "loss").isEmpty)
            let silent = try await ArtefactUpload(api, in: cancelled.project)
            #expect(try await push(silent, json).status == 200)
            #expect(try await query(api, "loss").count == 1)
            api.clock.advance(by: .seconds(31))
            #expect(try await api.tasks.sweep(listeningSince: APIHarness.start) == 1)
            api.clock.advance(by: .milliseconds(1))
            #expect(try await query(api, "loss").isEmpty)
        }
    }

    @Test("Names that are the platform's, and what is no name, are refused whole")
    func names() async throws {
        try await APIHarness.run { api in
            let running = try await ArtefactUpload(api)
            for name in ["kaskman_tasks", "ALERTS", "ALERTS_FOR_STATE", "up", "a b", "1a", "a-b", "é"] {
                let good = #"{"name":"loss","value":1}"#
                let reply = try await push(running, #"{"samples":[\#(good),{"name":"\#(name)","value":1}]}"#)
                #expect(reply.summary == "422 validation_failed /samples/1/name", "\(name)")
                #expect(reply.text.contains(name), "\(name)")
            }
            for label in ["__name__", "__x", "a-b", "1a"] {
                let reply = try await push(running, #"{"samples":[{"name":"a","labels":{"\#(label)":"x"},"value":1}]}"#)
                #expect(reply.summary == "422 validation_failed /samples/0/labels/\(label)", "\(label)")
            }
            for page in [
                "up 1\n", "kaskman_x 1\n", "ALERTS{alertname=\"x\"} 1\n", "a{__x=\"1\"} 1\n", "a 1", "a b\n",
                "{\"é\"} 1\n",
                "a{x=\"1\",x=\"2\"} 1\n",
            ] {
                let reply = try await push(running, page, text: true)
                #expect(reply.status == 422 && reply.problem?.hasPrefix("validation_failed") == true, "\(page)")
            }
            #expect(try await query(api, #"{task!=""}"#).isEmpty)
            #expect(try await push(running, "a 1\n", text: true, token: 7).summary == "409 lease_lost")
            #expect(try await push(running, "a 1\n", text: true, as: .administrator).summary == "409 lease_lost")
            #expect(try await push(running, "a 1\n", text: true, as: .viewer).summary == "403 forbidden")
            let path = "tasks/\(running.task)/metrics"
            #expect(try await api.send(.post, path, as: .agent, "{}").summary == "400 invalid_parameter token")
        }
    }

    @Test("Values that are not finite, times out of range and label explosions each have their answer")
    func values() async throws {
        try await APIHarness.run { api in
            let running = try await ArtefactUpload(api)
            let odd = #"[{"name":"a","value":"NaN"},{"name":"b","value":"+Inf"},{"name":"c","value":"-Inf"}]"#
            #expect(try await push(running, #"{"samples":\#(odd)}"#).json?["accepted"]?.integer == 3)
            #expect(try await query(api, "a").first?["value"]?.array?.last?.string == "NaN")
            #expect(try await query(api, "b").first?["value"]?.array?.last?.string == "+Inf")
            #expect(try await push(running, #"{"samples":[{"name":"a","value":"nan"}]}"#).status == 422)
            #expect(try await push(running, #"{"samples":[]}"#).summary == "422 validation_failed /samples")
            func at(_ seconds: Int) -> String {
                let time = APIHarness.start.advanced(by: .seconds(seconds)).rfc3339
                return #"{"samples":[{"name":"d","value":1,"at":"\#(time)"}]}"#
            }
            #expect(
                try await push(running, at(-86_400)).text == #"{"accepted":0,"rejected":1,"reasons":{"too_old":1}}"#
            )
            #expect(try await push(running, at(86_400)).json?["reasons"]?["too_far_in_future"]?.integer == 1)
            #expect(try await push(running, at(10)).json?["accepted"]?.integer == 1)
            #expect(try await push(running, at(5)).json?["reasons"]?["out_of_order"]?.integer == 1)
            let many = (0..<100).map { #"{"name":"e","labels":{"id":"\#($0)"},"value":1}"# }.joined(separator: ",")
            let exploded = try await push(running, #"{"samples":[\#(many)]}"#)
            #expect(exploded.json?["accepted"]?.integer == 1, "the harness allows five series")
            #expect(exploded.json?["reasons"]?["task_series_limit"]?.integer == 99)
            let label = ["reason": "task_series_limit"]
            #expect(api.registry.value(of: "kaskman_task_samples_rejected_total", label) == 99)
            // A newest sample that lies ahead is ended behind itself.
            try await running.end()
            api.clock.advance(by: .seconds(11))
            #expect(try await query(api, #"{task!=""}"#).isEmpty)
        }
    }

    @Test("Mutated bodies never break anything")
    func fuzz() async throws {
        try await APIHarness.run(seriesMax: 100) { api in
            let running = try await ArtefactUpload(api)
            for seed in Chaos.seeds(1...2) {
                var mutator = JSONMutator(random: SeededGenerator(seed: seed))
                for _ in 0..<Chaos.rounds(300) {
                    let time = APIHarness.start.rfc3339
                    let body = """
                        {"samples":[{"name":"loss","labels":{"split":"test"},"value":0.5,"at":"\(time)"},\
                        {"name":"accuracy","value":"NaN"},{"name":"steps","labels":{},"value":12}]}
                        """
                    let bytes = mutator.mutated(body)
                    let path = "tasks/\(running.task)/metrics?token=1"
                    let reply = try await api.send(.post, path, as: .agent, bytes: bytes)
                    #expect([200, 400, 413, 422].contains(reply.status), "seed \(seed): \(reply.status)")
                }
            }
            #expect(try await query(api, #"{__name__=~"kaskman_.*|up|ALERTS.*",task!=""}"#).isEmpty)
        }
    }
}
