package import Basics
import Client
import Foundation
import JSON

/// Runs programs: the executor `shell`.
package struct ShellExecutor: TaskExecutor {
    package let name = "shell"

    /// What `KASKMAN_OUTPUT` may hold; the server takes no more either.
    package static let outputBytesMax = 60 << 10
    /// How deeply it may be nested.
    package static let outputDepthMax = 32

    /// What all programs of a worker share.
    package struct Settings: Sendable {
        /// util-linux's programs, with which each program is begun.
        package var tools: ShellTools
        /// What is passed on of the worker's own environment.
        package var environment: [String: String]
        /// How long a program has between SIGTERM and SIGKILL.
        package var grace: Duration

        package init(tools: ShellTools, environment: [String: String], grace: Duration) {
            self.tools = tools
            self.environment = environment
            self.grace = grace
        }
    }

    private let settings: Settings
    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let metrics: WorkerMetrics
    private let userProcesses: UserProcesses

    package init(
        _ settings: Settings,
        fileSystem: any FileSystem,
        clock: any WallClock,
        metrics: WorkerMetrics
    ) {
        self.settings = settings
        self.fileSystem = fileSystem
        self.clock = clock
        self.metrics = metrics
        userProcesses = UserProcesses(fileSystem: fileSystem, clock: clock)
    }

    package func run(_ attempt: Attempt) async -> AttemptOutcome {
        let input: ShellInput
        do throws(InputError) { input = try ShellInput(attempt.grant.input) } catch {
            return .failed(.invalidInput, message: "\(error)")
        }
        do throws(FileSystemError) {
            let upstream = attempt.grant.upstream
            try await BlockingWork.run { () throws(FileSystemError) in try prepare(input, upstream, in: attempt.folder)
            }
        } catch {
            return .failed(.workerFailed, message: "the work folder cannot be filled: \(error)")
        }
        let end: ProgramEnd
        do throws(ProgramStartError) {
            let run = await BlockingWork.run { program(input, attempt) }
            end = try await run.end()
        } catch {
            return .failed(.startFailed, message: "\(error)")
        }
        let failure = end.failure(input.limits)
        if let fault = await keep(input.artefacts, attempt, isSuccess: failure == nil), failure == nil {
            return fault
        }
        if let failure { return .failed(failure.kind, message: failure.message) }
        let outcome = output(of: end, in: attempt.folder)
        guard case .completed = outcome, let fault = await makeChildren(attempt) else { return outcome }
        return fault
    }

    // MARK: Before

    private func prepare(
        _ input: ShellInput,
        _ upstream: JSONValue,
        in folder: AttemptFolder
    ) throws(FileSystemError) {
        for (path, text) in input.files {
            let parts = path.parts.dropLast()
            if !parts.isEmpty {
                try fileSystem.createDirectory(
                    folder.work + "/" + parts.joined(separator: "/"),
                    mode: .ownerOnlyDirectory
                )
            }
            // A script can be run as one.
            let mode: FileMode = text.hasPrefix("#!") ? .ownerOnlyDirectory : .ownerOnly
            try fileSystem.writeAtomically(Array(text.utf8), to: folder.work + "/" + path.text, mode: mode)
        }
        try fileSystem.writeAtomically([], to: folder.metrics, mode: .ownerOnly)
        try fileSystem.writeAtomically(JSONWriter.bytes(of: upstream), to: folder.upstream, mode: .ownerOnly)
        if let text = input.standardInput {
            try fileSystem.writeAtomically(Array(text.utf8), to: folder.standardInput, mode: .ownerOnly)
        }
    }

    private func program(_ input: ShellInput, _ attempt: Attempt) -> ProgramRun {
        let (grant, folder) = (attempt.grant, attempt.folder)
        var environment = settings.environment
        environment.merge(input.environment) { $1 }
        environment["TMPDIR"] = folder.temporary
        environment["KASKMAN_TASK_ID"] = grant.key.taskID
        environment["KASKMAN_ATTEMPT"] = String(grant.key.token)
        environment["KASKMAN_PROJECT_ID"] = grant.projectID
        environment["KASKMAN_OUTPUT"] = folder.output
        environment["KASKMAN_METRICS"] = folder.metrics
        environment["KASKMAN_UPSTREAM"] = folder.upstream
        environment["KASKMAN_CHILDREN"] = folder.children
        environment[Survivors.variable] = folder.run
        return ProgramRun(
            start: ProgramStart(
                arguments: settings.tools.arguments(input.limits, userProcesses: userProcesses.count)
                    + [input.program] + input.arguments,
                environment: environment,
                directory: folder.work,
                inputPath: input.standardInput == nil ? "/dev/null" : folder.standardInput
            ),
            limits: input.limits,
            grace: settings.grace,
            run: folder.run,
            stop: attempt.stop,
            log: attempt.log,
            fileSystem: fileSystem,
            clock: clock,
            metrics: metrics
        )
    }

    // MARK: After

    /// Sends the artefacts, and returns the failure that it comes to; of a program that failed what is there is kept.
    private func keep(_ patterns: [String], _ attempt: Attempt, isSuccess: Bool) async -> AttemptOutcome? {
        if patterns.isEmpty { return nil }
        // What was stopped is wanted by nobody; only a worker that ends in order still has the lease.
        if let reason = attempt.stop.value, !reason.isReported { return nil }
        let finder = ArtefactFiles(folder: attempt.folder.work)
        do throws(ArtefactFault) {
            let files = try await BlockingWork.run { () throws(ArtefactFault) in
                if isSuccess { return try finder.find(patterns) }
                return patterns.flatMap { (try? finder.find([$0])) ?? [] }
            }
            switch try await attempt.artefacts.send(files) {
            case .sent, .notTaken, .stopped: return nil
            case .refused(let reason): return .failed(.artefactRefused, message: reason)
            }
        } catch {
            return .failed(error.kind, message: "\(error)")
        }
    }

    /// Has the tasks made that the program left, and returns the failure that it comes to.
    private func makeChildren(_ attempt: Attempt) async -> AttemptOutcome? {
        let bytes: [UInt8]
        do throws(FileSystemError) {
            let path = attempt.folder.children
            guard try fileSystem.attributes(of: path)?.kind == .file else { return nil }
            bytes = try fileSystem.read(path, bytesMax: ChildTasks.bytesMax)
        } catch {
            return .failed(.childrenRefused, message: "KASKMAN_CHILDREN cannot be read: \(error.reason)")
        }
        return await attempt.children.send(bytes)
    }

    private func output(of end: ProgramEnd, in folder: AttemptFolder) -> AttemptOutcome {
        var output: JSONObject = ["exit_code": 0]
        output["seconds"] = JSONNumber((end.seconds * 1000).rounded() / 1000).map { .number($0) }
        let bytes: [UInt8]
        do throws(FileSystemError) {
            guard try fileSystem.attributes(of: folder.output)?.kind == .file else {
                return .completed(output: .object(output))
            }
            bytes = try fileSystem.read(folder.output, bytesMax: Self.outputBytesMax)
        } catch {
            return .failed(.invalidOutput, message: "KASKMAN_OUTPUT cannot be read: \(error.reason)")
        }
        let limits = JSONLimits(bytesMax: Self.outputBytesMax, depthMax: Self.outputDepthMax)
        guard let json = try? JSONValue(parsing: bytes, limits: limits), let members = json.object?.members else {
            return .failed(.invalidOutput, message: "KASKMAN_OUTPUT holds no JSON object")
        }
        for member in members { output[member.name] = member.value }
        return .completed(output: .object(output))
    }
}
