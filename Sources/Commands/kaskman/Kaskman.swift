import ArgumentParser
import Client

/// The command line of KaskManager.
struct Kaskman: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "kaskman",
        abstract: "Work with a KaskManager server, and check the files of its observability engine.",
        discussion: """
            Data goes to the standard output, messages to the standard error.
            Exit status: 0 done, 1 failed, 2 wrong usage, 4 a login is needed.
            Variables: KASKMAN_URL (the server), KASKMAN_TOKEN (an access token), NO_COLOR.
            """,
        version: version,
        subcommands: [
            AuthCommand.self, ContextCommand.self, StatusCommand.self, HealthCommand.self, ProjectCommand.self,
            TaskCommand.self, ScheduleCommand.self, AgentCommand.self, ResearchCommand.self, UserCommand.self,
            EventsCommand.self, AlertsCommand.self, QueryCommand.self, CheckCommand.self, TestCommand.self,
            CompletionCommand.self, VersionCommand.self,
        ]
    )

    /// Runs a command line; returns the exit status.
    static func run(_ arguments: [String], in environment: CommandEnvironment) async -> Int32 {
        await CommandEnvironment.$current.withValue(environment) {
            do {
                let command = try parseAsRoot(arguments)
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    var command = command
                    try command.run()
                }
                return 0
            } catch {
                return report(error, to: environment)
            }
        }
    }

    /// Tells a person what went wrong, in the stream and with the status that scripts rely on.
    private static func report(_ error: any Error, to environment: CommandEnvironment) -> Int32 {
        if let failure = error as? CommandFailure {
            if let message = failure.message { environment.message("kaskman: \(message)") }
            return failure.status
        }
        if let error = error as? ClientError {
            environment.message("kaskman: \(error)")
            if case .needsLogin = error { return ExitStatus.needsLogin }
            if case .problem(status: 401, title: _, detail: _, violations: _) = error { return ExitStatus.needsLogin }
            return ExitStatus.failed
        }
        let text = fullMessage(for: error)
        switch exitCode(for: error) {
        case .success:
            // Help and the version that were asked for.
            environment.output(text)
            return 0
        case .validationFailure:
            environment.message(text)
            return ExitStatus.usage
        default:
            environment.message(text)
            return ExitStatus.failed
        }
    }
}

/// The exit statuses that scripts rely on.
enum ExitStatus {
    static let failed: Int32 = 1
    static let usage: Int32 = 2
    static let needsLogin: Int32 = 4
}

/// An end that is no success.
struct CommandFailure: Error {
    let status: Int32
    /// Nil when the output has said it already.
    let message: String?

    /// Something did not work.
    static func failed(_ message: String? = nil) -> CommandFailure {
        CommandFailure(status: ExitStatus.failed, message: message)
    }

    /// The command line does not make sense.
    static func usage(_ message: String) -> CommandFailure {
        CommandFailure(status: ExitStatus.usage, message: message)
    }
}
