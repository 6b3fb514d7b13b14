import Events
import MetricModel
import Notifications
import PromQL
import Queries
import Scraping
import Supervision
import TimeSeries

/// The path registry → store → rules → notifier, which awaits no database.
struct ObservabilityParts: Sendable {
    let head: Head
    let queries: QueryService
    let rules: RulesComponent
    let notifications: NotificationsComponent
}

extension Wiring {
    func observability() throws -> ObservabilityParts {
        let store = supervisor.add(.timeSeries, isEssential: true) { context in
            TimeSeriesComponent(context: context, settings: settings.timeSeries)
        }
        let head = store.head
        addSampler(into: head)
        let queries = supervisor.add(.queries, dependsOn: [.timeSeries]) { context in
            QueryService(
                context: context,
                engine: QueryEngine(options: EngineOptions(samplesMax: settings.query.samplesMax)),
                reader: head,
                concurrencyMax: settings.query.concurrencyMax,
                timeout: settings.query.timeout
            )
        }
        let notifications = try supervisor.add(.notifications) { context in
            try NotificationsComponent(
                context: context,
                file: settings.notificationsFile,
                externalURL: settings.publicURL,
                drainTimeout: settings.supervision.drainTimeout,
                fileSystem: fileSystem
            )
        }
        let notifier = notifications.notifier
        let alerts = alerts
        let rules = try supervisor.add(.rules, dependsOn: [.timeSeries, .notifications], isEssential: true) { context in
            try RulesComponent(
                context: context,
                settings: settings.rules,
                environment: RulesComponent.Environment(
                    queries: queries,
                    append: { try head.append($0) },
                    appendAlerts: { try head.appendAlerts($0) },
                    notify: { notices in
                        notifier.receive(notices)
                        alerts.receive(notices)
                    },
                    externalURL: settings.publicURL
                ),
                shipped: shipped,
                fileSystem: fileSystem
            )
        }
        if let loaded = notifications.loaded { outbox.offer(OwnEvents.notificationsLoaded(loaded)) }
        outbox.offer(OwnEvents.rulesLoaded(rules.loaded))
        return ObservabilityParts(head: head, queries: queries, rules: rules, notifications: notifications)
    }

    private func addSampler(into head: Head) {
        let targetLabels = [Label("job", "kaskman"), Label("instance", settings.instance)]
        let source = head.addRegistry(targetLabels: targetLabels)
        supervisor.add(.sampler, dependsOn: [.timeSeries], isEssential: true) { context in
            SelfSampler(
                context: context,
                interval: settings.samplerInterval,
                targetLabels: targetLabels,
                storeSnapshot: { snapshot, time throws(SampleAppendError) in
                    try head.append(snapshot, from: source, at: time)
                },
                storeSamples: { samples throws(SampleAppendError) in try head.append(samples) }
            )
        }
    }
}
