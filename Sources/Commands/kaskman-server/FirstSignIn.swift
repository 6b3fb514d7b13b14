import Basics
import Foundation
import Synchronization

/// Tells how to sign in first: on the terminal, or without one in a file that only the owner reads.
///
/// Never in the log.
final class FirstSignIn: Sendable {
    /// What is left to say, line by line.
    private let lines: Mutex<[String]>

    /// Writes the file, if there is to be one; says nothing yet.
    /// - Throws: `FileSystemError`.
    init(_ password: String?, dataDirectory: String) throws {
        guard let password else {
            lines = Mutex([])
            return
        }
        guard isatty(STDOUT_FILENO) == 1 else {
            let file = dataDirectory + "/first-password"
            try DiskFileSystem().writeAtomically(Array("\(password)\n".utf8), to: file, mode: .ownerOnly)
            lines = Mutex([
                "Sign in first as admin with the password in \(file); then change it and remove the file."
            ])
            return
        }
        lines = Mutex([
            "Sign in first as admin with the password \(password)",
            "It is shown this once. Change it after signing in.",
        ])
    }

    /// Says it, the first time that it is called.
    ///
    /// Also when the server ends without having listened: the password is in the database and would be lost.
    func announce() {
        let lines = lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
        for line in lines { Self.say(line) }
    }

    /// Writes a line to standard output, which is for people; the log has standard error.
    static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
