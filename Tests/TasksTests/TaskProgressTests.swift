import Basics
import ChaosTesting
import Tasks
import Testing

@Suite struct TaskProgressTests {
    private let start = Timestamp(milliseconds: 1_000_000)
    private let ids = UUIDv7Generator(clock: ManualClock(), random: SeededGenerator(seed: 1))

    /// The statuses that a walk goes through, and the error that ends it.
    private func walk(_ rules: TaskRules = TaskRules(), _ steps: [(seconds: Int, TaskStep)]) -> String {
        var random = SeededGenerator(seed: 1)
        var progress = TaskProgress.new(.met, runAt: nil, at: start)
        var words = [progress.status.rawValue]
        for (seconds, step) in steps {
            do throws(TaskStepError) {
                progress = try progress.applying(step, rules: rules, at: at(seconds), &random).progress
                words.append(progress.status.rawValue)
            } catch {
                words.append("\(error)")
            }
        }
        return (words + [progress.reason?.rawValue].compactMap { $0 }).joined(separator: " ")
    }

    private func at(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

    @Test func aTaskGoesItsWay() {
        let agent = ids.next()
        let other = ids.next()
        let first = LeaseClaim(agentID: agent, token: 1)
        func f(
            _ expected: String,
            _ steps: [(seconds: Int, TaskStep)],
            _ configure: (inout TaskRules) -> Void = { _ in }
        ) {
            var rules = TaskRules()
            (rules.retry.firstDelaySeconds, rules.retry.jitter) = (10, 0)
            configure(&rules)
            #expect(walk(rules, steps) == expected)
        }
        let lost = "\(TaskStepError.leaseLost)"
        f("queued running succeeded", [(0, .lease(agentID: agent)), (1, .succeed(first))])
        f(
            "queued running succeeded \(lost)",
            [(0, .lease(agentID: agent)), (1, .succeed(first)), (2, .succeed(first))]
        )
        f("queued running \(lost)", [(0, .lease(agentID: agent)), (1, .succeed(LeaseClaim(agentID: other, token: 1)))])
        f("queued running \(lost)", [(0, .lease(agentID: agent)), (1, .succeed(LeaseClaim(agentID: agent, token: 2)))])
        f("queued running cancelled \(lost)", [(0, .lease(agentID: agent)), (1, .cancel), (2, .succeed(first))])
        f(
            "queued running queued \(TaskStepError.notPossible(from: .queued)) running",
            [
                (0, .lease(agentID: agent)), (1, .fail(first, errorClass: "oom")), (10, .lease(agentID: other)),
                (11, .lease(agentID: other)),
            ]
        )
        f(
            "queued running dead not_retryable",
            [(0, .lease(agentID: agent)), (1, .fail(first, errorClass: "oom"))]
        ) { $0.retry.nonRetryable = ["oom"] }
        f(
            "queued running dead attempts_exhausted",
            [(0, .lease(agentID: agent)), (1, .fail(first, errorClass: "oom"))]
        ) { $0.retry.attemptsMax = 1 }
        // A lease of 30 seconds is good for all of them; silence counts from when the platform listened.
        let (early, late) = (TaskStep.sweep(listeningSince: start), TaskStep.sweep(listeningSince: at(20)))
        f("queued running running queued", [(0, .lease(agentID: agent)), (30, early), (31, early)])
        f("queued running running queued", [(0, .lease(agentID: agent)), (50, late), (51, late)])
        f(
            "queued running running running queued",
            [(0, .lease(agentID: agent)), (20, .renew(first)), (50, early), (51, early)]
        )
        f(
            "queued running queued",
            [(0, .lease(agentID: agent)), (6, early)]
        ) { $0.timeouts.startToCloseSeconds = 5 }
        // Costs are those of the attempt so far; a result is accepted whatever it has cost.
        func cost(_ cost: Double, _ token: Int64 = 1) -> LeaseClaim {
            LeaseClaim(agentID: agent, token: token, cost: cost)
        }
        let ten: (inout TaskRules) -> Void = { $0.budget.costMax = 10 }
        let lease = (0, TaskStep.lease(agentID: agent))
        f("queued running running running", [lease, (1, .renew(cost(10))), (2, .renew(cost(10)))], ten)
        f(
            "queued running dead \(lost) budget_exceeded",
            [lease, (1, .renew(cost(10.5))), (2, .succeed(cost(11)))],
            ten
        )
        f("queued running dead budget_exceeded", [lease, (1, .fail(cost(11), errorClass: "oom"))], ten)
        f("queued running succeeded", [lease, (1, .succeed(cost(11)))], ten)
        let again: [(seconds: Int, TaskStep)] = [
            lease, (1, .fail(cost(6), errorClass: "oom")), (20, .lease(agentID: agent)),
        ]
        f("queued running queued running running", again + [(21, .renew(cost(4, 2)))], ten)
        f("queued running queued running dead budget_exceeded", again + [(21, .renew(cost(5, 2)))], ten)
        // A person who has it tried again grants the budget once more.
        f(
            "queued running dead queued running running",
            [lease, (1, .renew(cost(11))), (2, .retry(.met)), (3, .lease(agentID: agent)), (4, .renew(cost(10, 2)))],
            ten
        )
        let seconds: (inout TaskRules) -> Void = {
            ($0.budget.secondsMax, $0.timeouts.heartbeatSeconds) = (15, 60)
        }
        f("queued running running dead budget_exceeded", [lease, (15, early), (16, early)], seconds)
        f(
            "queued running queued running running dead budget_exceeded",
            [
                lease, (10, .fail(first, errorClass: "oom")), (20, .lease(agentID: agent)), (25, early), (26, early),
            ],
            seconds
        )
        f(
            "queued running dead budget_exceeded",
            [lease, (16, .fail(first, errorClass: "oom"))],
            seconds
        )
        f("queued queued dead schedule_to_start_timeout", [(5, early), (6, early)]) {
            $0.timeouts.scheduleToStartSeconds = 5
        }
        f("queued running dead total_timeout", [(0, .lease(agentID: agent)), (6, early)]) {
            $0.timeouts.totalSeconds = 5
        }
        f("queued paused queued", [(0, .pause), (1, .resume(.met))])
        f("queued paused waiting", [(0, .pause), (1, .resume(.open))])
        f("queued cancelled queued", [(0, .cancel), (1, .retry(.met))])
        f("queued waiting queued", [(0, .dependencies(.open)), (1, .dependencies(.met))])
        f("queued skipped waiting", [(0, .dependencies(.impossible)), (1, .dependencies(.open))])
        f("queued running \(TaskStepError.notPossible(from: .running))", [(0, .lease(agentID: agent)), (1, .pause)])
    }

    @Test func theWaitGrowsUpToItsLimit() {
        var policy = RetryPolicy()
        (policy.firstDelaySeconds, policy.factor, policy.delaySecondsMax, policy.jitter) = (5, 2, 60, 0)
        var random = SeededGenerator(seed: 1)
        for (failures, seconds) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (1_000_000, 60)] {
            #expect(policy.delay(after: failures, &random) == .seconds(seconds))
        }
        policy.jitter = 0.5
        for failures in 1...200 {
            let delay = policy.delay(after: failures, &random)
            let whole = min(5.0 * Double(1 << min(failures - 1, 10)), 60)
            #expect(delay <= .seconds(whole) && delay >= .seconds(whole / 2) - .milliseconds(1))
        }
    }

