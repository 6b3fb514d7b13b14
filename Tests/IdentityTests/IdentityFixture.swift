import Basics
import Database
import DatabaseTesting
import Events
import Identity
import Instruments
import Logging
import Testing

/// An identity service over a database of its own, with the user `ada` (researcher) and the administrator `admin`.
struct IdentityFixture {
    static let password = "correct horse"

    let identity: IdentityService
    let events: EventLog
    let database: any Database
    let clock: ManualClock
    let registry: Registry
    let admin: User
    let ada: User

    var administrator: Principal {
        Principal(kind: .user, userID: admin.id, username: admin.username, roles: admin.roles)
    }

    func login(_ name: String = "ada", _ password: String = password, ip: String = "192.0.2.1") async throws
        -> TokenPair
    {
        try await identity.login(username: name, password: password, ip: ip)
    }

    /// The error of a login, nil when it succeeds.
    func loginError(_ name: String, _ password: String, ip: String = "192.0.2.1") async throws -> IdentityError? {
        do {
            _ = try await login(name, password, ip: ip)
            return nil
        } catch let error as IdentityError {
            return error
        }
    }

    /// How many events of a kind there are.
    func count(_ kind: EventKind) async throws -> Int {
        try await all(kind).count
    }

    func all(_ kind: EventKind) async throws -> [Event] {
        var filter = EventFilter()
        filter.kinds = [kind]
        return try await events.page(.after(0), filter: filter, limit: 1000).events
    }

    func metric(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        registry.value(of: "kaskman_identity_" + name, labels)
    }
}

func withIdentity(
    on backend: TestBackend,
    configure: (inout IdentitySettings) -> Void = { _ in },
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ body: (IdentityFixture) async throws -> Void
) async throws {
    let clock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000))
    let registry = Registry()
    let migrations = EventLog.migrations + IdentityService.migrations
    try await withTemporaryDatabase(on: backend, migrations, clock: clock, registry: registry) { database in
        let ids = UUIDv7Generator(clock: clock)
        let events = EventLog(database: database, clock: clock, ids: ids, registry: registry)
        var settings = IdentitySettings()
        settings.bcryptCost = 4
        configure(&settings)
        let identity = try await IdentityService.open(
            database: database,
            events: events,
            clock: clock,
            ids: ids,
            registry: registry,
            settings: settings,
            logger: logger
        )
        let first = try await identity.createFirstAdministrator(password: "administrator's own")
        let admin = try #require(first).user
        let principal = Principal(kind: .user, userID: admin.id, username: admin.username, roles: admin.roles)
        let ada = try await identity.createUser(
            NewUser(username: "ada", roles: [.researcher], password: IdentityFixture.password),
            by: principal
        )
        try await body(
            IdentityFixture(
                identity: identity,
                events: events,
                database: database,
                clock: clock,
                registry: registry,
                admin: admin,
                ada: ada
            )
        )
    }
}
