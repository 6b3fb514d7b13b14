import Basics
import Foundation

/// Tells how to sign in first: on the terminal, or without one in a file that only the owner reads.
///
/// Never in the log.
enum FirstSignIn {
    static func announce(_ password: String?, dataDirectory: String) throws {
        guard let password else { return }
        guard isatty(STDERR_FILENO) == 1 else {
            let file = dataDirectory + "/first-password"
            try DiskFileSystem().writeAtomically(Array("\(password)\n".utf8), to: file, mode: .ownerOnly)
            say("Sign in first as admin with the password in \(file); then change it and remove the file.")
            return
        }
        say("Sign in first as admin with the password \(password)")
        say("It is shown this once. Change it after signing in.")
    }

    private static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
