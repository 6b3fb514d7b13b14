import Basics
import MetricModel
import Rules
import Synchronization
import Testing

@testable import Notifications

/// What comes out of secrets' files goes to the network only when it may.
struct WebhookSecretTests {
    /// Takes everything and remembers it.
    final class Recorder: WebhookTransport {
        let posts = Mutex<[String]>([])

        func post(url: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration) async throws
            -> WebhookAnswer
        {
            let authorization = headers.first { $0.name == "Authorization" }?.value ?? "-"
            posts.withLock { $0.append("\(url) \(authorization)") }
            return WebhookAnswer(status: 200)
        }
    }

    /// What was posted, or why nothing was.
    private func outcome(
        url: Secret,
        credentials: WebhookCredentials? = nil,
        file: String? = nil
    ) async throws -> String {
        let files = FaultyFileSystem()
        try files.createDirectory("/s", mode: .ownerOnlyDirectory)
        if let file { try files.writeAtomically(Array(file.utf8), to: "/s/f", mode: .ownerOnly) }
        let recorder = Recorder()
        var policy = RetryPolicy()
        // Longer than the delivery may take: one attempt.
        policy.first = .seconds(1000)
        policy.longest = .seconds(1000)
        let clock = ManualClock()
        let sender = WebhookSender(
            clock: clock,
            transport: recorder,
            files: files,
            policy: policy,
            externalURL: "",
            metrics: nil,
            draining: DrainSignal()
        )
        let delivery = Delivery(
            id: 1,
            receiver: "r",
            integration: 0,
            groupKey: "",
            groupLabels: .empty,
            routeLabels: [:],
            reason: .first,
            alerts: [],
            at: clock.now,
            deadline: clock.now.advanced(by: .seconds(60))
        )
        do {
            try await sender.deliver(delivery, to: WebhookConfiguration(url: url, credentials: credentials), seed: 1)
        } catch {
            return error.reason.rawValue
        }
        return recorder.posts.withLock { $0.joined(separator: "|") }
    }

    @Test(arguments: [
        ("http://r/x\n", "http://r/x -"),
        ("  https://r  ", "https://r -"),
        ("ftp://r", "secret"),
        ("http://", "secret"),
        ("http://r:port", "secret"),
        ("http://r/a b", "secret"),
        ("http://r/\r\nX: y", "secret"),
        ("", "secret"),
    ])
    func aURLFileHoldsAWebURL(_ content: String, _ expected: String) async throws {
        #expect(try await outcome(url: .file("/s/f"), file: content) == expected)
    }

    @Test(arguments: [
        ("token\n", "http://r Bearer token"),
        ("to\r\nX-Injected: y", "secret"),
        ("to\nken", "secret"),
        ("to\u{0}ken", "secret"),
    ])
    func headersHoldNoLineBreaks(_ content: String, _ expected: String) async throws {
        let credentials = WebhookCredentials.authorization(type: "Bearer", credentials: .file("/s/f"))
        #expect(try await outcome(url: .value("http://r"), credentials: credentials, file: content) == expected)
        let inline = WebhookCredentials.authorization(type: "Bearer\r\nX:", credentials: .value("y"))
        #expect(try await outcome(url: .value("http://r"), credentials: inline) == "secret")
    }

    @Test(arguments: [
        ("token refused: hunter2", "token refused: …"),
        ("you sent Basic YWRhOmh1bnRlcjI=", "you sent …"),
        ("https://hooks/T0/hunter2 is gone", "… is gone"),
        ("a\r\nb\u{7f}", "a  b "),
        (String(repeating: "x", count: 1000), String(repeating: "x", count: 600)),
    ])
    func whatAReceiverSaysIsALineWithoutSecrets(_ text: String, _ expected: String) {
        let secrets = ["hunter2", "https://hooks/T0/hunter2", "Basic YWRhOmh1bnRlcjI=", ""]
        #expect(ForeignText.line(text, without: secrets) == expected)
    }

    @Test func aMissingFileIsASecretsFailure() async throws {
        #expect(try await outcome(url: .file("/s/f")) == "secret")
    }
}