    @Test func approvalComesBeforeTheQueue() {
        let agent = ids.next()
        func f(_ expected: String, _ steps: [(seconds: Int, TaskStep)]) {
            var (random, rules) = (SeededGenerator(seed: 1), TaskRules())
            rules.timeouts.approvalSeconds = 10
            var progress = TaskProgress.new(.open, runAt: nil, needsApproval: true, at: start)
            var words = [progress.status.rawValue]
            for (seconds, step) in steps {
                do throws(TaskStepError) {
                    progress = try progress.applying(step, rules: rules, at: at(seconds), &random).progress
                    words.append(progress.status.rawValue)
                } catch {
                    words.append("refused")
                }
                #expect((progress.askedAt != nil) == (progress.status == .awaitingApproval))
            }
            #expect((words + [progress.reason?.rawValue].compactMap { $0 }).joined(separator: " ") == expected)
        }
        let sweep = TaskStep.sweep(listeningSince: start)
        f(
            "waiting refused awaiting_approval queued running",
            [(0, .approve), (1, .dependencies(.met)), (2, .approve), (3, .lease(agentID: agent))]
        )
        f("waiting awaiting_approval refused", [(0, .dependencies(.met)), (1, .lease(agentID: agent))])
        f("waiting awaiting_approval dead rejected", [(0, .dependencies(.met)), (1, .reject)])
        f(
            "waiting awaiting_approval awaiting_approval dead approval_expired",
            [(0, .dependencies(.met)), (10, sweep), (11, sweep)]
        )
        f(
            "waiting awaiting_approval waiting awaiting_approval",
            [(0, .dependencies(.met)), (1, .dependencies(.open)), (2, .dependencies(.met))]
        )
        f(
            "waiting awaiting_approval paused awaiting_approval",
            [(0, .dependencies(.met)), (1, .pause), (2, .resume(.met))]
        )
        f(
            "waiting awaiting_approval cancelled awaiting_approval",
            [(0, .dependencies(.met)), (1, .cancel), (2, .retry(.met))]
        )
        f(
            "waiting awaiting_approval queued waiting queued",
            [(0, .dependencies(.met)), (1, .approve), (2, .dependencies(.open)), (3, .dependencies(.met))]
        )
    }

