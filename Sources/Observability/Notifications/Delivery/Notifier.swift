public import Basics
import Instruments
public import Rules
import Synchronization

/// The notifier's limits and times.
public struct NotifierSettings: Sendable {
    /// The most alerts that wait to be grouped; beyond it the oldest are dropped.
    public var queuedAlertsMax = 10_000
    /// How long a drain may take to deliver what is left: a receiver that does not answer must not hold up the end.
    public var drainMax = Duration.seconds(2)
    /// How long a failed delivery waits before it is tried again.
    public var retry = RetryPolicy()
    /// The most alerts and groups that are known at a time.
    public var limits = DispatchLimits()
    /// Seeds the jitter of retries.
    public var seed: UInt64 = 1

    /// Makes the settings that a server runs with.
    public init() {}
}

/// Takes alerts from the rule evaluator and delivers notifications to the receivers until it is drained.
///
/// Concurrency: any thread may call every method; ``run()`` is called once at a time. Each delivery is a task of its
/// own, so a receiver that does not answer delays nobody else; their number is bounded by that of the groups.
public final class Notifier: Sendable {
    private struct State {
        var queue: [AlertNotice] = []
        var dispatcher: Dispatcher
        var droppedCount = 0
        var leftByDrainCount = 0
        var reportedRejections = 0
        var reportedUndelivered = 0
        var inFlight = 0
        var isDraining = false
        var hasFlushedAll = false
        var receivers: [String: ReceiverSnapshot] = [:]
    }

    private let state: Mutex<State>
    private let changed = WakeSignal()
    private let draining = DrainSignal()
    private let clock: any WallClock
    private let settings: NotifierSettings
    private let sender: WebhookSender
    private let metrics: NotificationMetrics?
    private let onFault: @Sendable (_ receiver: String, _ webhook: Int, DeliveryFault) -> Void

