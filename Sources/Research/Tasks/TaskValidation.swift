internal import Basics
internal import JSON
package import Records

/// The limits of a task's fields and of the module.
package enum TaskLimits {
    package static let nameLengthMax = 200
    package static let kindLengthMax = 50
    /// What a kind, a capability or a class of errors may hold beside `a-z` and `0-9`.
    package static let wordPunctuation = "-_.:/+#"
    package static let inputBytesMax = 64 << 10
    package static let outputBytesMax = 64 << 10
    package static let capabilitiesMax = 50
    package static let capabilityLengthMax = 50
    package static let labelsMax = 20
    package static let labelNameLengthMax = 63
    package static let labelValueLengthMax = 200
    package static let concurrencyKeysMax = 10
    package static let concurrencyKeyLengthMax = 200
    package static let concurrencyLimits = 1...10_000
    package static let priorities = 1...10
    package static let priorityDefault = 5
    package static let uniqueKeyLengthMax = 200
    /// How many tasks one may depend on.
    package static let dependenciesMax = 100
    /// How many tasks may depend on one: all are looked at in the transaction of its end.
    package static let dependentsMax = 1000
    /// How many tasks the search for a cycle visits at most.
    package static let graphTasksMax = 10_000

    package static let attempts = 1...100
    package static let attemptsDefault = 3
    package static let delaysSeconds = 0...(7 * 86_400)
    package static let firstDelaySecondsDefault = 5
    package static let delaySecondsDefault = 3600
    package static let factors = 1.0...10.0
    package static let nonRetryableMax = 20
    package static let timeoutsSeconds = 1...(366 * 86_400)
    package static let heartbeatsSeconds = 5...3600
    package static let heartbeatSecondsDefault = 30

    package static let costs = 0.0...1e12

    package static let errorClassLengthMax = 50
    package static let errorMessageBytesMax = 8 << 10
    package static let reportLengthMax = 500
    /// How many tasks one request may lease.
    package static let leasesPerRequestMax = 50
    /// How long a request for work may wait, in seconds.
    package static let waitSecondsMax = 30

    /// How many lines one request may report, or read.
    package static let logLinesMax = 1000
    package static let logLineBytesMax = 16 << 10
    /// What a line takes of ``TaskReportLimits/logBytesMax`` beside its text: about what its row costs.
    package static let logLineOverheadBytes = 64
    /// How long a request for log lines may wait, in seconds.
    package static let logWaitSecondsMax = 60
    /// How many artefacts an attempt may have.
    package static let artefactsMax = 1000
    package static let artefactNameBytesMax = 512
    package static let mediaTypeLengthMax = 127
    /// How many bytes of an artefact one request may bring.
    package static let uploadBytesMax = 8 << 20
    /// How many requests may wait for log lines at a time.
    package static let logFollowersMax = 2000
}

extension NewTask {
    /// Everything that is wrong with it, as far as it shows by itself; empty when it may be stored.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        fields.check(&list)
        if dependencies.count > TaskLimits.dependenciesMax {
            list.add("/dependencies", "must have at most \(TaskLimits.dependenciesMax) items")
        }
        var seen: Set<String> = []
        for (index, dependency) in dependencies.prefix(TaskLimits.dependenciesMax).enumerated()
        where !seen.insert(dependency.taskID.description).inserted {
            list.add("/dependencies/\(index)/task_id", "stands in the list already")
        }
        return list.violations
    }
}

extension TaskFields {
    fileprivate func check(_ list: inout ViolationList) {
        let word = TaskLimits.wordPunctuation
        list.line(name, "/name", lengthMax: TaskLimits.nameLengthMax)
        list.slug(kind, "/kind", lengthMax: TaskLimits.kindLengthMax, extra: word)
        list.object(input, "/input", bytesMax: TaskLimits.inputBytesMax)
        list.list(capabilities, "/capabilities", countMax: TaskLimits.capabilitiesMax, isSet: true) {
            $0.slug($1, $2, lengthMax: TaskLimits.capabilityLengthMax, extra: word)
        }
        list.range(priority, "/priority", TaskLimits.priorities)
        checkSelection(&list)
        if let uniqueKey { list.line(uniqueKey, "/unique_key", lengthMax: TaskLimits.uniqueKeyLengthMax) }
        rules.retry.check(&list)
        rules.timeouts.check(&list)
        rules.budget.check(&list)
    }
}

