/// How a program ended, as its parent saw it.
package struct ProgramEnd: Hashable, Sendable {
    package enum Status: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    package var status: Status
    /// Why this worker ended it; nil when it ended by itself.
    package var cause: ProgramWatch.Cause?
    package var seconds: Double
    package var lastErrorLine: String

    package init(_ status: Status, cause: ProgramWatch.Cause? = nil, seconds: Double = 0, lastErrorLine: String = "") {
        self.status = status
        self.cause = cause
        self.seconds = seconds
        self.lastErrorLine = lastErrorLine
    }

    /// What the server is told of a program that did not succeed; nil for one that did.
    package func failure(_ limits: ProgramLimits) -> (kind: FailureClass, message: String)? {
        switch cause {
        case .stopped: return (.workerStopped, "the worker ended before the program did")
        case .timeLimit: return (.timeLimit, "it ran longer than \(limits.seconds ?? 0) s")
        case .outputLimit: return (.outputLimit, "it wrote more than \(limits.outputBytes) bytes")
        case .memoryLimit: return (.outOfMemory, "it used more than \(limits.memoryBytes ?? 0) bytes of memory")
        case .processLimit: return (.processLimit, "it had more than \(limits.processes) processes")
        case nil: break
        }
        switch status {
        case .exited(0): return nil
        case .exited(126...127) where lastErrorLine.hasPrefix(Self.starter):
            // "prlimit: failed to execute x: No such file or directory", which is about the program and not about prlimit.
            let reason = lastErrorLine.dropFirst(Self.starter.count).trimmingPrefix("failed to execute ")
            return (.startFailed, "the program cannot be started: \(reason)")
        case .exited(let code):
            let isMemory = limits.memoryBytes != nil && Self.saysOutOfMemory(lastErrorLine)
            let said = lastErrorLine.isEmpty ? "" : ": \(lastErrorLine)"
            return (isMemory ? .outOfMemory : .exitCode, "exit code \(code)\(said)")
        case .signalled(let number):
            let said = lastErrorLine.isEmpty ? "" : "; it said last: \(lastErrorLine)"
            switch number {
            case Self.cpuSignal where limits.cpuSeconds != nil:
                return (.cpuLimit, "it used more than \(limits.cpuSeconds ?? 0) s of processor time")
            case Self.fileSizeSignal where limits.filesBytes != nil:
                return (.filesLimit, "it made a file of more than \(limits.filesBytes ?? 0) bytes")
            default:
                let isMemory = limits.memoryBytes != nil && Self.saysOutOfMemory(lastErrorLine)
                return (isMemory ? .outOfMemory : .signal, "ended by signal \(number)\(said)")
            }
        }
    }

    /// How the lines begin of what starts the program, and sets its limits.
    private static let starter = "prlimit: "

    // Linux's numbers (signal(7)), on x86 and ARM.
    private static let cpuSignal: Int32 = 24
    private static let fileSizeSignal: Int32 = 25

    /// A program that the kernel refuses memory ends in its own way; this is how C, C++, Python, Java, Go and Rust say it.
    private static func saysOutOfMemory(_ line: String) -> Bool {
        let phrases = [
            "MemoryError", "Cannot allocate memory", "bad_alloc", "OutOfMemoryError", "out of memory",
            "memory allocation of", "memory exhausted",
        ]
        return phrases.contains { line.contains($0) }
    }
}