    /// Makes a notifier; it delivers nothing before ``run()`` is called.
    ///
    /// - Parameters:
    ///   - configuration: routes and receivers.
    ///   - clock: tells the time and sleeps.
    ///   - transport: posts.
    ///   - files: reads the files of secrets.
    ///   - externalURL: the address that links in notifications begin with.
    ///   - settings: limits and times.
    ///   - metrics: the notifier's own.
    ///   - onFault: hears of every attempt that failed, with the place of the webhook in its receiver, from 0; for the log,
    ///     called on any thread.
    public init(
        configuration: NotificationConfiguration,
        clock: any WallClock,
        transport: any WebhookTransport,
        files: any FileSystem = DiskFileSystem(),
        externalURL: String,
        settings: NotifierSettings = NotifierSettings(),
        metrics: NotificationMetrics? = nil,
        onFault: @escaping @Sendable (_ receiver: String, _ webhook: Int, DeliveryFault) -> Void = { _, _, _ in }
    ) {
        self.onFault = onFault
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
            metrics: metrics,
            draining: draining
        )
        metrics?.queueCapacity.set(Double(settings.queuedAlertsMax))
        metrics?.prepare(receivers: configuration.receivers.map(\.name))
    }

    /// Takes alerts in; never waits.
    ///
    /// When the queue is full the oldest alerts are dropped and counted.
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
        metrics?.prepare(receivers: configuration.receivers.map(\.name))
        state.withLock { state in
            state.dispatcher.replace(configuration, at: now)
            state.receivers = state.receivers.filter { configuration.receiver($0.key) != nil }
        }
        changed.set()
    }

    /// Makes ``run()`` deliver what is left, within ``NotifierSettings/drainMax``, and return.
    ///
    /// What waits to be tried again is tried at once, for the last time. A group whose delivery has not ended is told of
    /// its new alerts when it has; what is left then, or when the time is over, is counted as dropped.
    public func drain() {
        state.withLock { $0.isDraining = true }
        draining.set()
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
            while clock.uptime < end, !Task.isCancelled {
                let (deliveries, _, _) = advance()
                for (delivery, webhook) in deliveries { tasks.addTask { await self.deliver(delivery, webhook) } }
                let isDone = state.withLock { state in
                    state.inFlight == 0 && state.queue.isEmpty && state.dispatcher.owedGroupCount == 0
                }
                if isDone { break }
                await sleep(for: end - clock.uptime)
            }
            dropWhatIsLeft()
            tasks.cancelAll()
        }
        try Task.checkCancellation()
    }

    /// Counts the alerts that a drain had no time for, or could not deliver.
    private func dropWhatIsLeft() {
        let now = clock.now
        let dropped = state.withLock { state in
            let count = state.queue.count + state.dispatcher.untoldAlertCount(at: now)
            state.queue = []
            state.droppedCount += count
            state.leftByDrainCount += count
            return count
        }
        metrics?.dropped.increment(by: dropped)
        metrics?.queueLength.set(0)
    }

    /// Feeds the state machine and takes the deliveries that are due, with their webhooks.
    private func advance() -> ([(Delivery, WebhookConfiguration)], Timestamp?, Bool) {
        let now = clock.now
        let (result, rejected, undelivered, groups) = state.withLock { state in
            state.dispatcher.receive(state.queue, at: now)
            state.queue = []
            let deliveries =
                if !state.isDraining {
                    state.dispatcher.tick(at: now)
                } else if state.hasFlushedAll {
                    state.dispatcher.flushOwed(at: now)
                } else {
                    state.dispatcher.flushAll(at: now)
                }
            state.hasFlushedAll = state.isDraining
            var found: [(Delivery, WebhookConfiguration)] = []
            for delivery in deliveries {
                let webhooks = state.dispatcher.configuration.receiver(delivery.receiver)?.webhooks ?? []
                guard webhooks.indices.contains(delivery.integration) else { continue }
                found.append((delivery, webhooks[delivery.integration]))
            }
            state.inFlight += found.count
            let rejected = state.dispatcher.rejectedCount - state.reportedRejections
            state.reportedRejections += rejected
            let undelivered = state.dispatcher.undeliveredCount - state.reportedUndelivered
            state.reportedUndelivered += undelivered
            let result = (found, state.dispatcher.nextDue, state.isDraining)
            return (result, rejected, undelivered, state.dispatcher.counts.groups)
        }
        metrics?.queueLength.set(0)
        metrics?.dropped.increment(by: rejected)
        metrics?.undelivered.increment(by: undelivered)
        metrics?.groups.set(Double(groups))
        return result
    }

    private func deliver(_ delivery: Delivery, _ webhook: WebhookConfiguration) async {
        metrics?.notifications[.init(delivery.receiver)].increment()
        var failure: DeliveryFault?
        do throws(DeliveryFault) {
            try await sender.deliver(delivery, to: webhook, seed: settings.seed &+ delivery.id) { fault in
                onFault(delivery.receiver, delivery.integration, fault)
            }
        } catch {
            failure = error
            metrics?.failures[.init(delivery.receiver, error.reason)].increment()
            onFault(delivery.receiver, delivery.integration, error)
        }
        let now = clock.now
        let ended = failure
        state.withLock { state in
            state.inFlight -= 1
            state.dispatcher.complete(delivery.id, succeeded: ended == nil)
            // A reload may have removed the receiver meanwhile.
            guard state.dispatcher.configuration.receiver(delivery.receiver) != nil else { return }
            var receiver = state.receivers[delivery.receiver] ?? ReceiverSnapshot()
            if let ended {
                receiver.lastFailure = now
                receiver.lastFailureReason = ended.reason
                receiver.failingWebhooks.insert(delivery.integration)
            } else {
                receiver.lastSuccess = now
                receiver.failingWebhooks.remove(delivery.integration)
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
                undeliveredCount: state.dispatcher.undeliveredCount,
                leftByDrainCount: state.leftByDrainCount,
                inFlightCount: state.inFlight,
                groupCount: state.dispatcher.counts.groups,
                receivers: state.receivers
            )
        }
    }
}

/// What is known of deliveries to a receiver.
public struct ReceiverSnapshot: Sendable, Equatable {
    /// When a delivery last succeeded; nil when none has.
    public internal(set) var lastSuccess: Timestamp?
    /// When a delivery was last given up; nil when none was.
    public internal(set) var lastFailure: Timestamp?
    /// Why a delivery was last given up; nil when none was.
    public internal(set) var lastFailureReason: DeliveryFailure?

    init() {}

    /// The webhooks whose last delivery failed, by their place in the receiver, from 0.
    public internal(set) var failingWebhooks: Set<Int> = []

    /// Whether the last delivery to any of its webhooks failed.
    public var isFailing: Bool { !failingWebhooks.isEmpty }
}

/// The notifier as health and the API show it.
public struct NotifierSnapshot: Sendable, Equatable {
    /// The alerts that wait to be grouped.
    public let queueLength: Int
    /// Alerts lost because the queue, a group or the notifier was full, or a drain ended before them.
    public let droppedCount: Int
    /// Resolved alerts forgotten because a receiver could not be told of them for too long.
    public let undeliveredCount: Int
    /// Alerts, firing or resolved, of which a drain could not tell some receiver; counted in `droppedCount` too.
    public let leftByDrainCount: Int
    /// The deliveries that are being tried now.
    public let inFlightCount: Int
    /// The groups of alerts that are known.
    public let groupCount: Int
    /// By name; receivers that have had no delivery yet are missing.
    public let receivers: [String: ReceiverSnapshot]
}
