import Basics
import DatabaseTesting
import Foundation
import Supervision
import Synchronization
import Testing

@testable import Composition

@Suite("Rules and dashboard that are missing")
struct MissingFilesTests {
    /// A platform on a disk without shipped files.
    private func build(
        _ flags: [String: String],
        in folder: String,
        log: Lines = Lines(),
        clock: any WallClock = ManualClock()
    ) async throws -> Platform {
        let fixed = ["data_dir": folder, "http.port": "0", "identity.password_cost": "4"]
        let loaded = try SettingsLoader.load(
            file: nil,
            flags: fixed.merging(flags) { $1 },
            environment: [:],
            fileSystem: FaultyFileSystem()
        )
        return try await Platform.build(
            settings: loaded.settings,
            origin: loaded.origin,
            clock: clock,
            fileSystem: FaultyFileSystem(),
            executable: "/usr/bin/kaskman-server",
            logOutput: { log.add($0) }
        )
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    }

    @Test("Missing defaults are told in the log, and without rules the component is degraded")
    func defaults() async throws {
        try await withTemporaryDirectory { folder in
            let log = Lines()
            let clock = ManualClock(now: Timestamp(milliseconds: 1_700_000_000_000))
            let platform = try await build([:], in: folder, log: log, clock: clock)
            for text in ["the rules that come with the server were not found", "the web dashboard that comes with"] {
                let line = log.all.first { $0.contains(text) }
                #expect(line?.contains("level=warning") == true, "\(text)")
                #expect(line?.contains(#"folders="., /usr/share/kaskman""#) == true, "\(text)")
            }
            let running = Task { try await platform.run() }
            _ = await platform.boundPort()
            func rules() -> Health? { platform.health.entries.first { $0.kind == .rules }?.health }
            for _ in 0..<1000 where rules()?.status != .degraded {
                clock.advance(by: .seconds(1))
                for _ in 0..<100 { await Task.yield() }
            }
            #expect(rules() == .degraded("no rules were found, so no alert can fire; set rules.files"))
            platform.drain()
            try await running.value
        }
    }

    @Test("What is configured and missing is an error that names the key and the text")
    func configured() async throws {
        try await withTemporaryDirectory { folder in
            func f(_ flags: [String: String], _ faults: [String]) async {
                let error = await #expect(throws: SettingsError.self) { try await build(flags, in: folder) }
                #expect(error?.faults == faults)
            }
            await f(
                ["rules.files": "/x/*.yml, /y/a.yml"],
                ["rules.files: /x/*.yml names no file", "rules.files: /y/a.yml names no file"]
            )
            await f(
                ["rules.files": "", "notifications.file": "/x/n.yml"],
                ["notifications.file: there is no file /x/n.yml"]
            )
            await f(["rules.files": "", "web.dir": "/x/web"], ["web.dir: there is no folder /x/web"])
            _ = try await build(["rules.files": "", "web.dir": ""], in: folder)
            let database = folder + "/other/kaskman.sqlite"
            try FileManager.default.createDirectory(atPath: folder + "/other", withIntermediateDirectories: true)
            let text = String(repeating: "no database ", count: 1000)
            try text.write(toFile: database, atomically: true, encoding: .utf8)
            let error = await #expect(throws: SettingsError.self) {
                try await build(["rules.files": "", "web.dir": ""], in: folder + "/other")
            }
            #expect(error?.description.hasPrefix("the database \(database) cannot be used: ") == true)
            #expect(error?.description.contains("file is not a database") == true)
        }
    }
}
