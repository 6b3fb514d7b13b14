import Basics
package import Client

/// What a worker holds: which leases are to be renewed when, which attempts are to be stopped, how many more fit.
///
/// Pure: times are points of uptime, so that a machine's clock which is set, or differs from the server's, changes nothing.
package struct HeldLeases: Sendable {
    /// What is to be done about a lease now.
    package enum Action: Hashable, Sendable {
        case renew(LeaseKey)
        case stop(LeaseKey, StopReason)
    }

    /// Where an attempt is.
    package enum Phase: Hashable, Sendable {
        case running
        /// Its work is done, and the server does not know yet; the lease is kept alive meanwhile.
        case finished
        /// It has been told to end.
        case stopping(StopReason)
    }

    private struct Lease {
        let length: Duration
        var deadline: Duration
        var renewAt: Duration
        var isRenewing = false
        var retry: RetryDelay
        var phase = Phase.running
    }

    /// How many attempts run at a time.
    package let concurrency: Int
    /// How long after its deadline a lease is kept that could not be renewed: a server that was down gives agents their time anew.
    package let grace: Duration
    private var leases: [LeaseKey: Lease] = [:]
    /// Seeded, so that a history can be told again.
    private var random: SeededGenerator

    package init(concurrency: Int, grace: Duration, seed: UInt64) {
        precondition(concurrency > 0, "BUG: a worker that runs nothing")
        self.concurrency = concurrency
        self.grace = grace
        random = SeededGenerator(seed: seed)
    }

    package var count: Int { leases.count }
    package var keys: Set<LeaseKey> { Set(leases.keys) }
    package func phase(of key: LeaseKey) -> Phase? { leases[key]?.phase }

    /// How many more tasks fit: a result that waits for the server takes no place, since nothing runs for it.
    package var room: Int { max(0, concurrency - leases.values.count { $0.phase != .finished }) }

    // MARK: What happens

    /// A task was leased, by a request that was sent at `sent`: from then on the lease is counted.
    ///
    /// Returns false when it is held already, which a server in order never brings about.
    package mutating func lease(_ key: LeaseKey, length: Duration, sent: Duration) -> Bool {
        guard leases[key] == nil else { return false }
        let deadline = sent + length
        leases[key] = Lease(
            length: length,
            deadline: deadline,
            renewAt: sent + firstWait(length),
            retry: RetryDelay(longest: max(length / 4, RetryDelay.first))
        )
        return true
    }

    /// The lease was renewed, by a request that was sent at `sent`.
    package mutating func renewed(_ key: LeaseKey, sent: Duration) {
        guard var lease = leases[key] else { return }
        lease.deadline = sent + lease.length
        lease.renewAt = sent + firstWait(lease.length)
        lease.isRenewing = false
        lease.retry.succeed()
        leases[key] = lease
    }

    /// The server could not be asked, or said "not now".
    package mutating func renewalFailed(_ key: LeaseKey, at now: Duration, retryAfter: Duration?) {
        guard var lease = leases[key] else { return }
        lease.isRenewing = false
        lease.renewAt = now + lease.retry.next(retryAfter, &random)
        leases[key] = lease
    }

    /// The server says that the lease is lost; returns whether an attempt has to be stopped for it.
    package mutating func lost(_ key: LeaseKey) -> Bool {
        guard let phase = leases[key]?.phase else { return false }
        leases[key]?.phase = .stopping(.leaseLost)
        return phase == .running || phase == .stopping(.workerStopped)
    }

    /// The worker ends: every attempt that runs is to be stopped.
    package mutating func stopAll() -> [Action] {
        let running = leases.filter { $0.value.phase == .running }.keys.sorted { "\($0)" < "\($1)" }
        for key in running { leases[key]?.phase = .stopping(.workerStopped) }
        return running.map { .stop($0, .workerStopped) }
    }

    /// The attempt's work has ended; returns whether the server is to hear of it.
    package mutating func finished(_ key: LeaseKey) -> Bool {
        guard let phase = leases[key]?.phase else { return false }
        if case .stopping(let reason) = phase, !reason.isReported { return false }
        leases[key]?.phase = .finished
        return true
    }

    /// Nothing is to be done about the lease any more.
    package mutating func release(_ key: LeaseKey) { leases[key] = nil }

    // MARK: What is due

    /// What is to be done now; a renewal that is under way is not asked for again.
    package mutating func due(at now: Duration) -> [Action] {
        var actions: [Action] = []
        for key in leases.keys.sorted(by: { "\($0)" < "\($1)" }) {
            guard var lease = leases[key] else { continue }
            guard isKept(lease, at: now) else { continue }
            if now >= lease.deadline + grace {
                lease.phase = .stopping(.serverUnreachable)
                actions.append(.stop(key, .serverUnreachable))
            } else if now >= lease.renewAt, !lease.isRenewing {
                lease.isRenewing = true
                actions.append(.renew(key))
            }
            leases[key] = lease
        }
        return actions
    }

    /// How long until something is due; nil when nothing is.
    package func wait(at now: Duration) -> Duration? {
        let times = leases.values.compactMap { lease -> Duration? in
            guard isKept(lease, at: now) else { return nil }
            let end = lease.deadline + grace
            return lease.isRenewing ? end : min(lease.renewAt, end)
        }
        return times.min().map { max($0 - now, .zero) }
    }

    /// Whether the lease is still to be kept alive.
    ///
    /// A result whose lease is long over stays in the outbox: the server may come back and want it after all.
    private func isKept(_ lease: Lease, at now: Duration) -> Bool {
        switch lease.phase {
        case .running: true
        case .finished: now < lease.deadline + grace
        case .stopping(let reason): reason.isReported
        }
    }

    /// A third of the lease, by chance up to a fifth of that less: two renewals may fail before it is over.
    private mutating func firstWait(_ length: Duration) -> Duration {
        let third = length.wholeMilliseconds / 3
        let early = Int64(Double(third) * Double.random(in: 0..<0.2, using: &random))
        return .milliseconds(third - early)
    }
}
