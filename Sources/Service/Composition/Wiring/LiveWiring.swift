import HTTP
import PromQL
import Queries
import Supervision
import WebAPI

extension Wiring {
    /// What is streamed, with the component that follows the event log for it.
    func liveRoutes(
        _ observability: ObservabilityParts,
        _ foundation: FoundationParts,
        _ authenticator: Authenticator,
        _ tickets: LiveTickets
    ) -> [Route] {
        let hub = LiveHub(log: foundation.events, clock: clock, registry: registry)
        let queries = observability.queries
        let figures = LiveFigures(clock: clock) { expression, time in
            guard let answer = try? await queries.instant(expression, at: time, timeout: nil, origin: .api),
                case .vector(let samples) = answer.result.value, samples.count == 1
            else { return nil }
            return samples.first?.value
        }
        supervisor.add(.live, dependsOn: [.database, .events, .queries]) { context in
            LiveComponent(context, hub: hub, figures: figures)
        }
        let supervisor = supervisor
        return LiveRoutes(
            LiveRoutes.Parts(
                hub: hub,
                tickets: tickets,
                authenticator: authenticator,
                clock: clock,
                report: { supervisor.report },
                build: build,
                origins: OriginPolicy(
                    allowed: settings.http.allowedOrigins + [OriginPolicy.origin(of: settings.publicURL)]
                ),
                limits: StreamLimits(),
                permits: StreamPermits(max: settings.liveConnectionsMax, registry: registry),
                instruments: StreamInstruments(registry)
            )
        ).routes
    }
}
