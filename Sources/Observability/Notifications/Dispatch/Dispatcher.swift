public import Basics
import MetricModel
public import Rules

/// The bounds of the notifier.
public struct DispatchLimits: Sendable {
    /// The most alerts known at a time.
    public var alertsMax = 100_000
    /// The most groups at a time.
    public var groupsMax = 20_000
    /// The most alerts in one group, and so in one notification.
    public var alertsPerGroupMax = 10_000
    /// How long a resolved alert waits for a receiver that cannot be told; at least three of its group's intervals.
    public var undeliveredRetention = Duration.seconds(3600)

    /// Makes the limits that a server runs with.
    public init() {}
}

/// Routes, groups and deduplicates alerts: a state machine that is told of alerts and of the time, and answers with the
/// deliveries to make.
///
/// Pure. Source: Alertmanager's dispatcher and deduplication (behaviour). A new group waits `group_wait`; from then on
/// it is looked at every `group_interval`, and whoever has something new to hear gets a delivery.
public struct Dispatcher: Sendable {
    private struct GroupID: Hashable {
        let route: String
        let labels: Labels
    }

    private struct Group {
        let route: Route
        let labels: Labels
        /// The route's key and `{a="1", b="2"}`, as Alertmanager prints label sets.
        let key: String
        var alerts: [Fingerprint: NotifiedAlert] = [:]
        var nextFlush: Timestamp
        var hasFlushed = false
        var flight: Flight?

        init(route: Route, labels: Labels, nextFlush: Timestamp) {
            self.route = route
            self.labels = labels
            self.nextFlush = nextFlush
            let text = labels.map { "\($0.name)=\(QuotedText.quote($0.value))" }.joined(separator: ", ")
            key = "\(route.key):{\(text)}"
        }
    }

    /// Deliveries of one turn of a group that have not ended.
    private struct Flight {
        var open: Set<UInt64>
        var hasFailed = false
        /// Resolved alerts that are forgotten once every integration has heard, unless they came back.
        let resolved: [Fingerprint: Timestamp]
    }

    private struct Pending {
        let group: GroupID
        let log: NotificationLog.Key
        let entry: NotificationLog.Entry
    }

    /// The routes and receivers in force.
    public private(set) var configuration: NotificationConfiguration
    private let limits: DispatchLimits
    private var groups: [GroupID: Group] = [:]
    private var alerts: [Fingerprint: NotifiedAlert] = [:]
    private var log = NotificationLog()
    private var pending: [UInt64: Pending] = [:]
    private var nextID: UInt64 = 1
    private var lastPruning: Timestamp?
    private var isDraining = false
    /// Groups with news that the last act of a drain could not tell, since their deliveries had not ended.
    private var owed: Set<GroupID> = []
    /// Alerts refused because ``DispatchLimits`` were reached.
    public private(set) var rejectedCount = 0
    /// Resolved alerts forgotten because a receiver could not be told for ``DispatchLimits/undeliveredRetention``.
    public private(set) var undeliveredCount = 0

    /// Makes a dispatcher that knows no alerts.
    public init(_ configuration: NotificationConfiguration, limits: DispatchLimits = DispatchLimits()) {
        self.configuration = configuration
        self.limits = limits
    }

    /// Takes alerts in: new ones, refreshed ones, resolved ones.
    public mutating func receive(_ notices: [AlertNotice], at now: Timestamp) {
        for notice in notices {
            var alert = NotifiedAlert(notice, at: now)
            if let older = alerts[alert.fingerprint] {
                alert = alert.merging(into: older)
            } else if alerts.count >= limits.alertsMax {
                rejectedCount += 1
                continue
            }
            alerts[alert.fingerprint] = alert
            insert(alert, at: now)
        }
    }

    private mutating func insert(_ alert: NotifiedAlert, at now: Timestamp) {
        for route in configuration.route.matching(alert.labels) {
            let id = GroupID(route: route.id, labels: route.groupLabels(of: alert.labels))
            if groups[id] == nil {
                // What is over before anyone was told of it needs no telling.
                if alert.isResolved(at: now) { continue }
                guard groups.count < limits.groupsMax else {
                    rejectedCount += 1
                    continue
                }
                groups[id] = Group(
                    route: route,
                    labels: id.labels,
                    nextFlush: now.advanced(by: route.options.groupWait)
                )
            }
            if let group = groups[id], group.alerts[alert.fingerprint] == nil,
                group.alerts.count >= limits.alertsPerGroupMax
            {
                rejectedCount += 1
                continue
            }
            groups[id]?.alerts[alert.fingerprint] = alert
            if isDraining { owed.insert(id) }
            if let group = groups[id], !group.hasFlushed,
                alert.startsAt.advanced(by: route.options.groupWait) < now
            {
                groups[id]?.nextFlush = min(group.nextFlush, now)
            }
        }
    }

