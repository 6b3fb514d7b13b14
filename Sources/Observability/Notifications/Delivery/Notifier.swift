public import Basics
import Instruments
public import Rules
import Synchronization

/// The notifier's limits and times.
public struct NotifierSettings: Sendable {
    /// The most alerts that wait to be grouped; beyond it the oldest are dropped.
    public var queuedAlertsMax = 10_000
    /// How long a drain may take to deliver what is left.
    public var drainMax = Duration.seconds(10)
    public var retry = RetryPolicy()
    public var limits = DispatchLimits()
    /// Seeds the jitter of retries.
    public var seed: UInt64 = 1

    public init() {}
}

/// Takes alerts from the rule evaluator and delivers notifications to the receivers until it is drained.
///
/// Concurrency: any thread may call every method; ``run()`` is called once at a time. Each delivery is a task of its own,
/// so a receiver that does not answer delays nobody else; their number is bounded by that of the groups.
public final class Notifier: Sendable {
    private struct State {
        var queue: [AlertNotice] = []
        var dispatcher: Dispatcher
        var droppedCount = 0
        var reportedRejections = 0
        var inFlight = 0
        var isDraining = false
        var receivers: [String: ReceiverSnapshot] = [:]
    }

    private let state: Mutex<State>
    private let changed = WakeSignal()
    private let clock: any WallClock
    private let settings: NotifierSettings
    private let sender: WebhookSender
    private let metrics: NotificationMetrics?

    public init(
        configuration: NotificationConfiguration,
        clock: any WallClock,
        transport: any WebhookTransport,
        files: any FileSystem = DiskFileSystem(),
        externalURL: String,
        settings: NotifierSettings = NotifierSettings(),
        metrics: NotificationMetrics? = nil
    ) {
        state = Mutex(State(dispatcher: Dispatcher(configuration, limits: settings.limits)))
        self.clock = clock
        self.settings = settings
        self.metrics = metrics
        sender = WebhookSender(
            clock: clock,
            transport: transport,
            files: files,
            policy: settings.retry,
            externalURL: externalURL,
            metrics: metrics
        )
        metrics?.queueCapacity.set(Double(settings.queuedAlertsMax))
    }

    /// Takes alerts in; never waits. When the queue is full the oldest alerts are dropped and counted.
    public func receive(_ notices: [AlertNotice]) {
        let (dropped, length) = state.withLock { state in
            state.queue += notices
            let excess = max(0, state.queue.count - settings.queuedAlertsMax)
            state.queue.removeFirst(excess)
            state.droppedCount += excess
            return (excess, state.queue.count)
        }
        metrics?.dropped.increment(by: dropped)
        metrics?.queueLength.set(Double(length))
        changed.set()
    }

    /// Takes a new configuration; what receivers have heard stays known.
    public func replace(configuration: NotificationConfiguration) {
        let now = clock.now
        state.withLock { $0.dispatcher.replace(configuration, at: now) }
        changed.set()
    }

    /// Makes ``run()`` deliver what is left, within ``NotifierSettings/drainMax``, and return.
    public func drain() {
        state.withLock { $0.isDraining = true }
        changed.set()
    }

    /// Groups and delivers until drained.
    /// - Throws: `CancellationError` when the task is cancelled.
    public func run() async throws {
        await withTaskGroup(of: Void.self) { tasks in
            while !Task.isCancelled {
                let (deliveries, due, isDraining) = advance()
                for (delivery, webhook) in deliveries { tasks.addTask { await self.deliver(delivery, webhook) } }
                if isDraining { break }
                await sleep(until: due)
            }
            if Task.isCancelled { return }
            let end = clock.uptime + settings.drainMax
            while state.withLock({ $0.inFlight }) > 0, clock.uptime < end, !Task.isCancelled {
                await sleep(for: end - clock.uptime)
            }
            tasks.cancelAll()
        }
        try Task.checkCancellation()
    }

