import Testing

/// What did not come true in time.
struct NotInTime: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    let last: String

    var description: String { "not within \(limit): \(what)\(last.isEmpty ? "" : " (last: \(last))")" }
}

/// Asks until there is an answer, and returns it: the one place where these tests wait.
///
/// An error that `probe` throws counts as "not yet"; the last one is told when time is up.
func eventually<Value>(
    _ what: String,
    within limit: Duration = .seconds(30),
    every pause: Duration = .milliseconds(100),
    _ probe: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    var last = ""
    while true {
        do {
            if let value = try await probe() { return value }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            last = "\(error)"
        }
        guard ContinuousClock.now < deadline else { throw NotInTime(what: what, limit: limit, last: last) }
        try await Task.sleep(for: pause)
    }
}

/// Waits until something holds.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(30),
    every pause: Duration = .milliseconds(100),
    holds: () async throws -> Bool
) async throws {
    try await eventually(what, within: limit, every: pause) { try await holds() ? () : nil }
}

/// Does something again and again, a beat apart, until the task is cancelled: the rhythm of a fault.
func repeatedly(every beat: Duration, _ body: () async throws -> Void) async {
    while !Task.isCancelled {
        try? await body()
        try? await Task.sleep(for: beat)
    }
}

/// The length of a fault that lasts by itself, such as the time that a process is stopped.
func last(for length: Duration) async { try? await Task.sleep(for: length) }