    /// When ``tick(at:)`` next has something to do; nil when nothing is known.
    public var nextDue: Timestamp? { groups.values.map(\.nextFlush).min() }

    /// The deliveries that are due.
    public mutating func tick(at now: Timestamp) -> [Delivery] {
        let due = groups.filter { $0.value.nextFlush <= now }
            .sorted { ($0.value.nextFlush, $0.value.key) < ($1.value.nextFlush, $1.value.key) }
        return flush(due.map(\.key), at: now)
    }

    /// The deliveries of all groups that have something to say, whether or not it is their turn: the last act of a
    /// drain.
    ///
    /// Groups whose deliveries have not ended, and what comes in from now on, are left to ``flushOwed(at:)``.
    public mutating func flushAll(at now: Timestamp) -> [Delivery] {
        isDraining = true
        owed = []
        return flush(groups.sorted { $0.value.key < $1.value.key }.map(\.key), at: now)
    }

    /// The deliveries that ``flushAll(at:)`` could not make and that are possible now; each group is tried once more.
    public mutating func flushOwed(at now: Timestamp) -> [Delivery] {
        let ids = owed.filter { groups[$0]?.flight == nil }
        owed.subtract(ids)
        return flush(ids.sorted { (groups[$0]?.key ?? "") < (groups[$1]?.key ?? "") }, at: now)
    }

    /// How many groups ``flushOwed(at:)`` has yet to tell of.
    public var owedGroupCount: Int { owed.count }

    /// How many alerts there are of whose present state, firing or resolved, some receiver has not heard.
    public func untoldAlertCount(at now: Timestamp) -> Int {
        groups.values.reduce(0) { count, group in
            let name = group.route.options.receiver
            let webhooks = configuration.receiver(name)?.webhooks ?? []
            let heard = webhooks.enumerated().map { integration, webhook in
                let key = NotificationLog.Key(groupKey: group.key, receiver: name, integration: integration)
                return (entry: log.entries[key], sendsResolved: webhook.sendsResolved)
            }
            return count
                + group.alerts.values.count { alert in
                    let isResolved = alert.isResolved(at: now)
                    return heard.contains { entry, sendsResolved in
                        let wasFiring = entry?.firing.contains(alert.fingerprint) ?? false
                        // Whoever never heard that it fires need not hear that it is over.
                        return isResolved ? wasFiring && sendsResolved : !wasFiring
                    }
                }
        }
    }

    private mutating func flush(_ ids: [GroupID], at now: Timestamp) -> [Delivery] {
        var deliveries: [Delivery] = []
        for id in ids { deliveries += flush(id, at: now) }
        pruneIfDue(at: now)
        return deliveries
    }

    /// How often everything that is known is searched for what may be forgotten.
    static let pruningInterval = Duration.seconds(1)

    private mutating func pruneIfDue(at now: Timestamp) {
        // A clock that was set back prunes at once.
        if let lastPruning, lastPruning <= now, now.since(lastPruning) < Self.pruningInterval { return }
        lastPruning = now
        // What a group that exists has said must stay known, or its end could not be told.
        log.expire(at: now, keeping: Set(groups.values.map(\.key)))
        alerts = alerts.filter { now.since($0.value.endsAt) < Self.resolvedRetention }
    }

    private mutating func flush(_ id: GroupID, at now: Timestamp) -> [Delivery] {
        guard var group = groups[id] else { return [] }
        if group.nextFlush <= now {
            // The group keeps to its grid, however late the tick comes.
            let interval = max(1, group.route.options.groupInterval.wholeMilliseconds)
            let turns = now.since(group.nextFlush).wholeMilliseconds / interval + 1
            group.nextFlush = group.nextFlush.advanced(by: .milliseconds(turns * interval))
        }
        group.hasFlushed = true
        defer { groups[id] = group.alerts.isEmpty ? nil : group }
        // The turn before has not ended: its deadline has passed, so its deliveries are about to.
        if group.flight != nil {
            if isDraining { owed.insert(id) }
            return []
        }
        dropUndelivered(of: &group, at: now)
        let alerts = group.alerts.values.sorted(by: NotifiedAlert.precedes)
        let resolved = alerts.filter { $0.isResolved(at: now) }
        var flight = Flight(
            open: [],
            resolved: Dictionary(resolved.map { ($0.fingerprint, $0.updatedAt) }, uniquingKeysWith: { $1 })
        )
        let deliveries = deliveries(of: group, id, alerts, resolved: Set(flight.resolved.keys), at: now)
        flight.open = Set(deliveries.map(\.id))
        if flight.open.isEmpty { Self.forget(flight.resolved, in: &group) } else { group.flight = flight }
        return deliveries
    }

