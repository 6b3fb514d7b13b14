import Foundation
import Supervision
import Synchronization

/// The fault of a disk that is really full: the data folder is a file system of its own, in memory.
enum FullDisk {
    /// More than the rules want to see free; only what is written takes memory.
    private static let size = "600m"
    /// What is left of it when it is to be filled.
    private static let shrunk = "8m"

    // The failed statements are the database's, what they were for the projects', and the answers the API's.
    static let row = FaultRow(
        component: .database,
        fault: "the disk of the data folder is full (tmpfs)",
        rule: "DatabaseErrors",
        consequences: ["HTTPErrors", "ProjectOperationsFailing"],
        alsoOwn: ["DatabaseDiskNearlyFull"],
        prepare: mount,
        cleanUp: { try await run(["umount", data($0)]) },
        cause: fill
    )

    @Sendable
    private static func mount(_ folder: TemporaryFolder) async throws {
        try FileManager.default.createDirectory(atPath: data(folder), withIntermediateDirectories: true)
        do {
            try await run(["mount", "-t", "tmpfs", "-o", "size=\(size),mode=700", "kaskman-test", data(folder)])
        } catch {
            throw NotRun(reason: "mounting refused")
        }
    }

    /// Writes projects, fills the disk, goes on writing, makes room, and looks for every project whose creation was
    /// answered.
    @Sendable
    private static func fill(_ scene: FaultScene) async throws {
        let answered = Mutex<[String: String]>([:])
        let refusals = Mutex<[String: Int]>([:])
        let text = String(repeating: "All that is written takes room. ", count: 500)
        @Sendable func write(_ number: Int) async throws {
            let body = #"{"name": "full \#(number).", "type": "research", "description": "\#(text)"}"#
            let answer = try await Faults.post("/api/v1/projects", body, scene)
            if answer.status == 201, let id = answer.text.firstMatch(of: /"id":\s*"([^"]+)"/) {
                answered.withLock { $0[String(id.1)] = "full \(number)." }
            } else {
                let type = answer.text.firstMatch(of: /urn:kaskman:problem:[a-z_]+/).map { String($0.0) } ?? answer.text
                refusals.withLock { $0["\(answer.status) \(type)", default: 0] += 1 }
            }
        }
        for number in 0..<20 { try await write(number) }
        guard answered.withLock({ $0.count }) == 20 else { throw Unexpected(text: "\(refusals.withLock { $0 })") }
        let filler = data(scene.folder) + "/filler"
        try await run(["mount", "-o", "remount,size=\(shrunk)", data(scene.folder)])
        // Ends with "No space left on device".
        _ = try? await run(["dd", "if=/dev/zero", "of=\(filler)", "bs=4096", "status=none"])
        let number = Mutex(20)
        await repeatedly(every: .milliseconds(100)) {
            try await write(
                number.withLock { number in
                    number += 1
                    return number
                }
            )
        }
        try await Task {
            try await run(["rm", filler])
            try await run(["mount", "-o", "remount,size=\(size)", data(scene.folder)])
            try await expectKept(answered.withLock { $0 }, refusals.withLock { $0 }, scene)
            let before = answered.withLock { $0.count }
            try await write(0)
            guard answered.withLock({ $0.count }) == before + 1 else { throw Unexpected(text: "still refused") }
        }.value
    }

    private static func expectKept(
        _ answered: [String: String],
        _ refusals: [String: Int],
        _ scene: FaultScene
    ) async throws {
        print("full disk: \(answered.count) projects were answered 201; refusals: \(refusals)")
        guard !refusals.isEmpty, refusals.keys.allSatisfy({ $0.contains(" urn:kaskman:problem:") }) else {
            throw Unexpected(text: "refusals that are no problems: \(refusals)")
        }
        for (id, name) in answered {
            let answer = try await scene.server.get("/api/v1/projects/\(id)", headers: [Faults.administrator])
            guard answer.status == 200, answer.text.contains(name) else {
                throw Unexpected(text: "\(name) is lost: \(answer.text)")
            }
        }
    }

    private static func data(_ folder: TemporaryFolder) -> String { folder.path + "/data" }

    private static func run(_ command: [String]) async throws {
        let run = try await ChildProcess.run("/usr/bin/env", command, directory: NSTemporaryDirectory())
        guard run.exit == .success else { throw Unexpected(text: "\(command.joined(separator: " ")): \(run.output)") }
    }
}
