import Basics
import Client
import Instruments
import JSON
import Logging
import Synchronization

/// Leases are kept alive, and attempts stopped that lost theirs.
extension Worker {
    /// Does what is due about leases until the task is cancelled.
    func renewWhatIsDue() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for action in state.withLock({ $0.held.due(at: clock.uptime) }) {
                    switch action {
                    case .renew(let key): group.addTask { await self.renew(key) }
                    case .stop(let key, let reason): stop(key, reason)
                    }
                }
                let wait = state.withLock { $0.held.wait(at: clock.uptime) }
                await renewal.wait(atMost: wait, by: clock)
            }
            group.cancelAll()
        }
    }

    private func renew(_ key: LeaseKey) async {
        let sent = clock.uptime
        do throws(AgentCallError) {
            try await client.renew(key)
            state.withLock { $0.held.renewed(key, sent: sent) }
            metrics.renewals[.renewed].increment()
        } catch {
            switch error {
            case .leaseLost, .notFound:
                metrics.renewals[.lost].increment()
                if state.withLock({ $0.held.lost(key) }) { stop(key, .leaseLost) }
            case .later(_, let retryAfter):
                metrics.renewals[.later].increment()
                failed(key, retryAfter, error)
            case .notAllowed, .refused, .unexpectedAnswer, .wrongOffset:
                metrics.renewals[.refused].increment()
                failed(key, nil, error)
            }
        }
        renewal.set()
    }

    private func failed(_ key: LeaseKey, _ retryAfter: Duration?, _ error: AgentCallError) {
        if Task.isCancelled { return }
        log.info("a lease was not renewed", metadata: ["task_id": "\(key.taskID)", "error": "\(error)"])
        state.withLock { $0.held.renewalFailed(key, at: clock.uptime, retryAfter: retryAfter) }
    }

    func stop(_ key: LeaseKey, _ reason: StopReason) {
        metrics.stops[WorkerMetrics.StopLabels(reason)].increment()
        log.notice("an attempt is stopped", metadata: ["task_id": "\(key.taskID)", "reason": "\(reason.rawValue)"])
        state.withLock { $0.stops[key] }?.set(reason)
    }

    /// Says that the agent lives until the task is cancelled: three times in the time after which it would count as late.
    func beat(_ agent: AgentRecord) async {
        let timeout = agent.json["heartbeat_timeout_seconds"]?.integer.map { Duration.seconds(max(1, $0)) }
        let interval = min(settings.heartbeatInterval, (timeout ?? settings.heartbeatInterval * 3) / 3)
        while !Task.isCancelled {
            let load = Double(state.withLock { $0.attempts }) / Double(settings.concurrency)
            do throws(AgentCallError) {
                asked(toStop: try await client.heartbeat(agent: agent.id, load: load).isStopping)
            } catch {
                metrics.heartbeatFailures.increment()
                log.debug("a heartbeat was not taken", metadata: ["error": "\(error)"])
            }
            do { try await clock.sleep(for: interval) } catch { return }
        }
    }
}
