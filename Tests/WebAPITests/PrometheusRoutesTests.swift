import Basics
import HTTPTypes
import Instruments
import JSON
import MetricModel
import PromQL
import Rules
import Testing
import TimeSeries

@Suite("The query API's parameters")
struct PrometheusRoutesTests {
    private static let now = APIHarness.start.milliseconds / 1000

    /// Three series `m{i="0…2"}` with samples 30 s, 15 s and 0 s ago, and `old` with one 200 s ago.
    private static func fill(_ api: APIHarness) throws {
        func sample(_ name: String, _ index: Int, secondsAgo: Int64) -> LabeledSample {
            let labels = Labels([Label(Label.metricName, name), Label("i", String(index))])
            return LabeledSample(labels: labels, timestamp: (now - secondsAgo) * 1000, value: Double(index))
        }
        var samples = [sample("old", 0, secondsAgo: 200)]
        for ago in [30, 15, 0] as [Int64] {
            for index in 0..<3 { samples.append(sample("m", index, secondsAgo: ago)) }
        }
        #expect(try api.head.append(samples).isEmpty)
    }

    /// Status, the number of results, and the remarks: `200 2 results truncated due to limit`.
    private static func outcome(_ reply: Reply) -> String {
        let data = reply.json?["data"]
        let count = (data?["result"] ?? data)?.array?.count ?? data?.object?.members.count
        let warnings = reply.json?["warnings"]?.array?.compactMap(\.string) ?? []
        let words = [String(reply.status), count.map(String.init), reply.string("error")].compactMap { $0 }
        return (words + warnings).joined(separator: " ")
    }

    @Test("Limits, and what is said where they cut")
    func limits() async throws {
        try await APIHarness.run { api in
            try Self.fill(api)
            func f(_ target: String, _ expected: String) async throws {
                let reply = try await api.send(.get, "/prometheus/api/v1/" + target)
                #expect(Self.outcome(reply) == expected, "\(target)")
            }
            let range = "query_range?query=m&start=\(Self.now - 30)&end=\(Self.now)&step=15"
            let cut = "results truncated due to limit"
            let wrong = "400 invalid parameter \"limit\": must be a whole number that is not negative"
            try await f("query?query=m", "200 3")
            try await f("query?query=m&limit=2", "200 2 \(cut)")
            try await f("query?query=m&limit=3", "200 3")
            try await f("query?query=m&limit=0", "200 3")
            try await f("query?query=m&limit=", "200 3")
            try await f("query?query=m&limit=-1", wrong)
            try await f("query?query=m&limit=x", wrong)
            try await f("query?query=1&limit=1", "200 2")
            try await f("query?query=m[1m]&limit=1", "200 1 \(cut)")
            try await f(range, "200 3")
            try await f(range + "&limit=1", "200 1 \(cut)")
            try await f(range + "&limit=-1", wrong)
            for list in ["labels?", "label/i/values?", "series?match[]=m&"] {
                let all = list.hasPrefix("labels") ? 2 : 3
                try await f(list + "limit=1", "200 1 \(cut)")
                try await f(list + "limit=\(all)", "200 \(all)")
                try await f(list + "limit=0", "200 \(all)")
                try await f(list + "limit=-1", wrong)
            }
        }
    }

    @Test("Metadata: one metric, so many metrics, and a limit that nothing reaches")
    func metadata() async throws {
        try await APIHarness.run { api in
            let all = api.registry.metadata.count
            func f(_ query: String, _ expected: String) async throws {
                let reply = try await api.send(.get, "/prometheus/api/v1/metadata?" + query)
                #expect(Self.outcome(reply) == expected, "\(query)")
            }
            try await f("", "200 \(all)")
            try await f("limit=3", "200 3")
            try await f("limit=0", "200 0")
            try await f("limit=-1", "200 \(all)")
            try await f("limit=x", "400 invalid parameter \"limit\": must be a whole number")
            try await f("limit_per_metric=1&limit=2", "200 2")
            try await f("limit_per_metric=x", "400 invalid parameter \"limit_per_metric\": must be a whole number")
            try await f("metric=kaskman_queries_total", "200 1")
            try await f("metric=none", "200 0")
        }
    }

