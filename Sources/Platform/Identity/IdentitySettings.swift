/// How identities are handled, and the limits.
package struct IdentitySettings: Sendable {
    /// bcrypt's cost, 4 to 16: each step doubles the time.
    ///
    /// 11 takes about 90 ms.
    package var bcryptCost = 11
    /// How many passwords are hashed at the same time.
    package var passwordThreads = 2
    /// How many passwords may wait beyond those.
    package var passwordWaitersMax = 32
    /// How long an access token is good for.
    package var accessTokenLifetime: Duration = .seconds(15 * 60)
    /// How long a refresh token that is not used is good for.
    package var refreshTokenLifetime: Duration = .seconds(30 * 86_400)
    /// After this time a user must log in again, however often the tokens were refreshed.
    package var sessionLifetime: Duration = .seconds(90 * 86_400)
    /// How long a refresh token may be used again, since two tabs may refresh at once.
    package var refreshGrace: Duration = .seconds(10)
    /// How many sessions of one user go on at the same time; the oldest is ended by one more.
    package var sessionsPerUserMax = 50
    /// How long the check that a session goes on is believed; another server's logout is seen after it.
    package var sessionCheckLifetime: Duration = .seconds(10)
    /// How many such checks are remembered.
    package var sessionChecksMax = 10_000
    /// How long a name and password that were right are believed for Basic.
    package var basicCheckLifetime: Duration = .seconds(60)
    /// How many such names and passwords are remembered, as keyed digests.
    package var basicChecksMax = 256
    /// How many failed logins of one name cost nothing.
    package var freeFailuresPerName = 5
    /// How many failed logins from one network cost nothing.
    package var freeFailuresPerNetwork = 30
    /// The longest wait after failed logins.
    package var lockoutMax: Duration = .seconds(900)
    /// How many names, and how many networks, failures are remembered of.
    package var lockoutKeysMax = 10_000

    /// How long credentials that were right pass the locks that others bring about.
    package var rightCredentialsLifetime: Duration = .seconds(7 * 86_400)
    /// How many such credentials, and how many names of them, are remembered, as keyed digests.
    package var rightCredentialsMax = 10_000

    package init() {}
}
