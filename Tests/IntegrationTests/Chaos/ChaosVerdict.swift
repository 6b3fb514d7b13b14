import Basics

/// What is wrong with the records of a run, and its figures.
///
/// Pure.
struct ChaosVerdict: Sendable {
    typealias Key = ChaosRecords.AttemptKey

    /// The time between two sweeps, in milliseconds.
    private static let sweepInterval: Int64 = 1000
    /// What a sweep itself may take on a machine that has nothing left to give, in milliseconds.
    private static let sweepTimeMax: Int64 = 1500

    private(set) var faults: [String] = []
    /// Tasks whose creation was answered and that are not there.
    private(set) var lost = 0
    /// Attempts of which a result was accepted more than once.
    private(set) var doubled = 0
    /// Attempts whose program ran more than once.
    private(set) var ranTwice = 0
    /// The longest time that a lease outlived its deadline while somebody could have ended it, in milliseconds.
    private(set) var overrun: Int64 = 0
    private(set) var leasesExpired = 0

    init(_ records: ChaosRecords, plan: ChaosPlan, ledger: ChaosLedger) {
        tasks(records, plan, ledger)
        attempts(records)
        events(records)
        executions(records)
        leases(records, ledger)
    }

    private mutating func expect(_ holds: Bool, _ fault: @autoclosure () -> String) {
        if !holds { faults.append(fault()) }
    }

    /// Each task of the plan is there once, under the identifier that was answered, and ended as it had to.
    private mutating func tasks(_ records: ChaosRecords, _ plan: ChaosPlan, _ ledger: ChaosLedger) {
        let byName = Dictionary(grouping: records.tasks, by: \.name)
        expect(records.tasks.count == plan.items.count, "\(records.tasks.count) tasks of \(plan.items.count)")
        for (place, item) in plan.items.enumerated() {
            let found = byName[item.name] ?? []
            let id = ledger.id(at: place)
            if let id, !found.contains(where: { $0.id == id }) { lost += 1 }
            expect(
                found.count == 1 && id.map { $0 == found[0].id } == true,
                "\(item.name): \(found), answered \(id ?? "")"
            )
            for task in found {
                expect(task.status == plan.ends[place], "\(item.name) is \(task.status), not \(plan.ends[place])")
            }
        }
    }

    /// The tokens of a task are 1, 2, 3 and so on, one after the other in time; one result decides, and it is the last.
    private mutating func attempts(_ records: ChaosRecords) {
        let counts = records.attempts.keys.reduce(into: [:]) { $0[$1.task, default: 0] += 1 }
        for task in records.tasks {
            expect(counts[task.id, default: 0] == task.token, "\(task) has \(counts[task.id] ?? 0) attempts")
            var before: Int64 = 0
            var failures = 0
            for number in 1..<task.token + 1 {
                guard let attempt = records.attempts[Key(task: task.id, number: number)] else {
                    faults.append("\(task) has no attempt \(number)")
                    continue
                }
                expect(
                    attempt.startedAt >= before,
                    "attempt \(number) of \(task) began before the one before had ended"
                )
                expect(attempt.endedAt != nil, "attempt \(number) of \(task) has not ended")
                before = attempt.endedAt ?? 0
                if attempt.outcome != "succeeded" { failures += 1 }
                let isDeciding = number == task.token && task.status == "succeeded"
                expect(
                    (attempt.outcome == "succeeded") == isDeciding,
                    "attempt \(number) of \(task): \(attempt.outcome)"
                )
            }
            expect(failures == task.failures, "\(task) has \(failures) attempts that failed")
            expect((task.status == "skipped") == (task.token == 0), "\(task) was begun \(task.token) times")
        }
    }

