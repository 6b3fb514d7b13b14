import Basics
import HTTP
import Rules
import Supervision
import WebAPI

extension Wiring {
    func http(
        _ observability: ObservabilityParts,
        _ foundation: FoundationParts,
        _ onListening: @escaping @Sendable (_ address: String) -> Void
    ) throws -> HTTPComponent {
        let limiter = supervisor.add(.admission) { context in
            AdmissionComponent(context: context, seed: .random(in: 0 ... .max))
        }
        let authenticator = Authenticator(identity: foundation.identity)
        let quota = settings.limits.addressPerMinute
        let rules = AdmissionRules(
            addressQuota: quota == 0 ? nil : Quota(quota, perSeconds: 60),
            limiter: limiter,
            challenges: Authenticator.challenges,
            authenticate: { try await authenticator.authenticate($0, $1) }
        )
        let routes = routes(observability, foundation)
        return try supervisor.add(
            .http,
            dependsOn: [.admission, .identity, .events, .queries, .rules],
            isEssential: true
        ) { context in
            HTTPComponent(
                context: context,
                service: HTTPService(
                    routes: routes,
                    files: try staticFiles(),
                    rules: rules,
                    settings: try serverSettings(),
                    clock: clock,
                    registry: registry,
                    logger: context.log
                ),
                host: settings.http.host,
                onListening: { host, port in
                    onListening("http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
                }
            )
        }
    }

    private func routes(_ observability: ObservabilityParts, _ foundation: FoundationParts) -> [Route] {
        let supervisor = supervisor
        let rules = observability.rules
        return MonitoringRoutes(report: { supervisor.report }, registry: registry, clock: clock, build: build).routes
            + PrometheusRoutes(
                queries: observability.queries,
                reader: observability.head,
                registry: registry,
                clock: clock,
                build: build
            ).routes
            + RuleRoutes(snapshot: { rules.evaluator.snapshot }).routes
    }

    private func serverSettings() throws(SettingsError) -> HTTPSettings {
        var server = HTTPSettings()
        server.host = settings.http.host
        server.port = settings.http.port
        server.connectionsMax = settings.http.connectionsMax
        server.bodyBytesMax = settings.http.bodyBytesMax
        server.drainTimeout = settings.supervision.drainTimeout
        var faults: [String] = []
        server.trustedProxies = settings.http.trustedProxies.compactMap { text in
            let range = AddressRange(text)
            if range == nil { faults.append("http.trusted_proxies: \"\(text)\" is no address and no CIDR range") }
            return range
        }
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
        return server
    }

    private func staticFiles() throws -> StaticFiles {
        var files = StaticFiles()
        guard !settings.webDirectory.isEmpty,
            try fileSystem.attributes(of: settings.webDirectory)?.kind == .directory
        else { return files }
        try files.add(directory: settings.webDirectory, from: fileSystem)
        return files
    }
}
