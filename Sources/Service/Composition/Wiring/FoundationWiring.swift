import Agents
import Basics
import Database
import Events
import Identity
import KeyValue
import Logging
import Projects
import Schedules
import Supervision
import Tasks

/// What the platform keeps: database, events, users.
struct FoundationParts: Sendable {
    let database: any Database
    let events: EventLog
    let identity: IdentityService
    /// The password that was made up for the first administrator.
    let firstPassword: String?
}

extension Wiring {
    func foundation(_ redis: RedisComponent?) async throws -> FoundationParts {
        let opened = try await openDatabase()
        let database = opened.database
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
        supervisor.add(.database, isEssential: true) { context in
            DatabaseComponent(context: context, database: database) {
                // Other servers' events wake this one's followers.
                await opened.server?.listen(to: EventLog.notificationChannel) { events.wakeFollowers(toldBy: $0) }
            }
        }
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
    func identity(_ database: any Database, _ events: EventLog) async throws -> IdentityService {
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

    /// The migrated database that the settings name; as a server too, when it is one.
    func openDatabase() async throws -> (database: any Database, server: PostgreSQLDatabase?) {
        let migrations =
            EventLog.migrations + IdentityService.migrations + ProjectSchema.migrations + TaskSchema.migrations
            + ScheduleSchema.migrations + AgentSchema.migrations
        let server: PostgreSQLDatabase?
        let database: any Database
        if settings.usesSQLite {
            server = nil
            database = try await openFile()
        } else {
            let opened = try await openServer()
            server = opened
            database = opened
        }
        do {
            _ = try await database.migrate(migrations, now: clock.now)
        } catch {
            try? await database.close()
            throw error
        }
        return (database, server)
    }

    private func openFile() async throws -> SQLiteDatabase {
        var sqlite = SQLiteSettings(path: DataFolder.databasePath(in: settings.dataDirectory))
        sqlite.busyTimeout = settings.databaseBusyTimeout
        do {
            return try await SQLiteDatabase.open(sqlite, clock: clock, registry: registry)
        } catch let error as DatabaseError {
            throw SettingsError(faults: ["the database \(sqlite.path) cannot be used: \(error.message)"])
        }
    }

    private func openServer() async throws -> PostgreSQLDatabase {
        var server = PostgreSQLSettings(url: settings.databaseURL)
        server.lockTimeout = settings.databaseBusyTimeout
        server.connectionsMax = settings.databaseConnectionsMax
        // The others are left to reads, however long the writers wait for each other.
        server.writersMax = max(1, settings.databaseConnectionsMax * 6 / 10)
        do {
            return try await PostgreSQLDatabase.open(server, clock: clock, registry: registry)
        } catch let error as DatabaseError {
            throw SettingsError(faults: ["the database (database.url) cannot be used: \(error.message)"])
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