    /// The log tells each creation and end once, and of each attempt its begin and one end, in order.
    private mutating func events(_ records: ChaosRecords) {
        struct Story {
            var isCreated = false
            var end: Substring?
            var token = 0
            var isRunning = false
        }
        var stories: [Substring: Story] = [:]
        for event in records.events {
            var story = stories[event.task] ?? Story()
            var isRight = story.isCreated && story.end == nil
            switch event.kind {
            case "task.created":
                isRight = !story.isCreated
                story.isCreated = true
            case "task.started":
                isRight = isRight && !story.isRunning && event.attempt == story.token + 1
                story.token += 1
                story.isRunning = true
            case "task.attempt_failed", "task.succeeded", "task.dead":
                isRight = isRight && story.isRunning
                story.isRunning = false
                if event.kind != "task.attempt_failed" { story.end = event.kind.dropFirst("task.".count) }
            case "task.skipped":
                isRight = isRight && !story.isRunning
                story.end = "skipped"
            case "task.queued", "task.waiting": isRight = isRight && !story.isRunning
            default: isRight = false
            }
            expect(isRight, "\(event) does not follow \(story)")
            stories[event.task] = story
        }
        for task in records.tasks {
            let story = stories[task.id]
            // What can never be begun when it is made ends with its creation.
            let endsAtOnce = task.status == "skipped" && story?.isCreated == true && story?.end == nil
            expect(
                (endsAtOnce || story?.end == task.status) && story?.token == task.token,
                "\(task): the log ends with \(story as Any)"
            )
        }
        expect(stories.count == records.tasks.count, "the log tells of \(stories.count) tasks")
    }

    /// No program ran for an attempt that is not on record with its agent; none was decided without having run; and no worker was
    /// told twice that a result was accepted, or of one that is not on record.
    private mutating func executions(_ records: ChaosRecords) {
        for (key, agents) in records.runs {
            let attempt = records.attempts[key]
            expect(agents.allSatisfy { $0 == attempt?.agent }, "\(key) ran for \(agents): \(attempt as Any)")
            if agents.count > 1 { ranTwice += 1 }
        }
        for (key, attempt) in records.attempts {
            let byProgram = attempt.outcome == "succeeded" || attempt.errorClass == "exit_code"
            expect(!byProgram || records.runs[key] != nil, "\(key) ended with \(attempt) and has not run")
        }
        for (key, count) in records.accepted {
            if count > 1 { doubled += 1 }
            let outcome = records.attempts[key]?.outcome ?? "nothing"
            expect(count == 1, "\(count) results of \(key) were accepted")
            expect(
                outcome == "succeeded" || outcome == "failed",
                "a result of \(key) was accepted, which has \(outcome)"
            )
        }
    }

    /// No lease ended later than a sweep after its deadline, and none was ended before it.
    ///
    /// The deadline is that of the last sign of life, or that of the beginning of the server's listening (which its log tells) where that
    /// is later: since then its agent could say that it lives. The time without a server, from its kill to the next one's
    /// listening, and that without a database do not count: nobody could have ended a lease then.
    private mutating func leases(_ records: ChaosRecords, _ ledger: ChaosLedger) {
        let length = Int64(ChaosScale.heartbeatSeconds * 1000)
        var away = ledger.databaseAway.map { $0.lowerBound.milliseconds...$0.upperBound.milliseconds }
        for killed in ledger.serverKilledAt.map(\.milliseconds) {
            let next = records.listeningSince.first { $0 >= killed } ?? .max
            away.append(killed...next)
        }
        for (key, attempt) in records.attempts {
            guard let endedAt = attempt.endedAt else { continue }
            let since = records.listeningSince.last { $0 <= endedAt } ?? 0
            let deadline = max(attempt.heardAt, since) + length
            if attempt.outcome == "lease_expired" {
                leasesExpired += 1
                expect(endedAt > deadline, "\(key) was ended at \(endedAt), \(deadline - endedAt) ms early: \(attempt)")
            }
            guard endedAt > deadline else { continue }
            let missed = away.reduce(Int64(0)) { missed, span in
                missed + max(0, min(endedAt, span.upperBound) - max(deadline, span.lowerBound))
            }
            let late = endedAt - deadline - missed
            overrun = max(overrun, late)
            expect(
                late <= Self.sweepInterval + Self.sweepTimeMax,
                "\(key) outlived its deadline by \(late) ms: \(attempt)"
            )
        }
    }
}