    /// A vote waits until it is counted: it is in no queue, and no agent gets it.
    @Test func whatIsCountedIsNeverQueued() {
        let agent = ids.next()
        func f(_ expected: String, _ steps: [TaskStep]) {
            var random = SeededGenerator(seed: 1)
            var progress = TaskProgress.new(.open, runAt: nil, isCounted: true, at: start)
            var words = [progress.status.rawValue]
            for step in steps {
                do throws(TaskStepError) {
                    progress = try progress.applying(step, rules: TaskRules(), at: start, &random).progress
                    words.append(progress.status.rawValue)
                } catch {
                    words.append("refused")
                }
                #expect((progress.endedAt != nil) == progress.status.isEnded)
            }
            #expect((words + [progress.reason?.rawValue].compactMap { $0 }).joined(separator: " ") == expected)
        }
        f(
            "waiting waiting refused succeeded refused",
            [
                .dependencies(.met), .lease(agentID: agent), .count(isDecided: true), .count(isDecided: true),
            ]
        )
        f("waiting dead undecided", [.count(isDecided: false)])
        f("waiting dead waiting succeeded", [.count(isDecided: false), .retry(.met), .count(isDecided: true)])
        f(
            "waiting paused refused waiting succeeded",
            [
                .pause, .count(isDecided: true), .resume(.met), .count(isDecided: true),
            ]
        )
        f("waiting skipped waiting", [.dependencies(.impossible), .dependencies(.met)])
        f("waiting cancelled refused", [.cancel, .count(isDecided: true)])
        // What is no vote is counted by nobody.
        #expect(walk(TaskRules(), [(0, .dependencies(.open)), (1, .count(isDecided: true))]).contains("notPossible"))
    }

