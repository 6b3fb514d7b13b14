import Basics

/// Decides when a program that runs is to be ended, and how firmly.
///
/// Pure.
package struct ProgramWatch: Hashable, Sendable {
    /// Why it was ended.
    package enum Cause: Hashable, Sendable {
        case stopped(StopReason)
        case timeLimit, outputLimit, memoryLimit, processLimit
    }

    /// What is sent to the whole group.
    package enum Signal: Hashable, Sendable {
        /// SIGTERM: it may put its things in order.
        case terminate
        /// SIGKILL.
        case kill
    }

    /// What is seen of a program.
    package struct Sight: Hashable, Sendable {
        package var outputBytes = 0
        /// Of the program and all that descends from it, as last counted.
        package var processes = 0
        package var residentBytes = 0
        package var stop: StopReason?

        package init(outputBytes: Int = 0, processes: Int = 0, residentBytes: Int = 0, stop: StopReason? = nil) {
            self.outputBytes = outputBytes
            self.processes = processes
            self.residentBytes = residentBytes
            self.stop = stop
        }
    }

    private let limits: ProgramLimits
    private let startedAt: Duration
    /// How long it has after SIGTERM.
    private let grace: Duration
    package private(set) var cause: Cause?
    private var killAt: Duration?

    package init(_ limits: ProgramLimits, startedAt: Duration, grace: Duration) {
        self.limits = limits
        self.startedAt = startedAt
        self.grace = grace
    }

    /// What to send now; ``Signal/kill`` again and again until it has ended, since it may fork meanwhile.
    package mutating func signal(_ sight: Sight, at now: Duration) -> Signal? {
        if let killAt { return now >= killAt ? .kill : nil }
        guard let found = newCause(sight, at: now) else { return nil }
        cause = found
        switch found {
        case .stopped, .timeLimit:
            killAt = now + grace
            return .terminate
        case .outputLimit, .memoryLimit, .processLimit:
            // It harms others by the moment.
            killAt = now
            return .kill
        }
    }

    private func newCause(_ sight: Sight, at now: Duration) -> Cause? {
        if let stop = sight.stop { return .stopped(stop) }
        if sight.outputBytes > limits.outputBytes { return .outputLimit }
        if let memory = limits.memoryBytes, sight.residentBytes > memory { return .memoryLimit }
        if sight.processes > limits.processes { return .processLimit }
        if let seconds = limits.seconds, now - startedAt >= .milliseconds(Int64(seconds * 1000)) { return .timeLimit }
        return nil
    }
}
