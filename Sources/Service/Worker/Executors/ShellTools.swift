package import Basics

/// util-linux's programs, through which every program is begun.
///
/// `setpriv --pdeathsig` has the kernel kill the program when the worker dies, however it dies; `prlimit` sets its limits.
package struct ShellTools: Hashable, Sendable {
    package let setpriv: String
    package let prlimit: String

    /// What is missing.
    package struct Missing: Error, Hashable, Sendable, CustomStringConvertible {
        package let program: String

        package var description: String {
            "the executor shell needs \(program) of util-linux, and there is none in PATH: install util-linux, "
                + "or leave shell out of --executors"
        }
    }

    /// Looks for the programs in the folders of the variable PATH.
    /// - Throws: ``Missing``.
    package init(path: String, fileSystem: any FileSystem) throws(Missing) {
        func find(_ name: String) throws(Missing) -> String {
            for folder in path.split(separator: ":") where folder.hasPrefix("/") {
                let candidate = "\(folder)/\(name)"
                if let found = try? fileSystem.attributes(of: candidate), found.kind == .file { return candidate }
            }
            throw Missing(program: name)
        }
        setpriv = try find("setpriv")
        prlimit = try find("prlimit")
    }

    /// The command up to the program itself.
    func arguments(_ limits: ProgramLimits, userProcesses: Int) -> [String] {
        // A program with the set-user-ID bit would be rid of the signal by which it dies with the worker.
        [setpriv, "--no-new-privs", "--pdeathsig", "KILL", prlimit]
            + limits.arguments(userProcesses: userProcesses) + ["--"]
    }
}
