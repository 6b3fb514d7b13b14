import Basics
import Dispatch
import Instruments
import Synchronization

/// Delivers one notification to one webhook: attempts, back-off, deadline.
struct WebhookSender: Sendable {
    let clock: any WallClock
    let transport: any WebhookTransport
    let files: any FileSystem
    let policy: RetryPolicy
    let externalURL: String
    let metrics: NotificationMetrics?
    /// Ends the waiting between two attempts: what fails from then on is given up.
    let draining: DrainSignal

    /// The most bytes that are read of a secret's file.
    static let secretBytesMax = 64 << 10

    private enum Attempt {
        case done
        case retry(DeliveryFailure, String)
        case giveUp(DeliveryFailure, String)
    }

    /// Tries until it succeeds, trying again is of no use, or the deadline has passed; in a drain it tries once more.
    ///
    /// - Parameters:
    ///   - delivery: what is told.
    ///   - webhook: where to.
    ///   - seed: seeds the jitter of the waits.
    ///   - onFailedAttempt: hears of each attempt after which another one follows.
    /// - Throws: ``DeliveryFault``.
    func deliver(
        _ delivery: Delivery,
        to webhook: WebhookConfiguration,
        seed: UInt64,
        onFailedAttempt: (DeliveryFault) -> Void = { _ in }
    ) async throws(DeliveryFault) {
        var generator = SeededGenerator(seed: seed)
        let body = WebhookPayload(delivery, externalURL: externalURL, alertsMax: webhook.alertsMax).bytes
        let start = clock.uptime
        let budget = delivery.deadline.since(clock.now)
        var attempts = 0
        var last: (reason: DeliveryFailure, detail: String) = (.network, "no time was left for an attempt")
        while true {
            let rest = budget - (clock.uptime - start)
            guard rest > .zero else { throw fault(last, attempts, isFinal: true) }
            if Task.isCancelled { throw fault((.stopped, "the notifier stopped"), attempts, isFinal: true) }
            attempts += 1
            let isLast = draining.isSet
            let limit = webhook.timeout > .zero ? min(webhook.timeout, rest) : rest
            switch await attempt(body, webhook, limit) {
            case .done: return
            case .giveUp(let reason, let detail): throw fault((reason, detail), attempts, isFinal: true)
            case .retry(let reason, let detail): last = (reason, detail)
            }
            if Task.isCancelled {
                throw fault((.stopped, "the notifier stopped; before: \(last.detail)"), attempts, isFinal: true)
            }
            if isLast { throw fault(last, attempts, isFinal: true) }
            let delay = policy.delay(afterAttempt: attempts, using: &generator)
            guard draining.isSet || delay < budget - (clock.uptime - start) else {
                throw fault(last, attempts, isFinal: true)
            }
            onFailedAttempt(fault(last, attempts, isFinal: false))
            await wait(delay)
            metrics?.retries[.init(delivery.receiver)].increment()
        }
    }

    private func fault(_ last: (reason: DeliveryFailure, detail: String), _ attempts: Int, isFinal: Bool)
        -> DeliveryFault
    {
        DeliveryFault(reason: last.reason, detail: last.detail, attempts: attempts, isFinal: isFinal)
    }

    /// Waits for the next attempt, or until the drain begins or the task is cancelled.
    private func wait(_ delay: Duration) async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await clock.sleep(for: delay) }
            tasks.addTask { await draining.wait() }
            await tasks.next()
            tasks.cancelAll()
        }
    }

    private func attempt(_ body: [UInt8], _ webhook: WebhookConfiguration, _ limit: Duration) async -> Attempt {
        let url: String
        var headers = [(name: "Content-Type", value: "application/json"), (name: "User-Agent", value: "KaskManager")]
        var secrets: [String] = []
        do {
            url = try await read(webhook.url)
            secrets.append(url)
            if let credentials = webhook.credentials {
                let (value, secret) = try await authorization(credentials)
                headers.append((name: "Authorization", value: value))
                secrets += [value, String(value.drop { $0 != " " }.dropFirst()), secret]
            }
        } catch {
            return .retry(.secret, "a file with a secret cannot be read: \(error)")
        }
        // A file's content is as little trusted as the configuration; it may be mended before the next attempt.
        guard ConfigurationReader.isWebURL(url) else {
            return .retry(.secret, "the secret URL is no http or https URL")
        }
        guard headers.allSatisfy({ Self.isHeaderValue($0.value) }) else {
            return .retry(.secret, "the secret credentials hold characters that no header may")
        }
        let start = clock.uptime
        defer { metrics?.latency.observe(clock.uptime - start) }
        let answer: WebhookAnswer
        do {
            answer = try await post(url, headers, body, limit)
        } catch is NoAnswerInTime {
            return .retry(
                .network,
                "no answer within \(PrometheusDuration.text(milliseconds: Int64(limit / .milliseconds(1))))"
            )
        } catch {
            return .retry(.network, ForeignText.line("\(error)", without: secrets))
        }
        if (200..<300).contains(answer.status) { return .done }
        let words = answer.excerpt.isEmpty ? "" : ": \(answer.excerpt)"
        let detail = ForeignText.line("the receiver answered \(answer.status)\(words)", without: secrets)
        return answer.status == 429 || answer.status >= 500 ? .retry(.serverError, detail) : .giveUp(.rejected, detail)
    }

    private struct NoAnswerInTime: Error {}

    /// The answer within the limit.
    private func post(_ url: String, _ headers: [(name: String, value: String)], _ body: [UInt8], _ limit: Duration)
        async throws -> WebhookAnswer
    {
        try await withThrowingTaskGroup(of: WebhookAnswer.self) { tasks in
            tasks.addTask { try await transport.post(url: url, headers: headers, body: body, timeout: limit) }
            tasks.addTask {
                try await clock.sleep(for: limit)
                throw NoAnswerInTime()
            }
            defer { tasks.cancelAll() }
            guard let answer = try await tasks.next() else { throw NoAnswerInTime() }
            return answer
        }
    }

    /// Whether a text may stand behind a header's name (RFC 9110, field-value).
    ///
    /// A line break would begin another header.
    static func isHeaderValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == UInt8(ascii: "\t") }
    }

    /// Where secrets are read: a disk that hangs must not hold one of the few threads that all tasks share.
    private static let disk = DispatchQueue(label: "notifications.secrets")

    private func read(_ secret: Secret) async throws(FileSystemError) -> String {
        switch secret {
        case .value(let text): return text
        case .file(let path):
            let result: Result<[UInt8], FileSystemError> = await withCheckedContinuation { continuation in
                Self.disk.async {
                    do throws(FileSystemError) {
                        continuation.resume(returning: .success(try files.read(path, bytesMax: Self.secretBytesMax)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
            return String(decoding: try result.get(), as: UTF8.self).trimmed
        }
    }

    /// The header's value, and the secret in it.
    private func authorization(_ credentials: WebhookCredentials) async throws(FileSystemError) -> (String, String) {
        switch credentials {
        case .basic(let username, let password):
            let secret = try await read(password)
            return ("Basic " + Base64.encode(Array("\(username):\(secret)".utf8)), secret)
        case .authorization(let type, let credentials):
            let secret = try await read(credentials)
            return ("\(type) \(secret)", secret)
        }
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate var trimmed: String {
        var text = Substring(self)
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
