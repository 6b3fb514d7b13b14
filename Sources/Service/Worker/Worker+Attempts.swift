import Basics
import Client
import Instruments
import Logging
import Synchronization

/// One attempt, from the lease to the result.
extension Worker {
    /// Does a task, and hands in what came of it.
    func attempt(_ grant: LeaseGrant, _ stop: Latch<StopReason>) async {
        let key = grant.key
        log.info("an attempt begins", metadata: ["task_id": "\(key.taskID)", "attempt": "\(key.token)"])
        metrics.running.increment()
        let begin = clock.uptime
        let result = await perform(grant, stop)
        metrics.running.decrement()
        metrics.attemptSeconds.observe(clock.uptime - begin)
        state.withLock { state in
            state.stops[key] = nil
            state.attempts -= 1
            if result == nil { state.held.release(key) }
        }
        change.set()
        if let result { await deliver(result) }
    }

    /// Runs the executor with the reporters beside it; returns the result when the server is to hear of it.
    private func perform(_ grant: LeaseGrant, _ stop: Latch<StopReason>) async -> AttemptResult? {
        let key = grant.key
        let folder = newFolder()
        let attemptLog = AttemptLog(clock: clock, metrics: metrics)
        let push = MetricsPush(
            path: folder.metrics,
            lease: key,
            client: reports,
            log: attemptLog,
            clock: clock,
            metrics: metrics
        )
        let ended = Latch<Void>()
        let pushWakeup = WakeSignal()
        let result = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await attemptLog.send(key, to: self.reports) { self.tell(notTaken: .logs) }
                return true
            }
            group.addTask {
                await push.run(until: ended, wakeup: pushWakeup) { self.tell(notTaken: .metrics) }
                return true
            }
            let outcome = await outcome(grant, folder, stop, attemptLog)
            let result = await keep(outcome, key, stop.value)
            if result != nil {
                ended.set(())
                pushWakeup.set()
                attemptLog.end()
                group.addTask { [clock, settings] in
                    try? await clock.sleep(for: settings.reportsFlushMax)
                    return false
                }
                // The last words are sent before the result: with it the lease ends, and nothing more is taken.
                var reporters = 2
                while reporters > 0, await group.next() == true { reporters -= 1 }
            }
            group.cancelAll()
            return result
        }
        if await !BlockingWork.run({ folder.remove() }) {
            log.warning("a work folder cannot be removed", metadata: ["folder": "\(folder.path)"])
        }
        return result
    }

    private func outcome(
        _ grant: LeaseGrant,
        _ folder: AttemptFolder,
        _ stop: Latch<StopReason>,
        _ log: AttemptLog
    ) async -> AttemptOutcome {
        guard let executor = executor(grant.kind) else {
            return .failed(.invalidInput, message: "this worker does no tasks of the kind \(grant.kind)")
        }
        do throws(FileSystemError) {
            try await BlockingWork.run { [fileSystem] () throws(FileSystemError) in try folder.make(fileSystem) }
        } catch {
            return .failed(.workerFailed, message: "the work folder cannot be made: \(error)")
        }
        let artefacts = ArtefactUpload(
            lease: grant.key,
            client: reports,
            clock: clock,
            metrics: metrics,
            stop: stop,
            notTaken: { self.tell(notTaken: .artefacts) }
        )
        let children = ChildTasks(lease: grant.key, client: reports, calls: PatientCalls(clock: clock, stop: stop))
        return await executor.run(
            Attempt(grant: grant, folder: folder, stop: stop, log: log, artefacts: artefacts, children: children)
        )
    }

    /// Puts the result on the disk, when it is still wanted.
    private func keep(
        _ outcome: AttemptOutcome,
        _ key: LeaseKey,
        _ stopped: StopReason?
    ) async -> AttemptResult? {
        guard state.withLock({ $0.held.finished(key) }) else {
            metrics.attempts[.abandoned].increment()
            log.notice(
                "an attempt was abandoned",
                metadata: ["task_id": "\(key.taskID)", "reason": "\(stopped?.rawValue ?? "lease_lost")"]
            )
            return nil
        }
        switch outcome {
        case .completed: metrics.attempts[.completed].increment()
        case .failed(let kind, let message):
            metrics.attempts[.failed].increment()
            metrics.failures[WorkerMetrics.FailureLabels(kind)].increment()
            log.notice(
                "an attempt failed",
                metadata: ["task_id": "\(key.taskID)", "class": "\(kind.rawValue)", "message": "\(message)"]
            )
        }
        let result = AttemptResult(key, outcome)
        await store(result)
        state.withLock { $0.undelivered += 1 }
        metrics.outboxResults.increment()
        // There is room for another while the last reports are sent.
        change.set()
        return result
    }

    /// An older server: said once, counted each time.
    private func tell(notTaken report: WorkerMetrics.Report) {
        metrics.notTaken[report].increment()
        let isFirst = state.withLock { $0.isNotTakenTold.insert(report).inserted }
        if isFirst { log.warning("the server takes no \(report.rawValue) of tasks: they are left out") }
    }
}