    @Test("How far a selector looks back, in seconds or as a duration")
    func lookback() async throws {
        try await APIHarness.run { api in
            try Self.fill(api)
            func f(_ delta: String, _ expected: String) async throws {
                let times = ["query?query=old", "query_range?query=old&start=\(Self.now)&end=\(Self.now)&step=1"]
                for target in times {
                    let reply = try await api.send(.get, "/prometheus/api/v1/\(target)&lookback_delta=\(delta)")
                    #expect(Self.outcome(reply) == expected, "\(target) \(delta)")
                }
            }
            try await f("", "200 1")
            try await f("199", "200 0")
            try await f("200.001", "200 1")
            try await f("3m", "200 0")
            try await f("4m", "200 1")
            // As in Prometheus, what is not positive is the server's own.
            try await f("0", "200 1")
            try await f("-5", "200 1")
            try await f(
                "far",
                "400 invalid parameter \"lookback_delta\": cannot parse \"far\" to a valid duration"
            )
        }
    }

    @Test("What a query cost: what was read and held, and times; only when it is asked for")
    func statistics() async throws {
        try await APIHarness.run { api in
            try Self.fill(api)
            func f(_ query: String, _ read: Int64, _ peak: Int64) async throws {
                for stats in ["all", "true"] {
                    let reply = try await api.send(.get, "/prometheus/api/v1/\(query)&stats=\(stats)")
                    let found = try #require(reply.json?["data"]?["stats"], "\(reply.text)")
                    #expect(found["samples"]?["samplesRead"]?.integer == read, "\(query)")
                    #expect(found["samples"]?["peakSamples"]?.integer == peak, "\(query)")
                    let names = found["timings"]?.object?.members.map(\.name)
                    #expect(names == ["execQueueTime", "evalTotalTime", "execTotalTime"])
                }
                for stats in ["", "&stats="] {
                    let reply = try await api.send(.get, "/prometheus/api/v1/\(query)\(stats)")
                    #expect(reply.json?["data"]?["stats"] == nil)
                }
            }
            try await f("query?query=1", 0, 0)
            try await f("query?query=sum(rate(m[1m]))", 9, 12)
            try await f("query_range?query=m&start=\(Self.now - 30)&end=\(Self.now)&step=15", 9, 18)
        }
    }

