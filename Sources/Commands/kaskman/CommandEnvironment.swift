import Basics
import Client

/// All that a command may touch of the world.
struct CommandEnvironment: Sendable {
    /// The one of the command that runs.
    @TaskLocal static var current = CommandEnvironment.system

    /// The environment variables.
    var variables: [String: String]
    var fileSystem: any FileSystem
    var clock: any WallClock
    /// Writes text to the standard output, as it is.
    var write: @Sendable (String) -> Void
    /// Writes text to the standard error, as it is.
    var writeMessage: @Sendable (String) -> Void
    var isOutputTerminal: Bool
    var isErrorTerminal: Bool
    /// Columns of the terminal.
    var width: Int
    /// Lines of the terminal.
    var height: Int
    /// Reads the standard input up to a number of bytes; nil when there is more.
    var readInput: @Sendable (_ bytesMax: Int) -> [UInt8]?
    /// Asks at the terminal, without echo for secrets; nil without a terminal.
    var ask: @Sendable (_ prompt: String, _ isSecret: Bool) -> String?
    /// Carries requests; the closure behind it ends the connections.
    var transport: @Sendable () -> (any APITransport, close: @Sendable () async -> Void)
    /// A name for a creation that no other has.
    var uniqueKey: @Sendable () -> String

    /// Writes a line to the standard output.
    func output(_ line: String) { write(line + "\n") }

    /// Writes a line to the standard error.
    func message(_ line: String) { writeMessage(line + "\n") }

    /// Whether the output may be coloured: on a terminal, unless `NO_COLOR` says something.
    var isColored: Bool {
        isOutputTerminal && (variables["NO_COLOR"] ?? "").isEmpty && variables["TERM"] != "dumb"
    }
}