extension TaskFields {
    private func checkSelection(_ list: inout ViolationList) {
        if labels.count > TaskLimits.labelsMax {
            list.add("/labels", "must have at most \(TaskLimits.labelsMax) members")
        }
        for (name, value) in labels.sorted(by: { $0.key < $1.key }).prefix(TaskLimits.labelsMax) {
            let pointer = "/labels/" + JSONPointer.token(name.unicodeScalars.prefix(TaskLimits.labelNameLengthMax))
            list.slug(name, pointer, lengthMax: TaskLimits.labelNameLengthMax, extra: TaskLimits.wordPunctuation)
            list.line(value, pointer, lengthMax: TaskLimits.labelValueLengthMax, mayBeEmpty: true)
        }
        let keysMax = TaskLimits.concurrencyKeysMax
        if concurrencyKeys.count > keysMax { list.add("/concurrency_keys", "must have at most \(keysMax) items") }
        for (key, limit) in concurrencyKeys.sorted(by: { $0.key < $1.key }).prefix(keysMax) {
            list.line(key, "/concurrency_keys", lengthMax: TaskLimits.concurrencyKeyLengthMax)
            list.range(limit, "/concurrency_keys", TaskLimits.concurrencyLimits)
        }
    }
}

extension RetryPolicy {
    fileprivate func check(_ list: inout ViolationList) {
        list.range(attemptsMax, "/retry/attempts_max", TaskLimits.attempts)
        list.range(firstDelaySeconds, "/retry/first_delay_seconds", TaskLimits.delaysSeconds)
        list.range(delaySecondsMax, "/retry/delay_seconds_max", TaskLimits.delaysSeconds)
        if !TaskLimits.factors.contains(factor) {
            list.add("/retry/factor", "must be from 1 to \(Int(TaskLimits.factors.upperBound))")
        }
        if !(0.0...1.0).contains(jitter) { list.add("/retry/jitter", "must be from 0 to 1") }
        list.list(nonRetryable, "/retry/non_retryable", countMax: TaskLimits.nonRetryableMax, isSet: true) {
            $0.slug($1, $2, lengthMax: TaskLimits.errorClassLengthMax, extra: TaskLimits.wordPunctuation)
        }
    }
}

extension TaskTimeouts {
    fileprivate func check(_ list: inout ViolationList) {
        let parts = [
            ("schedule_to_start_seconds", scheduleToStartSeconds), ("start_to_close_seconds", startToCloseSeconds),
            ("total_seconds", totalSeconds),
        ]
        if let approvalSeconds {
            list.range(approvalSeconds, "/approval/expires_seconds", TaskLimits.timeoutsSeconds)
        }
        for (name, seconds) in parts {
            if let seconds { list.range(seconds, "/timeouts/\(name)", TaskLimits.timeoutsSeconds) }
        }
        list.range(heartbeatSeconds, "/timeouts/heartbeat_seconds", TaskLimits.heartbeatsSeconds)
    }
}

extension TaskBudget {
    fileprivate func check(_ list: inout ViolationList) {
        if let costMax, !TaskLimits.costs.contains(costMax) { list.add("/budget/cost_max", "must be from 0 to 1e12") }
        if let secondsMax { list.range(secondsMax, "/budget/seconds_max", TaskLimits.timeoutsSeconds) }
    }
}

extension LeaseClaim {
    /// Everything that is wrong with what an agent says of its costs.
    package var violations: [FieldViolation] {
        guard let cost, !TaskLimits.costs.contains(cost) else { return [] }
        return [FieldViolation("/cost", "must be from 0 to 1e12")]
    }
}

extension TaskReport {
    /// Everything that is wrong with the report.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        if let fraction, !(0...1).contains(fraction) { list.add("/fraction", "must be from 0 to 1") }
        if let message { list.line(message, "/message", lengthMax: TaskLimits.reportLengthMax, mayBeEmpty: true) }
        return list.violations
    }
}

extension TaskFailure {
    /// Everything that is wrong with what an agent says of an error.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        let lengthMax = TaskLimits.errorClassLengthMax
        list.slug(errorClass, "/error/class", lengthMax: lengthMax, extra: TaskLimits.wordPunctuation)
        list.text(message, "/error/message", bytesMax: TaskLimits.errorMessageBytesMax)
        return list.violations
    }
}

extension ViolationList {
    fileprivate mutating func range(_ value: Int, _ pointer: String, _ range: ClosedRange<Int>) {
        if !range.contains(value) { add(pointer, "must be from \(range.lowerBound) to \(range.upperBound)") }
    }
}
