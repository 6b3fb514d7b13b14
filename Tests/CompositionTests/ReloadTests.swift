import Basics
import Database
import DatabaseTesting
import Events
import Foundation
import Instruments
import JSON
import Supervision
import Synchronization
import Testing

@testable import Composition

@Suite("Reloads")
struct ReloadTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        func add(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }

        /// Takes out the lines so far.
        func take() -> [String] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
    }

    private static func rules(_ name: String) -> String {
        "groups:\n- name: g\n  rules:\n  - alert: \(name)\n    expr: vector(1)\n"
    }

    private static let brokenRules = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum(\n"
    private static let notifications = "route: {receiver: team}\nreceivers: [{name: team}]\n"
    private static let otherNotifications = "route: {receiver: other}\nreceivers: [{name: other}]\n"
    private static let brokenNotifications = "route: {receiver: nobody}\nreceivers: [{name: team}]\n"

    private static func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    @Test("Rules and notifications are each taken whole or not at all, and what was taken is an event")
    func reloads() async throws {
        try await withTemporaryDirectory { folder in
            let (rules, notifications) = (folder + "/a.yml", folder + "/notifications.yaml")
            try Self.write(Self.rules("First"), rules)
            try Self.write(Self.notifications, notifications)
            let loaded = try SettingsLoader.load(
                file: nil,
                flags: [
                    "data_dir": folder + "/data", "rules.files": folder + "/*.yml", "web.dir": "", "http.port": "0",
                    "identity.password_cost": "4", "notifications.file": notifications,
                ],
                environment: [:],
                fileSystem: DiskFileSystem()
            )
            let log = Lines()
            let platform = try await Platform.build(
                settings: loaded.settings,
                origin: loaded.origin,
                clock: ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000)),
                logOutput: { log.add($0) }
            )
            let running = Task { try await platform.run() }
            _ = await platform.boundPort()
            while !platform.health.isReady { await Task.yield() }
            /// Writes files, reloads, and compares what the log says.
            func f(_ texts: [String: String?], _ expected: [String]) throws {
                for (path, text) in texts {
                    if let text { try Self.write(text, path) } else { try FileManager.default.removeItem(atPath: path) }
                }
                _ = log.take()
                platform.reload()
                let lines = log.take().filter { $0.contains("reloaded") }
                #expect(lines.count == expected.count, "\(lines)")
                for (line, part) in zip(lines, expected) { #expect(line.contains(part)) }
            }
            try f([rules: Self.rules("Second")], ["rules reloaded", "notifications reloaded"])
            try f(
                [rules: Self.brokenRules, notifications: Self.otherNotifications],
                ["the rules cannot be reloaded; those in force stay", "notifications reloaded"]
            )
            try f(
                [rules: Self.rules("Third"), notifications: Self.brokenNotifications],
                ["rules reloaded", "the notifications cannot be reloaded; those in force stay"]
            )
            try f([rules: nil, folder + "/b.yml": Self.brokenRules], ["b.yml:", "notifications.yaml:"])
            try f(
                [folder + "/b.yml": nil, notifications: nil],
                ["/*.yml names no file", "notifications.file: there is no file"]
            )
            platform.drain()
            try await running.value
            let events = try await Self.log(of: folder)
            func hashes(_ kind: EventKind) -> [JSONValue?] {
                events.filter { $0.kind == kind }.map { $0.data["sha256"] }
            }
            func hash(_ text: String) -> JSONValue { .string(OwnEvents.sha256(text.utf8)) }
            #expect(hashes(.rulesLoaded) == ["First", "Second", "Third"].map { hash(Self.rules($0)) })
            #expect(
                hashes(.configurationLoaded) == [
                    .string(loaded.origin.sha256), hash(Self.notifications), hash(Self.notifications),
                    hash(Self.otherNotifications),
                ]
            )
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
}