    private mutating func deliveries(
        of group: Group,
        _ id: GroupID,
        _ alerts: [NotifiedAlert],
        resolved: Set<Fingerprint>,
        at now: Timestamp
    ) -> [Delivery] {
        let options = group.route.options
        let firing = Set(alerts.map(\.fingerprint)).subtracting(resolved)
        let webhooks = configuration.receiver(options.receiver)?.webhooks ?? []
        var deliveries: [Delivery] = []
        for (integration, webhook) in webhooks.enumerated() {
            let key = NotificationLog.Key(groupKey: group.key, receiver: options.receiver, integration: integration)
            guard
                let reason = log.reason(
                    key,
                    firing: firing,
                    resolved: resolved,
                    sendsResolved: webhook.sendsResolved,
                    repeatInterval: options.repeatInterval,
                    at: now
                )
            else { continue }
            let entry = NotificationLog.Entry(
                firing: firing,
                resolved: resolved,
                at: now,
                expiresAt: now.advanced(by: max(options.repeatInterval, options.groupInterval) * 2)
            )
            let sent = webhook.sendsResolved ? alerts : alerts.filter { firing.contains($0.fingerprint) }
            if sent.isEmpty {
                log.record(key, entry)
                continue
            }
            pending[nextID] = Pending(group: id, log: key, entry: entry)
            deliveries.append(
                Delivery(
                    id: nextID,
                    receiver: options.receiver,
                    integration: integration,
                    groupKey: group.key,
                    groupLabels: group.labels,
                    routeLabels: options.labels,
                    reason: reason,
                    alerts: sent,
                    at: now,
                    deadline: now.advanced(by: options.groupInterval)
                )
            )
            nextID += 1
        }
        return deliveries
    }

    /// Gives up resolved alerts that a receiver could not be told of for long: it may never come back, and while labels
    /// change the group would grow without end.
    private mutating func dropUndelivered(of group: inout Group, at now: Timestamp) {
        let retention = max(limits.undeliveredRetention, group.route.options.groupInterval * 3)
        let count = group.alerts.count
        group.alerts = group.alerts.filter { _, alert in
            !alert.isResolved(at: now) || now.since(max(alert.endsAt, alert.updatedAt)) < retention
        }
        undeliveredCount += count - group.alerts.count
    }

    private static func forget(_ resolved: [Fingerprint: Timestamp], in group: inout Group) {
        for (fingerprint, updatedAt) in resolved where group.alerts[fingerprint]?.updatedAt == updatedAt {
            group.alerts[fingerprint] = nil
        }
    }

    /// Reports how a delivery ended; a failed one is tried anew at the group's next turn.
    public mutating func complete(_ delivery: UInt64, succeeded: Bool) {
        guard let pending = pending.removeValue(forKey: delivery) else { return }
        if succeeded { log.record(pending.log, pending.entry) }
        guard var group = groups[pending.group], var flight = group.flight, flight.open.remove(delivery) != nil else {
            return
        }
        if !succeeded { flight.hasFailed = true }
        group.flight = flight
        if flight.open.isEmpty {
            group.flight = nil
            if !flight.hasFailed { Self.forget(flight.resolved, in: &group) }
        }
        groups[pending.group] = group.alerts.isEmpty ? nil : group
    }

    /// How long a resolved alert is remembered, for a new configuration to route it.
    static let resolvedRetention = Duration.seconds(15 * 60)

    /// Takes a new configuration: alerts are routed anew, what receivers have heard stays known.
    public mutating func replace(_ configuration: NotificationConfiguration, at now: Timestamp) {
        let old = groups
        self.configuration = configuration
        groups = [:]
        for alert in alerts.values.sorted(by: NotifiedAlert.precedes) { insert(alert, at: now) }
        for (id, group) in groups {
            guard let before = old[id], before.route.options == group.route.options else { continue }
            groups[id]?.nextFlush = before.nextFlush
            groups[id]?.hasFlushed = before.hasFlushed
            // Resolved alerts that receivers have not heard of are not inserted into new groups, but stay in old ones.
            var alerts = group.alerts
            for (fingerprint, alert) in before.alerts where alerts[fingerprint] == nil {
                guard alerts.count < limits.alertsPerGroupMax else {
                    rejectedCount += 1
                    continue
                }
                alerts[fingerprint] = alert
            }
            groups[id]?.alerts = alerts
        }
        for (id, group) in old where groups[id] == nil {
            let isStillRouted = configuration.route.walk.contains { $0.id == id.route && $0 == group.route }
            if isStillRouted, !group.alerts.isEmpty {
                var group = group
                group.flight = nil
                groups[id] = group
            }
        }
        owed = owed.filter { groups[$0] != nil }
    }

    /// The number of groups and alerts.
    public var counts: (groups: Int, alerts: Int) { (groups.count, alerts.count) }
}
