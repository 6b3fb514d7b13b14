import ArgumentParser
import Client

/// The command `kaskman auth password`.
struct PasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Change your password; your other sessions end.",
        discussion: """
            The current password and twice the new one are asked for at the terminal. Without a terminal, or with \
            --password-stdin, the first line of the standard input is the current password and the second the new one.
            """
    )

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Read the current and the new password from two lines of the standard input.")
    var passwordStdin = false

    func run() async throws {
        let environment = CommandEnvironment.current
        let (current, new) = try passwords(environment)
        let address = try connection.address(environment)
        try await connection.withClient(environment) { client in
            try await client.changePassword(current: current, new: new)
        }
        environment.message("Your password on \(address) is changed; your other sessions have ended.")
    }

    private func passwords(_ environment: CommandEnvironment) throws -> (current: String, new: String) {
        if !passwordStdin, let current = environment.ask("Current password: ", true) {
            guard let new = try PasswordInput.new("New password", environment) else {
                throw CommandFailure.usage("a new password is needed")
            }
            return (current, new)
        }
        let lines = try PasswordInput.lines(["current password", "new password"], environment)
        return (lines[0], lines[1])
    }
}

/// How passwords come to a command: never as arguments, which other users of the machine see.
enum PasswordInput {
    private static let bytesMax = 4096

    /// The first lines of the standard input, one for each name.
    /// - Throws: ``CommandFailure`` when one is missing or empty.
    static func lines(_ names: [String], _ environment: CommandEnvironment) throws(CommandFailure) -> [String] {
        let input = environment.readInput(bytesMax) ?? []
        let lines = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var texts: [String] = []
        for (index, name) in names.enumerated() {
            guard lines.count > index, let text = String(validating: lines[index], as: UTF8.self), !text.isEmpty else {
                throw .usage("the standard input holds no \(name)")
            }
            texts.append(text)
        }
        return texts
    }

    /// A new password, asked for twice at the terminal; nil without a terminal.
    /// - Throws: ``CommandFailure`` when it is empty or the two differ.
    static func new(_ prompt: String, _ environment: CommandEnvironment) throws(CommandFailure) -> String? {
        guard let new = environment.ask("\(prompt): ", true) else { return nil }
        if new.isEmpty { throw .usage("a new password is needed") }
        guard environment.ask("\(prompt) again: ", true) == new else {
            throw .failed("the two new passwords differ: nothing was changed")
        }
        return new
    }
}
