package import Client
package import JSON

/// How an attempt ended, as the server is told.
package enum AttemptOutcome: Hashable, Sendable {
    /// `output` is an object.
    case completed(output: JSONValue)
    case failed(FailureClass, message: String)
}

/// The classes of errors that a worker itself reports: what retry policies name.
///
/// A closed set, since it becomes the label `class`.
package enum FailureClass: String, Hashable, Sendable, CaseIterable {
    /// The input is not what the executor takes; trying again is of no use.
    case invalidInput = "invalid_input"
    /// The program could not be begun.
    case startFailed = "start_failed"
    case exitCode = "exit_code"
    case signal = "signal"
    case timeLimit = "time_limit"
    case cpuLimit = "cpu_limit"
    case outOfMemory = "out_of_memory"
    case outputLimit = "output_limit"
    case filesLimit = "files_limit"
    case processLimit = "process_limit"
    case workerStopped = "worker_stopped"
    /// What the program wrote to KASKMAN_OUTPUT is no JSON object, or too large.
    case invalidOutput = "invalid_output"
    case artefactMissing = "artefact_missing"
    case artefactRefused = "artefact_refused"
    /// What the program wrote to KASKMAN_CHILDREN is no array of tasks, or the server did not take them.
    case childrenRefused = "children_refused"
    /// The server refused the result itself.
    case resultRefused = "result_refused"
    case networkRefused = "network_refused"
    case networkFailed = "network_failed"
    case unexpectedStatus = "unexpected_status"
    case responseLimit = "response_limit"
    /// The worker's own disk or the like failed.
    case workerFailed = "worker_failed"
}

/// A result that the server has not accepted yet.
package struct AttemptResult: Hashable, Sendable {
    package let key: LeaseKey
    package let outcome: AttemptOutcome

    package init(_ key: LeaseKey, _ outcome: AttemptOutcome) {
        self.key = key
        self.outcome = outcome
    }
}
