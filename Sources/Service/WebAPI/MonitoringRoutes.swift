import APIModel
package import Basics
import Exposition
package import HTTP
import HTTPTypes
package import Instruments
import JSON
import MetricModel
import NIOCore
package import Supervision

/// Health, readiness, status and metrics: read from the supervisor and the registry at each request.
package struct MonitoringRoutes: Sendable {
    private let report: @Sendable () -> HealthReport
    private let registry: Registry
    private let clock: any WallClock
    private let build: BuildInformation
    private let started: Timestamp

    package init(
        report: @escaping @Sendable () -> HealthReport,
        registry: Registry,
        clock: any WallClock,
        build: BuildInformation
    ) {
        self.report = report
        self.registry = registry
        self.clock = clock
        self.build = build
        started = clock.now
    }

    package var routes: [Route] {
        [health, live, ready, status, metrics(at: "/metrics"), metrics(at: "/api/v1/metrics")]
    }

    private var health: Route {
        Route(
            .get,
            "/api/v1/health",
            access: .everyone,
            summary: "How the platform and each of its components are.",
            tag: "monitoring",
            responses: [
                ResponseRule(200, "Healthy or degraded.", json: HealthBody.schema),
                ResponseRule(503, "An essential component is down.", json: HealthBody.schema),
            ],
            rateClass: .monitoring
        ) { [report] _ in
            let body = HealthBody(report: report())
            return .json(body, status: body.report.status == .unhealthy ? .serviceUnavailable : .ok)
        }
    }

    private var live: Route {
        Route(
            .get,
            "/api/v1/health/live",
            access: .everyone,
            summary: "Whether the process serves requests at all.",
            tag: "monitoring",
            responses: [ResponseRule(200, "It does.", json: StatusWord.schema)],
            rateClass: .monitoring
        ) { _ in .json(StatusWord(status: "alive")) }
    }

    private var ready: Route {
        Route(
            .get,
            "/api/v1/health/ready",
            access: .everyone,
            summary: "Whether new requests are welcome.",
            tag: "monitoring",
            responses: [
                ResponseRule(200, "They are.", json: StatusWord.schema),
                ResponseRule(503, "Starting, draining or down.", json: StatusWord.schema),
            ],
            rateClass: .monitoring
        ) { [report] _ in
            let report = report()
            if report.isReady { return .json(StatusWord(status: "ready")) }
            return .json(
                StatusWord(status: report.isDraining ? "draining" : "not ready"),
                status: .serviceUnavailable
            )
        }
    }

    private var status: Route {
        Route(
            .get,
            "/api/v1/status",
            access: .requires(.systemRead),
            summary: "Version, times and components of this server.",
            tag: "monitoring",
            responses: [ResponseRule(200, "The status.", json: StatusBody.schema)]
        ) { [report, build, started, clock] _ in
            .json(StatusBody(build: build, started: started, now: clock.now, health: HealthBody(report: report())))
        }
    }

    private func metrics(at path: String) -> Route {
        Route(
            .get,
            path,
            access: .everyone,
            summary: "The platform's metrics in the Prometheus text format 0.0.4.",
            tag: "monitoring",
            unknownQuery: .ignored,
            responses: [ResponseRule(200, "The metrics.", .text)],
            rateClass: .monitoring
        ) { [registry] _ in
            var text: [UInt8] = []
            text.reserveCapacity(1 << 16)
            TextExposition.encode(registry.snapshot(), into: &text)
            return RouteResponse(TextExposition.contentType, ByteBuffer(bytes: text))
        }
    }
}

extension RateClass {
    /// Probes and scrapes: generous, since load balancers and monitoring must never be locked out.
    package static let monitoring = RateClass("monitoring", Quota(6000, perSeconds: 60), isRoutine: true)
}

/// What was built.
package struct BuildInformation: Sendable {
    package let version: String

    package init(version: String) { self.version = version }
}

/// One word, as in `{"status": "ready"}`.
private struct StatusWord: JSONWritable {
    static let schema = JSONSchema.object([.required("status", .string())])

    let status: String

    func write(to json: inout JSONWriter) {
        json.object { $0.member("status", status) }
    }
}

/// The body of /health.
private struct HealthBody: JSONWritable {
    static let schema = JSONSchema.named(
        "Health",
        .object([
            .required("status", .oneOf(Health.Status.self)),
            .required("draining", .boolean),
            .required(
                "components",
                .array(
                    of: .object([
                        .required("component", .oneOf(ComponentKind.self)),
                        .required("status", .oneOf(Health.Status.self)),
                        .required("state", .oneOf(HealthReport.RunState.self)),
                        .required("essential", .boolean),
                        .required("restarts", .integer()),
                        .optional("reason", .string()),
                    ])
                )
            ),
        ])
    )

    let report: HealthReport

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("status", report.status.rawValue)
            json.member("draining", report.isDraining)
            json.key("components")
            json.array { json in
                for entry in report.entries {
                    json.object { json in
                        json.member("component", entry.kind.rawValue)
                        json.member("status", entry.health.status.rawValue)
                        json.member("state", entry.state.rawValue)
                        json.member("essential", entry.isEssential)
                        json.member("restarts", entry.restarts)
                        if !entry.health.reason.isEmpty { json.member("reason", entry.health.reason) }
                    }
                }
            }
        }
    }
}

/// The body of /status.
private struct StatusBody: JSONWritable {
    static let schema = JSONSchema.object([
        .required("version", .string()),
        .required("started_at", .string(format: .dateTime)), .required("time", .string(format: .dateTime)),
        .required("uptime_seconds", .number(nil)), .required("health", HealthBody.schema),
    ])

    let build: BuildInformation
    let started: Timestamp
    let now: Timestamp
    let health: HealthBody

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("version", build.version)
            json.member("started_at", started.rfc3339)
            json.member("time", now.rfc3339)
            json.member("uptime_seconds", now.since(started).inSeconds)
            json.member("health", health)
        }
    }
}
