import Basics
import HTTP
import Logging
import Rules
import Supervision
import WebAPI

extension Wiring {
    func http(
        _ observability: ObservabilityParts,
        _ foundation: FoundationParts,
        _ research: ResearchParts,
        _ redis: RedisComponent?,
        _ onListening: @escaping @Sendable (_ address: String) -> Void
    ) throws -> HTTPComponent {
        let limiter = supervisor.add(.admission, dependsOn: redis == nil ? [] : [.redis]) { context in
            AdmissionComponent(context: context, redis: redis?.client, seed: .random(in: 0 ... .max))
        }
        let tickets = LiveTickets(clock: clock)
        let authenticator = Authenticator(identity: foundation.identity, tickets: tickets)
        let quota = settings.limits.addressPerMinute
        let rules = AdmissionRules(
            addressQuota: quota == 0 ? nil : Quota(quota, perSeconds: 60),
            limiter: limiter,
            quotas: quotas,
            challenges: Authenticator.challenges,
            authenticate: { try await authenticator.authenticate($0, $1) }
        )
        let routes = OpenAPIRoute.adding(
            to: monitoringRoutes(observability) + resourceRoutes(foundation, research, authenticator)
                + liveRoutes(observability, foundation, authenticator, tickets),
            version: build.version
        )
        return try supervisor.add(
            .http,
            dependsOn: [.admission, .identity, .events, .live, .queries, .rules, .sampler],
            isEssential: true
        ) { context in
            HTTPComponent(
                context: context,
                service: HTTPService(
                    routes: routes,
                    files: try staticFiles(observability),
                    rules: rules,
                    settings: serverSettings(),
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

    /// The quotas of the classes of routes, as configured.
    private var quotas: [String: Quota] {
        let limits = settings.limits
        let perMinute = [
            (RateClass.standard, limits.userPerMinute), (.auth, limits.authPerMinute),
            (.sessions, limits.sessionsPerMinute), (.heartbeat, limits.heartbeatsPerMinute),
            (.work, limits.workPerMinute), (.queries, limits.queriesPerMinute),
            (.live, limits.livePerMinute), (.monitoring, limits.monitoringPerMinute),
        ]
        return Dictionary(uniqueKeysWithValues: perMinute.map { ($0.name, Quota($1, perSeconds: 60)) })
    }

    private func resourceRoutes(
        _ foundation: FoundationParts,
        _ research: ResearchParts,
        _ authenticator: Authenticator
    ) -> [Route] {
        let supervisor = supervisor
        return AuthRoutes(
            identity: foundation.identity,
            authenticator: authenticator,
            clock: clock,
            isSecure: settings.publicURL.lowercased().hasPrefix("https:")
        ).routes
            + UserRoutes(identity: foundation.identity).routes
            + PeopleRoutes(identity: foundation.identity, agents: research.agents).routes
            + ActivityRoutes(events: foundation.events).routes
            + ProjectRoutes(projects: research.projects).routes
            + TaskRoutes(tasks: research.tasks, agents: research.agents).routes
            + PlanRoutes(tasks: research.tasks).routes
            + WorkRoutes(tasks: research.tasks, agents: research.agents).routes
            + LeaseRoutes(
                tasks: research.tasks,
                agents: research.agents,
                clock: clock,
                isDraining: { supervisor.isDraining }
            ).routes
            + TaskLogRoutes(tasks: research.tasks, isDraining: { supervisor.isDraining }).routes
            + TaskMetricRoutes(tasks: research.tasks, samples: research.samples).routes
            + ArtefactRoutes(artefacts: research.artefacts).routes
            + ScheduleRoutes(schedules: research.schedules).routes
            + AgentRoutes(agents: research.agents, clock: clock).routes
    }

    private func monitoringRoutes(_ observability: ObservabilityParts) -> [Route] {
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
            + GraphRoutes().routes
    }

    private func serverSettings() -> HTTPSettings {
        var server = HTTPSettings()
        server.host = settings.http.host
        server.port = settings.http.port
        server.connectionsMax = settings.http.connectionsMax
        server.connectionsPerAddressMax = settings.http.connectionsPerAddressMax
        server.bodyBytesMax = settings.http.bodyBytesMax
        server.drainTimeout = settings.supervision.drainTimeout
        server.drainReadGrace = min(server.drainReadGrace, server.drainTimeout / 2)
        server.trustedProxies = settings.http.trustedProxies.compactMap { AddressRange($0) }
        return server
    }

    private func staticFiles(_ observability: ObservabilityParts) throws -> StaticFiles {
        var files = StaticFiles()
        if let directory = try webDirectory() {
            try files.add(directory: directory, from: fileSystem)
            guard !files.paths.isEmpty else {
                throw SettingsError(faults: ["web.dir: the folder \(directory) holds no files"])
            }
            try addChartLibrary(to: &files)
        }
        try addRunbooks(beside: observability.rules.paths, to: &files)
        return files
    }

    /// The runbooks that stand in the folder `runbooks` beside rule files; the rules' annotations lead to them.
    private func addRunbooks(beside rules: [String], to files: inout StaticFiles) throws {
        var folders: Set<String> = []
        for path in rules {
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            guard folders.insert(folder).inserted,
                try fileSystem.attributes(of: folder + "runbooks")?.kind == .directory
            else { continue }
            for name in try fileSystem.list(folder + "runbooks") where name.hasSuffix(".md") {
                try files.add(file: "\(folder)runbooks/\(name)", at: "/runbooks/\(name)", from: fileSystem)
            }
        }
    }

    /// The folder with the dashboard; nil when there is to be none, or the one that comes with the server is nowhere.
    private func webDirectory() throws -> String? {
        if settings.usesShippedWeb {
            if let found = shipped.web { return found }
            log.warning(
                "the web dashboard that comes with the server was not found; name its folder with web.dir",
                metadata: ["folders": "\(shipped.folders.joined(separator: ", "))"]
            )
            return nil
        }
        guard !settings.webDirectory.isEmpty else { return nil }
        guard try fileSystem.attributes(of: settings.webDirectory)?.kind == .directory else {
            throw SettingsError(faults: ["web.dir: there is no folder \(settings.webDirectory)"])
        }
        return settings.webDirectory
    }

    /// The two files of dygraphs that the page loads; either one may be missing, and the page does without.
    private func addChartLibrary(to files: inout StaticFiles) throws {
        guard !settings.dygraphsDirectory.isEmpty else { return }
        for (name, path) in [
            ("dygraph.min.js", "/vendor/dygraphs.js"), ("dygraph.min.css", "/vendor/dygraphs.css"),
        ] {
            let source = settings.dygraphsDirectory + "/" + name
            guard try fileSystem.attributes(of: source)?.kind == .file else { continue }
            try files.add(file: source, at: path, from: fileSystem)
        }
    }
}
