package import Basics
package import Database
package import Events
package import Instruments
package import Logging
import Synchronization

/// Users, their passwords, sessions and tokens.
///
/// While the database is away, an access token whose signature and times are right is accepted for reading only:
/// otherwise nobody could look at the very charts that show what is wrong.
///
/// Concurrency: may be shared.
package final class IdentityService: Sendable {
    let database: any Database
    let events: EventLog
    let clock: any WallClock
    let ids: UUIDv7Generator
    let settings: IdentitySettings
    let metrics: IdentityMetrics
    let securityLog: SecurityLog
    let hasher: PasswordHasher
    let accessTokens: AccessTokens
    let throttle: Mutex<LoginThrottle>
    let rightCredentials: RightCredentials
    let sessionChecks: BoundedCache<String, Principal>
    let basicChecks: BasicChecks

    /// Makes the service over a migrated database; makes the signing key when there is none.
    ///
    /// - Parameters:
    ///   - database: holds users, sessions and keys.
    ///   - events: takes the events about identities.
    ///   - clock: tells when tokens and sessions end.
    ///   - ids: makes the identifiers.
    ///   - registry: takes the metrics `kaskman_identity_*`; one service a registry.
    ///   - settings: the times and limits.
    ///   - logger: is told of lockouts and of refresh tokens that are used twice.
    /// - Returns: the service, ready for logins.
    /// - Throws: ``DatabaseError``.
    package static func open(
        database: any Database,
        events: EventLog,
        clock: any WallClock,
        ids: UUIDv7Generator,
        registry: Registry,
        settings: IdentitySettings = IdentitySettings(),
        logger: Logger = Logger(label: "identity", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws -> IdentityService {
        let keys = try await SigningKeys.load(database, id: ids.next(), now: clock.now)
        let tokens = await AccessTokens(keys)
        return IdentityService(database, events, clock, ids, registry, settings, logger, tokens)
    }

    private init(
        _ database: any Database,
        _ events: EventLog,
        _ clock: any WallClock,
        _ ids: UUIDv7Generator,
        _ registry: Registry,
        _ settings: IdentitySettings,
        _ logger: Logger,
        _ accessTokens: AccessTokens
    ) {
        self.database = database
        self.events = events
        self.clock = clock
        self.ids = ids
        self.settings = settings
        self.accessTokens = accessTokens
        metrics = IdentityMetrics(registry)
        securityLog = SecurityLog(logger: logger)
        hasher = PasswordHasher(
            cost: settings.bcryptCost,
            threads: settings.passwordThreads,
            waitersMax: settings.passwordWaitersMax,
            clock: clock,
            durations: metrics.hashDurations
        )
        func rule(_ freeFailures: Int) -> LoginThrottle.Rule {
            LoginThrottle.Rule(
                freeFailures: freeFailures,
                delayMax: settings.lockoutMax,
                memory: max(settings.lockoutMax * 2, .seconds(3600)),
                keysMax: settings.lockoutKeysMax
            )
        }
        throttle = Mutex(
            LoginThrottle(
                name: rule(settings.freeFailuresPerName),
                network: rule(settings.freeFailuresPerNetwork),
                seed: UInt64.random(in: .min ... .max)
            )
        )
        rightCredentials = RightCredentials(settings, clock: clock)
        sessionChecks = BoundedCache(
            entriesMax: settings.sessionChecksMax,
            lifetime: settings.sessionCheckLifetime,
            clock: clock
        )
        basicChecks = BasicChecks(
            BoundedCache(entriesMax: settings.basicChecksMax, lifetime: settings.basicCheckLifetime, clock: clock)
        )
    }

    /// Forgets what was believed about users and sessions, after a change.
    func forgetChecks() {
        sessionChecks.removeAll()
        basicChecks.removeAll()
    }
}
