/// What a program may use; nil where there is no limit.
package struct ProgramLimits: Hashable, Sendable {
    package static let secondsMax = 366.0 * 86_400
    package static let outputBytesDefault = 64 << 20
    package static let processesDefault = 512

    /// Wall-clock time.
    package var seconds: Double?
    /// Processor time of each process (RLIMIT_CPU).
    package var cpuSeconds: Int?
    /// Address space of each process (RLIMIT_AS), and resident memory of all together.
    package var memoryBytes: Int?
    /// Both streams together.
    package var outputBytes = outputBytesDefault
    /// The largest file (RLIMIT_FSIZE).
    package var filesBytes: Int?
    /// Processes and threads at a time.
    package var processes = processesDefault

    package init() {}

    /// The arguments of util-linux's `prlimit`.
    ///
    /// `userProcesses`: How many the user has already: the kernel counts them all (RLIMIT_NPROC).
    package func arguments(userProcesses: Int) -> [String] {
        func both(_ value: Int) -> String { "\(value):\(value)" }
        var arguments = ["--core=0:0", "--nproc=" + both(userProcesses + processes)]
        // The hard limit a second later: the first brings SIGXCPU, by which the cause is known.
        if let cpuSeconds { arguments.append("--cpu=\(cpuSeconds):\(cpuSeconds + 1)") }
        if let memoryBytes { arguments.append("--as=" + both(memoryBytes)) }
        if let filesBytes { arguments.append("--fsize=" + both(filesBytes)) }
        return arguments
    }
}
