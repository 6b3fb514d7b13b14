import Basics
import DatabaseTesting
import Identity
import Logging
import Synchronization
import Testing

/// What the log tells of attacks on accounts.
struct SecurityLogTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(lines: Lines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            lines.add(([event.level.rawValue, event.message.description] + fields).joined(separator: " "))
        }
    }

    @Test(arguments: TestBackend.allCases, [("ada", " user=ada"), ("a secret typed into the wrong field", "")])
    func aLockoutIsToldOnceWithTheAddress(_ backend: TestBackend, _ entry: (name: String, user: String)) async throws {
        let (name, user) = entry
        let lines = Lines()
        try await withIdentity(on: backend, logger: lines.logger) { fixture in
            for _ in 0..<8 { _ = try await fixture.loginError(name, "wrong password", ip: "192.0.2.7") }
            #expect(
                lines.all == [
                    "warning logins are locked out after too many failures remote=192.0.2.7\(user)"
                ]
            )
        }
    }

    @Test(arguments: TestBackend.allCases) func aRefreshTokenThatIsUsedTwiceIsTold(_ backend: TestBackend) async throws
    {
        let lines = Lines()
        try await withIdentity(on: backend, logger: lines.logger) { fixture in
            let pair = try await fixture.login()
            _ = try await fixture.identity.refresh(pair.refreshToken, ip: "192.0.2.1", requestID: "r1")
            fixture.clock.advance(by: .seconds(11))
            await #expect(throws: TokenError.reused) {
                try await fixture.identity.refresh(pair.refreshToken, ip: "192.0.2.7", requestID: "r2")
            }
            await #expect(throws: TokenError.revoked) {
                try await fixture.identity.refresh(pair.refreshToken, ip: "192.0.2.7", requestID: "r3")
            }
            #expect(
                lines.all == [
                    "warning a refresh token was used twice, its session is ended "
                        + "remote=192.0.2.7 request_id=r2 user=ada"
                ]
            )
        }
    }
}
