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
        case retry(DeliveryFailure)
        case giveUp(DeliveryFailure)
    }

    /// Tries until it succeeds, trying again is of no use, or the deadline has passed; in a drain it tries once more.
    /// - Throws: ``DeliveryFailure``.
    func deliver(_ delivery: Delivery, to webhook: WebhookConfiguration, seed: UInt64) async throws(DeliveryFailure) {
        var generator = SeededGenerator(seed: seed)
        let body = WebhookPayload(delivery, externalURL: externalURL, alertsMax: webhook.alertsMax).bytes
        let start = clock.uptime
        let budget = delivery.deadline.since(clock.now)
        var attempts = 0
        var lastFailure = DeliveryFailure.network
        while true {
            let rest = budget - (clock.uptime - start)
            guard rest > .zero else { throw lastFailure }
            if Task.isCancelled { throw .stopped }
            attempts += 1
            let isLast = draining.isSet
            let limit = webhook.timeout > .zero ? min(webhook.timeout, rest) : rest
            switch await attempt(body, webhook, limit) {
            case .done: return
            case .giveUp(let failure): throw failure
            case .retry(let failure): lastFailure = failure
            }
            if Task.isCancelled { throw .stopped }
            if isLast { throw lastFailure }
            let delay = policy.delay(afterAttempt: attempts, using: &generator)
            guard draining.isSet || delay < budget - (clock.uptime - start) else { throw lastFailure }
            await wait(delay)
            metrics?.retries[.init(delivery.receiver)].increment()
        }
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
        do {
            url = try await read(webhook.url)
            if let credentials = webhook.credentials {
                headers.append((name: "Authorization", value: try await authorization(credentials)))
            }
        } catch {
            return .retry(.secret)
        }
        // A file's content is as little trusted as the configuration; it may be mended before the next attempt.
        guard ConfigurationReader.isWebURL(url), headers.allSatisfy({ Self.isHeaderValue($0.value) }) else {
            return .retry(.secret)
        }
        let start = clock.uptime
        defer { metrics?.latency.observe(clock.uptime - start) }
        guard let status = await post(url, headers, body, limit) else { return .retry(.network) }
        switch status {
        case 200..<300: return .done
        case 429, 500..<600: return .retry(.serverError)
        default: return .giveUp(.rejected)
        }
    }

    /// The status, or nil when none came in time.
    private func post(_ url: String, _ headers: [(name: String, value: String)], _ body: [UInt8], _ limit: Duration)
        async -> Int?
    {
        await withTaskGroup(of: Int?.self) { tasks in
            tasks.addTask { try? await transport.post(url: url, headers: headers, body: body, timeout: limit) }
            tasks.addTask {
                try? await clock.sleep(for: limit)
                return nil
            }
            let first = await tasks.next() ?? nil
            tasks.cancelAll()
            return first
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

    private func authorization(_ credentials: WebhookCredentials) async throws(FileSystemError) -> String {
        switch credentials {
        case .basic(let username, let password):
            return "Basic " + Base64.encode(Array("\(username):\(try await read(password))".utf8))
        case .authorization(let type, let credentials): return "\(type) \(try await read(credentials))"
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
