import ArgumentParser
import Basics
import Client
import Crypto
import JSON

/// The command `kaskman task logs`.
struct TaskLogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Write what a task's program wrote."
    )

    /// How long the server holds a request while there is nothing new.
    static let waitSecondsMax = 20
    /// The time between two looks at whether a further attempt begins.
    static let interval: Duration = .seconds(1)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The task's identifier.")
    var id: String

    @Flag(name: .shortAndLong, help: "Go on with what comes, attempt after attempt, until the task has ended.")
    var follow = false

    @Option(help: "The attempt; the newest unless given.")
    var attempt: Int64?

    @Option(help: "Only lines behind the one of this sequence number.")
    var after: Int64 = 0

    @Flag(help: "Begin each line with its time and stream.")
    var times = false

    mutating func validate() throws {
        if after < 0 || (attempt ?? 1) < 1 { throw ValidationError("--after and --attempt must not be negative") }
    }

    func run() async throws {
        let environment = CommandEnvironment.current
        try await connection.withClient(environment) { client in
            var place = (attempt: attempt, after: after)
            var patience = Patience(environment)
            while true {
                let log = try await patience.ask {
                    try await client.log(
                        of: id,
                        attempt: place.attempt,
                        after: place.after,
                        waiting: follow ? waitSeconds : 0
                    )
                }
                let lines = log["items"]?.array ?? []
                for line in lines { environment.output(text(of: line)) }
                place.after = log["next_after"]?.integer ?? place.after
                let current = log["attempt"]?.integer ?? 0
                if current > 0 { place.attempt = current }
                let hasEnded = log["ended"]?.boolean ?? false
                // A page that is not the last of its log has lines.
                if !hasEnded, follow || !lines.isEmpty { continue }
                if let dropped = log["dropped"]?.integer, dropped > 0 {
                    environment.message("\(dropped) lines were dropped by the server, since the log was full.")
                }
                guard follow, attempt == nil,
                    let next = try await nextAttempt(client, environment, &patience, after: current)
                else { return }
                environment.message("Attempt \(next):")
                place = (next, 0)
            }
        }
    }

    /// The next attempt, once there is one; nil when the task has ended without.
    private func nextAttempt(
        _ client: APIClient,
        _ environment: CommandEnvironment,
        _ patience: inout Patience,
        after attempt: Int64
    ) async throws -> Int64? {
        while true {
            let json = try await patience.ask { try await client.resource(TaskCommand.path, id: id).json }
            let task = try TaskRecord(json)
            if task.attempt > attempt { return task.attempt }
            if task.isEnded { return nil }
            try await environment.clock.sleep(for: Self.interval)
        }
    }

    /// Shorter than the client waits for any answer.
    private var waitSeconds: Int { max(0, min(Self.waitSecondsMax, Int(connection.timeout) - 5)) }

    private func text(of line: JSONValue) -> String {
        let text = TextTable.visible(line["text"]?.string ?? "")
        guard times else { return text }
        return
            "\(TextTable.visible(line["at"]?.string ?? "")) \(TextTable.visible(line["stream"]?.string ?? "")) \(text)"
    }
}

/// The command `kaskman task artefacts`.
struct TaskArtefactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artefacts",
        abstract: "List the files that a task has made."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Argument(help: "The task's identifier.")
    var id: String

    func run() async throws {
        let environment = CommandEnvironment.current
        let artefacts = try await connection.withClient(environment) { client in try await client.artefacts(of: id) }
        environment.output(.array(artefacts.map(\.json)), as: format.output) {
            var table = TextTable("NAME", "BYTES", "ATTEMPT", "COMPLETE", "CREATED", "ID")
            for artefact in artefacts {
                table.append(
                    artefact.name,
                    String(artefact.bytes),
                    String(artefact.attempt),
                    artefact.isComplete ? "yes" : "no",
                    artefact.createdAt,
                    artefact.id
                )
            }
            return table
        }
    }
}

/// The command `kaskman task download`.
struct TaskDownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Save a file that a task has made, and check its hash."
    )

    /// How much is asked for at a time, and held in memory.
    static let partBytesMax: Int64 = 4 << 20

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The task's identifier.")
    var id: String

    @Argument(help: "The file's name, as the list of artefacts has it, or its identifier.")
    var name: String

    @Option(name: [.customShort("O"), .long], help: "Where to save it; the last part of its name unless given.")
    var file: String?

    func run() async throws {
        let environment = CommandEnvironment.current
        let progress = Progress(environment)
        let (artefact, path) = try await connection.withClient(environment) { client in
            defer { progress.clear() }
            let all = try await client.artefacts(of: id)
            // Of the same name the newest attempt's comes first.
            guard let artefact = all.first(where: { ($0.name == name || $0.id == name) && $0.isComplete }) else {
                throw CommandFailure.failed("the task has no complete artefact \(TextTable.visible(name))")
            }
            let path = file ?? artefact.name.split(separator: "/").last.map(String.init) ?? artefact.id
            try await save(artefact, to: path, client, environment, progress)
            return (artefact, path)
        }
        environment.message("\(TextTable.visible(path)): \(artefact.bytes) bytes")
    }

    /// Beside the file at first, so that what is there is replaced by the whole only.
    private func save(
        _ artefact: ArtefactRecord,
        to path: String,
        _ client: APIClient,
        _ environment: CommandEnvironment,
        _ progress: Progress
    ) async throws {
        let (files, partial) = (environment.fileSystem, path + ".part")
        var hash = SHA256()
        var offset: Int64 = 0
        do {
            try files.writeAtomically([], to: partial, mode: .shared)
            while offset < artefact.bytes {
                let part = try await client.content(
                    of: artefact,
                    of: id,
                    from: offset,
                    countMax: Self.partBytesMax
                )
                hash.update(data: part)
                try part.withUnsafeBytes { try files.write($0, to: partial, at: Int(offset), mode: .shared) }
                offset += Int64(part.count)
                progress.show("\(offset) of \(artefact.bytes) bytes")
            }
            guard hash.finalize().hexadecimal == artefact.sha256 else {
                throw CommandFailure.failed("what came is not the content of the hash \(artefact.sha256)")
            }
            try files.move(partial, to: path)
        } catch {
            try? files.remove(partial)
            guard let error = error as? FileSystemError else { throw error }
            throw CommandFailure.failed("\(error)")
        }
    }
}
