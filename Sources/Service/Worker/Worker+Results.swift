import Basics
import Client
import Instruments
import Logging
import Synchronization

/// Results on their way to the server.
extension Worker {
    /// The server's limit for an error's message, with room for what escapes.
    private static let messageScalarsMax = 1500

    /// Hands in a result until the server has taken or refused it, or the task is cancelled; then it stays on the disk.
    func deliver(_ result: AttemptResult) async {
        var result = result
        var retry = RetryDelay()
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do throws(AgentCallError) {
                try await send(result)
                metrics.deliveries[.accepted].increment()
                log.info(
                    "a result was accepted",
                    metadata: ["task_id": "\(result.key.taskID)", "attempt": "\(result.key.token)"]
                )
                return await forget(result.key)
            } catch {
                switch error {
                case .leaseLost, .notFound:
                    // Also when it had been accepted, and only the answer was lost.
                    refused(result, error)
                    return await forget(result.key)
                case .refused:
                    refused(result, error)
                    guard case .completed = result.outcome else { return await forget(result.key) }
                    // The task is told, or it would wait for its lease to end, and be tried again in vain.
                    result = AttemptResult(result.key, .failed(.resultRefused, message: "\(error)"))
                    await store(result)
                case .later(_, let retryAfter):
                    await later(retry.next(retryAfter, &random), error)
                case .notAllowed, .unexpectedAnswer, .wrongOffset:
                    await later(retry.next(nil, &random), error)
                }
            }
        }
    }

    private func send(_ result: AttemptResult) async throws(AgentCallError) {
        switch result.outcome {
        case .completed(let output): try await client.complete(result.key, output: output)
        case .failed(let kind, let message):
            try await client.fail(result.key, errorClass: kind.rawValue, message: Self.plain(message))
        }
    }

    private func later(_ delay: Duration, _ error: AgentCallError) async {
        if Task.isCancelled { return }
        metrics.deliveries[.later].increment()
        log.info("a result waits", metadata: ["error": "\(error)", "again_in": "\(delay)"])
        try? await clock.sleep(for: delay)
    }

    private func refused(_ result: AttemptResult, _ error: AgentCallError) {
        metrics.deliveries[.refused].increment()
        log.warning(
            "a result was refused",
            metadata: ["task_id": "\(result.key.taskID)", "attempt": "\(result.key.token)", "error": "\(error)"]
        )
    }

    /// Puts a result on the disk; when that fails it is still handed in, but would not survive the worker.
    func store(_ result: AttemptResult) async {
        do throws(FileSystemError) {
            try await BlockingWork.run { [outbox] () throws(FileSystemError) in try outbox.put(result) }
        } catch {
            outboxFailed(error)
        }
    }

    private func forget(_ key: LeaseKey) async {
        do throws(FileSystemError) {
            try await BlockingWork.run { [outbox] () throws(FileSystemError) in try outbox.remove(key) }
        } catch {
            outboxFailed(error)
        }
        metrics.outboxResults.decrement()
        state.withLock { state in
            state.undelivered -= 1
            state.held.release(key)
        }
        renewal.set()
        change.set()
    }

    private func outboxFailed(_ error: FileSystemError) {
        metrics.outboxFailures.increment()
        log.error("the outbox does not work", metadata: ["error": "\(error)"])
    }

    /// A message that the server takes: bounded, and without what drives a terminal.
    static func plain(_ message: String) -> String {
        let scalars = message.unicodeScalars.prefix(messageScalarsMax).map { scalar -> Unicode.Scalar in
            let isControl =
                scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7f...0x9f).contains(scalar.value)
            return isControl ? "\u{FFFD}" : scalar
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }
}
