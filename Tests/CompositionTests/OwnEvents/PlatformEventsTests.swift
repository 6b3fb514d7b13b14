import Basics
import Database
import DatabaseTesting
import Events
import Foundation
import Instruments
import JSON
import Supervision
import Testing

@testable import Composition

@Suite("The platform's own events")
struct PlatformEventsTests {
    private let rules = "groups:\n- name: g\n  rules:\n  - alert: Always\n    expr: vector(1)\n"
    private let clock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000))

    private func load(in folder: String, _ flags: [String: String] = [:]) throws -> SettingsLoader.Loaded {
        let fixed = [
            "data_dir": folder + "/data", "rules.files": folder + "/*.yml", "web.dir": "", "http.port": "0",
            "identity.password_cost": "4",
        ]
        return try SettingsLoader.load(
            file: nil,
            flags: fixed.merging(flags) { $1 },
            environment: [:],
            fileSystem: DiskFileSystem()
        )
    }

    @Test("A platform that was started and ended has said so, and what it had loaded")
    func startAndEnd() async throws {
        try await withTemporaryDirectory { folder in
            try rules.write(toFile: folder + "/a.yml", atomically: true, encoding: .utf8)
            let loaded = try load(in: folder)
            let platform = try await Platform.build(
                settings: loaded.settings,
                origin: loaded.origin,
                clock: clock,
                logOutput: { _ in }
            )
            let running = Task { try await platform.run() }
            _ = await platform.boundPort()
            while !platform.health.isReady { await Task.yield() }
            platform.drain()
            try await running.value
            let events = try await Self.log(of: folder)
            #expect(
                events.map(\.kind) == [
                    .userCreated, .configurationLoaded, .rulesLoaded, .systemStarted, .systemStopped,
                ]
            )
            let byKind = Dictionary(uniqueKeysWithValues: events.map { ($0.kindName, $0.data) })
            #expect(byKind["system.started"]?["version"] == .string(Platform.version))
            #expect(byKind["configuration.loaded"]?["sha256"] == .string(loaded.origin.sha256))
            let read = try #require(byKind["rules.loaded"])
            #expect(read["files"] == .strings([folder + "/a.yml"]))
            #expect(read["groups"] == 1 && read["rules"] == 1)
            #expect(read["sha256"] == .string(OwnEvents.sha256(rules.utf8)))
        }
    }

    /// Reads the log of a platform that has ended.
    private static func log(of folder: String) async throws -> [Event] {
        let settings = SQLiteSettings(path: folder + "/data/kaskman.sqlite")
        let clock = ManualClock()
        let registry = Registry()
        let database = try await SQLiteDatabase.open(settings, clock: clock, registry: registry)
        let log = EventLog(database: database, clock: clock, ids: UUIDv7Generator(clock: clock), registry: registry)
        let events = try await log.page(.after(0), limit: 100).events
        try await database.close()
        return events
    }

    @Test("The configuration's hash is of all settings in force but the secret ones")
    func configurationHash() throws {
        let plain = try load(in: "/x").origin
        #expect(plain.file == nil)
        #expect(try load(in: "/x", ["admin.password": "secret"]).origin == plain)
        #expect(try load(in: "/x", ["log.level": "info"]).origin == plain, "what a default says anyway")
        #expect(try load(in: "/x", ["log.level": "debug"]).origin != plain)
        let secrets = SettingsTable.all.filter(\.isSecret).map(\.key).sorted()
        #expect(secrets == ["admin.password", "database.url", "redis.url"])
    }

    @Test("A SHA-256 is written as sha256sum writes it")
    func hash() {
        #expect(
            OwnEvents.sha256("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
    }
}
