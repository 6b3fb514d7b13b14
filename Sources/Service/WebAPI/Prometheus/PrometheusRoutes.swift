import APIModel
package import Basics
package import HTTP
import HTTPTypes
package import Instruments
import JSON
package import MetricModel
import PromQL
package import Queries

/// The Prometheus query API, under `/prometheus`, so that Grafana's data source and promtool can point at the platform.
package struct PrometheusRoutes: Sendable {
    private let queries: QueryService
    private let reader: any SeriesReader
    private let registry: Registry
    private let clock: any WallClock
    private let build: BuildInformation

    package init(
        queries: QueryService,
        reader: any SeriesReader,
        registry: Registry,
        clock: any WallClock,
        build: BuildInformation
    ) {
        self.queries = queries
        self.reader = reader
        self.registry = registry
        self.clock = clock
        self.build = build
    }

    package var routes: [Route] {
        typealias Fields = PrometheusFields
        let window = Fields.range(isRequired: false)
        let lookUp = window + [Fields.match(isRequired: false), Fields.limit]
        return [
            Self.getAndPost(
                "query",
                "Evaluate an expression at one time.",
                [Fields.query, Fields.time] + Fields.evaluation,
                data: PrometheusSchemas.query,
                .evaluating,
                instant
            ),
            Self.getAndPost(
                "query_range",
                "Evaluate an expression over a range of times.",
                [Fields.query] + Fields.range(isRequired: true) + [Fields.step] + Fields.evaluation,
                data: PrometheusSchemas.query,
                .evaluating,
                range
            ),
            Self.getAndPost(
                "labels",
                "The names of all labels.",
                lookUp,
                data: PrometheusSchemas.texts,
                .reading,
                labelNames
            ),
            Self.getAndPost(
                "series",
                "The label sets of series.",
                window + [Fields.match(isRequired: true), Fields.limit],
                data: PrometheusSchemas.series,
                .reading,
                series
            ),
            Self.getAndPost(
                "query_exemplars",
                "The exemplars of an expression's series: none, since none are stored.",
                [Fields.query] + window,
                data: PrometheusSchemas.exemplars,
                .none,
                exemplars
            ),
            [
                Self.route(
                    .get,
                    "label/{name}/values",
                    "The values of a label.",
                    lookUp,
                    data: PrometheusSchemas.texts,
                    .reading,
                    labelValues
                ),
                Self.route(
                    .get,
                    "metadata",
                    "Types and help texts of the platform's metrics.",
                    [
                        .query("metric", Fields.text, "The one metric that is asked for."),
                        .query("limit", .integer(), "The most metrics; all when it is left out or negative."),
                        .query("limit_per_metric", .integer(), "The most entries of a metric, which has one here."),
                    ],
                    data: PrometheusSchemas.metadata,
                    .none,
                    metadata
                ),
                Self.route(
                    .get,
                    "status/buildinfo",
                    "What server this is.",
                    data: PrometheusSchemas.build,
                    .none,
                    buildInformation
                ),
            ],
        ].flatMap { $0 }
    }

    // MARK: Queries

    private func instant(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let text = try parameters.required("query")
        let answer = try await queries.instant(
            text,
            at: parameters.time("time") ?? clock.now,
            timeout: parameters.timeout(),
            lookback: parameters.duration("lookback_delta"),
            origin: .api
        )
        return try Self.answer(answer, of: text, parameters)
    }

    private static func answer(
        _ answer: QueryAnswer,
        of text: String,
        _ parameters: PrometheusParameters
    ) throws(PrometheusParameters.Fault) -> RouteResponse {
        PrometheusEnvelope.success(
            answer,
            of: text,
            limit: try parameters.limit(),
            withStatistics: parameters.string("stats") != nil
        )
    }

    private func range(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let text = try parameters.required("query")
        _ = try parameters.required("start")
        _ = try parameters.required("end")
        _ = try parameters.required("step")
        let start = try parameters.time("start") ?? clock.now
        let end = try parameters.time("end") ?? clock.now
        guard let step = try parameters.duration("step"), step > .zero else {
            throw PrometheusParameters.Fault(
                text: "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. "
                    + "Try a positive integer"
            )
        }
        guard end >= start else {
            throw PrometheusParameters.Fault(
                text: "invalid parameter \"end\": end timestamp must not be before start time"
            )
        }
        guard end.since(start).wholeMilliseconds / step.wholeMilliseconds <= 11_000 else {
            throw PrometheusParameters.Fault(
                text: "exceeded maximum resolution of 11,000 points per timeseries. "
                    + "Try decreasing the query resolution (?step=XX)"
            )
        }
        let answer = try await queries.range(
            text,
            from: start,
            through: end,
            step: step,
            timeout: parameters.timeout(),
            lookback: parameters.duration("lookback_delta"),
            origin: .api
        )
        return try Self.answer(answer, of: text, parameters)
    }

    /// Answers what a store without exemplars has, once the question is a good one: Grafana asks beside each graph.
    private func exemplars(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let text = try parameters.required("query")
        _ = try window(parameters)
        do {
            _ = try PromQLParser().parse(text)
        } catch {
            return PrometheusEnvelope.error(QueryService.Failure.syntax(error))
        }
        return PrometheusEnvelope.success { $0.array { _ in } }
    }

    // MARK: Series and labels

    /// The times that a look-up covers: everything, unless the request says otherwise.
    private func window(_ parameters: PrometheusParameters) throws(PrometheusParameters.Fault) -> (Int64, Int64) {
        let start = try parameters.time("start")?.milliseconds ?? .min
        let end = try parameters.time("end")?.milliseconds ?? .max
        guard end >= start else {
            throw PrometheusParameters.Fault(
                text: "invalid parameter \"end\": end timestamp must not be before start time"
            )
        }
        return (start, end)
    }

    private func labelNames(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let (start, end) = try window(parameters)
        let selectors = try parameters.selectors()
        var names: Set<String> = []
        for selector in selectors.isEmpty ? [[]] : selectors {
            names.formUnion(try reader.labelNames(selector, from: start, through: end))
        }
        return try list(names, parameters)
    }

    private func labelValues(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse
    {
        let name = EscapedLabelName.unescaped(request.parameters.string("name") ?? "")
        let (start, end) = try window(parameters)
        let selectors = try parameters.selectors()
        var values: Set<String> = []
        for selector in selectors.isEmpty ? [[]] : selectors {
            values.formUnion(try reader.labelValues(name, selector, from: start, through: end))
        }
        return try list(values, parameters)
    }

    private func list(_ texts: Set<String>, _ parameters: PrometheusParameters) throws -> RouteResponse {
        let sorted = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return try Self.limited(sorted, parameters) { json, text in json.string(text) }
    }

    private func series(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let selectors = try parameters.selectors()
        guard !selectors.isEmpty else { throw PrometheusParameters.Fault(text: "no match[] parameter provided") }
        let (start, end) = try window(parameters)
        var found: Set<Labels> = []
        for selector in selectors { found.formUnion(try reader.series(selector, from: start, through: end)) }
        return try Self.limited(found.sorted(), parameters) { json, labels in json.labels(labels) }
    }

    /// A list of as many elements as the request's limit allows, with a warning when there are more.
    private static func limited<Element>(
        _ elements: [Element],
        _ parameters: PrometheusParameters,
        _ write: (inout JSONWriter, Element) -> Void
    ) throws(PrometheusParameters.Fault) -> RouteResponse {
        let limit = try parameters.limit() ?? .max
        let warnings = elements.count > limit ? [PrometheusEnvelope.truncated] : []
        return PrometheusEnvelope.success(warnings: warnings, capacity: 1 << 14) { json in
            json.array { json in
                for element in elements.prefix(limit) { write(&json, element) }
            }
        }
    }

    private func metadata(_ request: RouteRequest, _ parameters: PrometheusParameters) async throws -> RouteResponse {
        let wanted = parameters.string("metric")
        let families = registry.metadata.filter { wanted == nil || $0.name == wanted }
        // Here alone, as in Prometheus, 0 is a limit, and a negative number is none.
        let limit = try parameters.integer("limit").flatMap { $0 < 0 ? nil : $0 } ?? .max
        // A metric of the registry has one type and help text, which no limit but a wrong one takes away.
        _ = try parameters.integer("limit_per_metric")
        return PrometheusEnvelope.success(capacity: 1 << 14) { json in
            json.object { json in
                for family in families.prefix(limit) {
                    json.key(family.name)
                    json.array { json in
                        json.object { json in
                            json.member("type", family.type == .untyped ? "unknown" : family.type.rawValue)
                            json.member("help", family.help)
                            json.member("unit", family.unit)
                        }
                    }
                }
            }
        }
    }

    /// No `features`: with them Grafana would take the server for Mimir with a ruler.
    private func buildInformation(
        _ request: RouteRequest,
        _ parameters: PrometheusParameters
    ) async throws -> RouteResponse {
        PrometheusEnvelope.success { json in
            json.object { json in
                json.member("version", "3.0.0")
                json.member("branch", "KaskManager \(build.version)")
                // Upstream's: clients expect the texts, and nothing here knows them.
                json.member("revision", "")
                json.member("buildUser", "")
                json.member("buildDate", "")
                json.member("goVersion", "")
            }
        }
    }
}
