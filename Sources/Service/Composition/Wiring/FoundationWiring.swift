import Agents
import Basics
import Database
import Events
import Identity
import KeyValue
import Logging
import Projects
import Supervision
import Tasks

/// What the platform keeps: database, events, users.
struct FoundationParts: Sendable {
    let database: SQLiteDatabase
    let events: EventLog
    let identity: IdentityService
    /// The password that was made up for the first administrator.
    let firstPassword: String?
}

extension Wiring {
    func foundation(_ redis: RedisComponent?) async throws -> FoundationParts {
        let database = try await openDatabase()
        let events = EventLog(
            database: database,
            clock: clock,
            ids: ids,
            registry: registry,
            announce: { redis?.fanOut.publish(.events, []) }
        )
        redis?.fanOut.subscribe(.events) { _ in events.wakeFollowers() }
        let identity = try await identity(database, events)
        let first = try await identity.createFirstAdministrator(password: try adminPassword())
        if first == nil { warnOfUnusedPassword() }
        supervisor.add(.database, isEssential: true) { DatabaseComponent(context: $0, database: database) }
        let alerts = alerts
        supervisor.add(.events, dependsOn: [.database]) { context in
            EventsComponent(
                context: context,
                log: events,
                outbox: outbox,
                retention: settings.eventRetention,
                version: Platform.version,
                beforeWriting: { alerts.expire() }
            )
        }
        supervisor.add(.identity, dependsOn: [.database, .events], isEssential: true) { context in
            IdentityComponent(context: context, service: identity)
        }
        return FoundationParts(
            database: database,
            events: events,
            identity: identity,
            firstPassword: first?.generatedPassword
        )
    }

    /// Users and their passwords over an open database.
    func identity(_ database: SQLiteDatabase, _ events: EventLog) async throws -> IdentityService {
        var identitySettings = IdentitySettings()
        identitySettings.bcryptCost = settings.accounts.passwordCost
        identitySettings.freeFailuresPerName = settings.accounts.failedLoginsPerName
        identitySettings.freeFailuresPerNetwork = settings.accounts.failedLoginsPerNetwork
        var identityLog = log
        identityLog[metadataKey: "component"] = "\(ComponentKind.identity.rawValue)"
        return try await IdentityService.open(
            database: database,
            events: events,
            clock: clock,
            ids: ids,
            registry: registry,
            settings: identitySettings,
            logger: identityLog
        )
    }

    /// Whoever changes admin.password to get in again must not wonder why it does nothing.
    private func warnOfUnusedPassword() {
        let accounts = settings.accounts
        for (key, value) in [
            ("admin.password", accounts.adminPassword), ("admin.password_file", accounts.adminPasswordFile),
        ] where !value.isEmpty {
            log.warning("\(key) is used on an empty database only; it changed no password")
        }
    }

    func openDatabase() async throws -> SQLiteDatabase {
        var sqlite = SQLiteSettings(path: DataFolder.databasePath(in: settings.dataDirectory))
        sqlite.busyTimeout = settings.databaseBusyTimeout
        let migrations =
            EventLog.migrations + IdentityService.migrations + ProjectSchema.migrations + TaskSchema.migrations
            + AgentSchema.migrations
        do {
            let database = try await SQLiteDatabase.open(sqlite, clock: clock, registry: registry)
            _ = try await database.migrate(migrations, now: clock.now)
            return database
        } catch let error as DatabaseError {
            throw SettingsError(faults: ["the database \(sqlite.path) cannot be used: \(error.message)"])
        }
    }

    private func adminPassword() throws -> String? {
        if !settings.accounts.adminPassword.isEmpty { return settings.accounts.adminPassword }
        return try firstLine(of: settings.accounts.adminPasswordFile, key: "admin.password_file")
    }

    /// The first line of a file that holds a secret; nil when no file is named.
    func firstLine(of file: String, key: String) throws(SettingsError) -> String? {
        guard !file.isEmpty else { return nil }
        let text: String
        do {
            text = String(decoding: try fileSystem.read(file, bytesMax: 4096), as: UTF8.self)
        } catch {
            throw SettingsError(faults: ["\(key): \(error)"])
        }
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
        guard !line.isEmpty else { throw SettingsError(faults: ["\(key): \(file) has an empty first line"]) }
        return String(line)
    }
}
