import ArgumentParser

/// The command `kaskman completion`.
struct CompletionCommand: AsyncParsableCommand {
    /// The shells that scripts are made for.
    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish

        var completion: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Write the script that completes kaskman's command lines in a shell."
    )

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() async throws {
        CommandEnvironment.current.output(Kaskman.completionScript(for: shell.completion))
    }
}

/// The command `kaskman version`.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Write the version of this program."
    )

    func run() async throws {
        CommandEnvironment.current.output("kaskman \(Kaskman.version)")
    }
}