    /// In any history each attempt ends once, tokens grow, and the fields fit the status.
    @Test func inAnyHistoryTheRulesHold() {
        let agents = [ids.next(), ids.next()]
        for seed in Chaos.seeds(0...299) {
            var random = SeededGenerator(seed: seed)
            var rules = TaskRules()
            rules.retry.attemptsMax = Int.random(in: 1...4, using: &random)
            rules.retry.firstDelaySeconds = Int.random(in: 0...20, using: &random)
            if Bool.random(using: &random) { rules.timeouts.startToCloseSeconds = 60 }
            if Bool.random(using: &random) { rules.timeouts.scheduleToStartSeconds = 90 }
            if Bool.random(using: &random) { rules.timeouts.totalSeconds = 300 }
            var now = start
            if Bool.random(using: &random) { rules.timeouts.approvalSeconds = 50 }
            var progress = TaskProgress.new(
                [.open, .met].randomElement(using: &random) ?? .met,
                runAt: nil,
                needsApproval: Bool.random(using: &random),
                at: now
            )
            var (open, begun, accepted): (Set<Int64>, Int64, Int) = ([], 0, 0)
            for _ in 0..<80 {
                now = now.advanced(by: .seconds(Int.random(in: 0...25, using: &random)))
                let step = randomStep(progress, agents, &random)
                let before = progress
                guard let (next, actions) = try? before.applying(step, rules: rules, at: now, &random) else { continue }
                for action in actions {
                    switch action {
                    case .beginAttempt:
                        begun += 1
                        #expect(next.token == begun && open.insert(begun).inserted, "seed \(seed)")
                    case .endAttempt(let outcome):
                        #expect(open.remove(before.token) != nil, "seed \(seed): ended twice")
                        if outcome == .succeeded { accepted += 1 }
                    case .extendLease(let deadline): #expect(deadline > now, "seed \(seed)")
                    case .ended: #expect(next.status.isEnded && !before.status.isEnded || step.isRetry, "seed \(seed)")
                    case .reopened: #expect(before.status.isEnded && !next.status.isEnded, "seed \(seed)")
                    }
                }
                progress = next
                #expect(open.count == (progress.status == .running ? 1 : 0), "seed \(seed)")
                #expect((progress.lease != nil) == (progress.status == .running), "seed \(seed)")
                #expect((progress.queuedAt != nil) == (progress.status == .queued), "seed \(seed)")
                #expect((progress.askedAt != nil) == (progress.status == .awaitingApproval), "seed \(seed)")
                #expect((progress.endedAt != nil) == progress.status.isEnded, "seed \(seed)")
                #expect((progress.reason != nil) == (progress.status == .dead), "seed \(seed)")
                #expect(progress.failures <= rules.retry.attemptsMax && progress.token >= before.token, "seed \(seed)")
                #expect(progress.status.isEnded == (progress.deadline(rules.timeouts) == nil) || !hasDeadline(rules))
            }
            #expect(accepted <= 1, "seed \(seed): a task that succeeded is not tried again")
        }
    }

    private func hasDeadline(_ rules: TaskRules) -> Bool { rules.timeouts.totalSeconds != nil }

    private func randomStep(
        _ progress: TaskProgress,
        _ agents: [UUIDv7],
        _ random: inout SeededGenerator
    ) -> TaskStep {
        let agent = agents.randomElement(using: &random) ?? agents[0]
        let token = max(0, progress.token - Int64.random(in: 0...1, using: &random))
        let claim = LeaseClaim(agentID: agent, token: token)
        let verdict = [DependencyVerdict.open, .met, .met, .impossible].randomElement(using: &random) ?? .met
        switch Int.random(in: 0..<18, using: &random) {
        case 16: return .approve
        case 17: return Bool.random(using: &random) ? .reject : .approve
        case 0...3: return .lease(agentID: agent)
        case 4...5: return .renew(claim)
        case 6: return .succeed(claim)
        case 7...8: return .fail(claim, errorClass: "oom")
        case 9...10: return .sweep(listeningSince: start)
        case 11: return .pause
        case 12: return .resume(verdict)
        case 13: return Bool.random(using: &random) ? .cancel : .dependencies(verdict)
        case 14: return .retry(verdict)
        default: return .dependencies(verdict)
        }
    }
}

extension TaskStep {
    fileprivate var isRetry: Bool {
        if case .retry = self { true } else { false }
    }
}