    /// Feeds the state machine and takes the deliveries that are due, with their webhooks.
    private func advance() -> ([(Delivery, WebhookConfiguration)], Timestamp?, Bool) {
        let now = clock.now
        let (result, rejected, groups) = state.withLock { state in
            state.dispatcher.receive(state.queue, at: now)
            state.queue = []
            let deliveries = state.isDraining ? state.dispatcher.flushAll(at: now) : state.dispatcher.tick(at: now)
            var found: [(Delivery, WebhookConfiguration)] = []
            for delivery in deliveries {
                let webhooks = state.dispatcher.configuration.receiver(delivery.receiver)?.webhooks ?? []
                guard webhooks.indices.contains(delivery.integration) else { continue }
                found.append((delivery, webhooks[delivery.integration]))
            }
            state.inFlight += found.count
            let rejected = state.dispatcher.rejectedCount - state.reportedRejections
            state.reportedRejections += rejected
            return ((found, state.dispatcher.nextDue, state.isDraining), rejected, state.dispatcher.counts.groups)
        }
        metrics?.queueLength.set(0)
        metrics?.dropped.increment(by: rejected)
        metrics?.groups.set(Double(groups))
        return result
    }

    private func deliver(_ delivery: Delivery, _ webhook: WebhookConfiguration) async {
        metrics?.notifications[.init(delivery.receiver)].increment()
        var failure: DeliveryFailure?
        do throws(DeliveryFailure) {
            try await sender.deliver(delivery, to: webhook, seed: settings.seed &+ delivery.id)
        } catch {
            failure = error
            metrics?.failures[.init(delivery.receiver, error)].increment()
        }
        let now = clock.now
        let ended = failure
        state.withLock { state in
            state.inFlight -= 1
            state.dispatcher.complete(delivery.id, succeeded: ended == nil)
            var receiver = state.receivers[delivery.receiver] ?? ReceiverSnapshot()
            if let ended {
                receiver.lastFailure = now
                receiver.lastFailureReason = ended
            } else {
                receiver.lastSuccess = now
            }
            state.receivers[delivery.receiver] = receiver
        }
        changed.set()
    }

    private func sleep(until due: Timestamp?) async {
        guard let due else { return await changed.wait() }
        let wait = due.since(clock.now)
        if wait > .zero { await sleep(for: wait) }
    }

    /// Sleeps until the time is over or something changed.
    private func sleep(for duration: Duration) async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await self.clock.sleep(for: duration) }
            tasks.addTask { await self.changed.wait() }
            _ = await tasks.next()
            tasks.cancelAll()
        }
    }

    /// The notifier as it stands.
    public var snapshot: NotifierSnapshot {
        state.withLock { state in
            NotifierSnapshot(
                queueLength: state.queue.count,
                droppedCount: state.droppedCount + state.dispatcher.rejectedCount,
                inFlightCount: state.inFlight,
                groupCount: state.dispatcher.counts.groups,
                receivers: state.receivers
            )
        }
    }
}

/// What is known of deliveries to a receiver.
public struct ReceiverSnapshot: Sendable, Equatable {
    public internal(set) var lastSuccess: Timestamp?
    public internal(set) var lastFailure: Timestamp?
    public internal(set) var lastFailureReason: DeliveryFailure?

    init() {}

    /// Whether the last delivery failed.
    public var isFailing: Bool {
        guard let lastFailure else { return false }
        return lastSuccess.map { $0 < lastFailure } ?? true
    }
}

/// The notifier as health and the API show it.
public struct NotifierSnapshot: Sendable, Equatable {
    public let queueLength: Int
    /// Alerts lost because the queue or the notifier was full.
    public let droppedCount: Int
    public let inFlightCount: Int
    public let groupCount: Int
    /// By name; receivers that have had no delivery yet are missing.
    public let receivers: [String: ReceiverSnapshot]
}
