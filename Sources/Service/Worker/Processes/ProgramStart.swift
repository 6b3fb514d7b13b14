import CProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A program that is to run.
package struct ProgramStart: Hashable, Sendable {
    package var arguments: [String]
    package var environment: [String: String]
    package var directory: String
    /// The file that is its standard input.
    package var inputPath: String

    package init(arguments: [String], environment: [String: String], directory: String, inputPath: String) {
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.inputPath = inputPath
    }
}

/// Why a program could not be begun.
struct ProgramStartError: Error, CustomStringConvertible {
    let description: String

    init(_ what: String, _ number: Int32) { description = "\(what): \(String(cString: strerror(number)))" }
}

/// A program that runs, seen from its parent: the number of its process and group, and the ends of its two streams.
struct StartedProgram {
    let id: Int32
    let output: Int32
    let errors: Int32

    /// Begins a program in a process group of its own, with nothing open but its three streams and no signal ignored.
    ///
    /// To be called on a thread that outlives the program: the signal of a parent's death is the thread's (prctl(2),
    /// PR_SET_PDEATHSIG).
    static func start(_ start: ProgramStart) throws(ProgramStartError) -> StartedProgram {
        guard let executable = start.arguments.first else { throw ProgramStartError("no program", EINVAL) }
        let output = try pipe()
        let errors: (read: Int32, write: Int32)
        do throws(ProgramStartError) { errors = try pipe() } catch {
            close(output.read)
            close(output.write)
            throw error
        }
        defer {
            close(output.write)
            close(errors.write)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, start.inputPath, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        kaskman_spawn_close_from(&actions, 3)
        kaskman_spawn_change_directory(&actions, start.directory)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
        )
        posix_spawnattr_setpgroup(&attributes, 0)
        // The worker ignores SIGTERM, SIGINT and SIGPIPE in its own way; a program must not inherit that.
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        let id = withCStrings(start.arguments) { arguments in
            withCStrings(start.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) { variables in
                var id: pid_t = 0
                let result = posix_spawn(&id, executable, &actions, &attributes, arguments, variables)
                return result == 0 ? id : -result
            }
        }
        guard id > 0 else {
            close(output.read)
            close(errors.read)
            throw ProgramStartError("cannot begin \(executable)", -id)
        }
        for descriptor in [output.read, errors.read] {
            let flags = fcntl(descriptor, F_GETFL)
            _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
        }
        return StartedProgram(id: id, output: output.read, errors: errors.read)
    }

    private static func pipe() throws(ProgramStartError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard kaskman_pipe(&ends, O_CLOEXEC) == 0 else { throw ProgramStartError("cannot make a pipe", errno) }
        return (ends[0], ends[1])
    }
}

/// Calls with an array of C strings that ends in nil.
private func withCStrings<Result>(
    _ texts: [String],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    // A NUL would end the text early, as something else than was meant.
    let pointers = texts.map { strdup($0.replacing("\0", with: "")) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