    @Test("Exemplars: none, for a question that is a good one")
    func exemplars() async throws {
        try await APIHarness.run { api in
            func f(_ query: String, _ expected: String) async throws {
                let get = try await api.send(.get, "/prometheus/api/v1/query_exemplars?" + query)
                let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
                let post = try await api.send(.post, "/prometheus/api/v1/query_exemplars", query, form)
                for reply in [get, post] { #expect(Self.outcome(reply).hasPrefix(expected), "\(query)") }
            }
            try await f("query=m&start=1&end=2", "200 0")
            try await f("query=histogram_quantile(0.9,sum(rate(m[5m]))by(le))", "200 0")
            try await f("", "400 invalid parameter \"query\": it is missing")
            try await f("query=m%7B", "400 invalid parameter \"query\": 1:3: parse error")
            try await f("query=m&start=soon", "400 invalid parameter \"start\"")
            try await f("query=m&start=2&end=1", "400 invalid parameter \"end\"")
        }
    }

    @Test("What is no route of the query API is not found in its own words, by whatever method")
    func unknown() async throws {
        try await APIHarness.run { api in
            func f(_ method: HTTPRequest.Method, _ path: String, _ expected: String) async throws {
                let reply = try await api.send(method, path)
                let words = [String(reply.status), reply.string("status"), reply.string("errorType"), reply.problem]
                #expect(words.compactMap { $0 }.joined(separator: " ") == expected, "\(method) \(path)")
            }
            try await f(.get, "/prometheus/api/v1/status/flags", "404 error not_found")
            try await f(.post, "/prometheus/api/v1/admin/tsdb/snapshot", "404 error not_found")
            try await f(.delete, "/prometheus/api/v1/query", "405 error bad_data")
            try await f(.get, "/prometheus/graph", "404 not_found")
            try await f(.get, "/api/v1/nothing", "404 not_found")
        }
    }

    // MARK: Rules

    private static func groups() throws -> [RuleGroupSnapshot] {
        func rule(_ kind: RuleDefinition.Kind, _ labels: [String: String]) throws -> RuleDefinition {
            RuleDefinition(
                kind: kind,
                expression: try PromQLParser().parse("up == 0"),
                expressionText: "up == 0",
                labels: labels.sorted { $0.key < $1.key }.map { Label($0.key, $0.value) }
            )
        }
        let definitions = [
            RuleGroupDefinition(
                name: "a",
                file: "one.yml",
                rules: [try rule(.alert("Down"), ["severity": "page"]), try rule(.record("m:sum"), ["team": "x"])]
            ),
            RuleGroupDefinition(name: "b", file: "one.yml", rules: [try rule(.alert("Slow"), ["severity": "ticket"])]),
            RuleGroupDefinition(name: "a", file: "two.yml", rules: [try rule(.record("n:sum"), [:])]),
        ]
        return try definitions.map { try RuleGroupRuntime($0).snapshot(RuleSettings()) }
    }

    @Test("Which rules are shown")
    func ruleFilters() async throws {
        try await APIHarness.run(ruleGroups: try Self.groups()) { api in
            func f(_ query: String, _ expected: String) async throws {
                let reply = try await api.send(.get, "/prometheus/api/v1/rules?" + query)
                let groups = reply.json?["data"]?["groups"]?.array ?? []
                let names = groups.map { group in
                    let rules = group["rules"]?.array?.compactMap { $0["name"]?.string } ?? []
                    return "\(group["name"]?.string ?? "?"): \(rules.joined(separator: " "))"
                }
                let text = reply.string("error") ?? names.joined(separator: ", ")
                #expect(text == expected, "\(query)")
            }
            try await f("", "a: Down m:sum, b: Slow, a: n:sum")
            try await f("type=alert", "a: Down, b: Slow")
            try await f("type=record", "a: m:sum, a: n:sum")
            try await f("type=x", "invalid parameter \"type\": not supported value \"x\"")
            try await f("rule_name[]=Slow&rule_name[]=n:sum", "b: Slow, a: n:sum")
            try await f("rule_group[]=a", "a: Down m:sum, a: n:sum")
            try await f("file[]=two.yml", "a: n:sum")
            try await f("rule_group[]=a&file[]=one.yml&type=alert", "a: Down")
            try await f("match[]=%7Bseverity=~%22page|ticket%22%7D", "a: Down, b: Slow")
            try await f("match[]=%7Bseverity=%22page%22%7D&match[]=%7Bteam=%22x%22%7D", "a: Down m:sum")
            try await f("match[]=%7Bseverity=%22page%22,team=%22x%22%7D", "")
            #expect(
                try await api.send(.get, "/prometheus/api/v1/rules?match[]=%7B").string("error")?
                    .hasPrefix("invalid parameter \"match[]\"") == true
            )
            try await f("exclude_alerts=True", "a: Down m:sum, b: Slow, a: n:sum")
            try await f("exclude_alerts=x", "invalid parameter \"exclude_alerts\": must be true or false")
            try await f("group_limit=0", "invalid parameter \"group_limit\": must be greater than 0")
            try await f("group_limit=x", "invalid parameter \"group_limit\": must be a whole number")
            try await f(
                "group_next_token=ab",
                "invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate"
            )
            try await f(
                "group_next_token=ab&group_limit=1",
                "invalid parameter \"group_next_token\": no group has it; were rule groups changed?"
            )
            try await f("nonsense=1", "a: Down m:sum, b: Slow, a: n:sum")
        }
    }

    @Test("Pages of groups: each group once, whatever the page's size; filters hold on every page")
    func rulePages() async throws {
        try await APIHarness.run(ruleGroups: try Self.groups()) { api in
            func f(_ query: String, _ expected: [[String]]) async throws {
                var pages: [[String]] = []
                var token: String?
                repeat {
                    let next = token.map { "&group_next_token=\($0)" } ?? ""
                    let data = try await api.send(.get, "/prometheus/api/v1/rules?\(query)\(next)").json?["data"]
                    let groups = data?["groups"]?.array ?? []
                    pages.append(groups.map { "\($0["file"]?.string ?? "?") \($0["name"]?.string ?? "?")" })
                    token = data?["groupNextToken"]?.string
                } while token != nil && pages.count < 10
                #expect(pages == expected, "\(query)")
            }
            try await f("group_limit=1", [["one.yml a"], ["one.yml b"], ["two.yml a"]])
            try await f("group_limit=2", [["one.yml a", "one.yml b"], ["two.yml a"]])
            try await f("group_limit=3", [["one.yml a", "one.yml b", "two.yml a"]])
            try await f("group_limit=1&type=record", [["one.yml a"], ["two.yml a"]])
        }
    }
}
