import Basics
import Testing
import Worker

/// The watch by reference: an expectation may not change a value.
private final class Watch {
    private var watch: ProgramWatch

    init(_ watch: ProgramWatch) { self.watch = watch }

    var cause: ProgramWatch.Cause? { watch.cause }
    func signal(_ sight: ProgramWatch.Sight, at now: Duration) -> ProgramWatch.Signal? {
        watch.signal(sight, at: now)
    }
}

@Suite("Programs")
struct ProgramTests {
    private typealias Sight = ProgramWatch.Sight

    private func watch(_ change: (inout ProgramLimits) -> Void = { _ in }) -> Watch {
        var limits = ProgramLimits()
        change(&limits)
        return Watch(ProgramWatch(limits, startedAt: .seconds(10), grace: .seconds(5)))
    }

    @Test("A stop and a time limit ask first, and then insist")
    func asking() {
        for (watch, sight, cause) in [
            (watch(), Sight(stop: .leaseLost), ProgramWatch.Cause.stopped(.leaseLost)),
            (watch { $0.seconds = 2 }, Sight(), .timeLimit),
        ] {
            #expect(watch.signal(Sight(), at: .seconds(11)) == nil)
            #expect(watch.signal(sight, at: .seconds(12)) == .terminate && watch.cause == cause)
            #expect(watch.signal(sight, at: .seconds(16)) == nil)
            #expect(watch.signal(sight, at: .seconds(17)) == .kill)
            #expect(watch.signal(Sight(), at: .seconds(18)) == .kill, "again and again")
            #expect(watch.cause == cause)
        }
    }

    @Test("What harms others is killed at once")
    func killing() {
        for (watch, sight, cause) in [
            (watch { $0.outputBytes = 10 }, Sight(outputBytes: 11), ProgramWatch.Cause.outputLimit),
            (watch { $0.memoryBytes = 10 }, Sight(residentBytes: 11), .memoryLimit),
            (watch { $0.processes = 3 }, Sight(processes: 4), .processLimit),
        ] {
            #expect(watch.signal(Sight(outputBytes: 10, processes: 3, residentBytes: 10), at: .seconds(10)) == nil)
            #expect(watch.signal(sight, at: .seconds(11)) == .kill && watch.cause == cause)
            #expect(watch.signal(Sight(stop: .leaseLost), at: .seconds(11)) == .kill && watch.cause == cause)
        }
    }

    @Test("The first cause is the one that is told")
    func failure() {
        var limits = ProgramLimits()
        func kind(_ status: ProgramEnd.Status, _ cause: ProgramWatch.Cause? = nil, _ line: String = "") -> FailureClass?
        {
            ProgramEnd(status, cause: cause, lastErrorLine: line).failure(limits)?.kind
        }
        #expect(kind(.exited(0)) == nil)
        #expect(kind(.exited(0), .outputLimit) == .outputLimit)
        #expect(kind(.signalled(9), .stopped(.workerStopped)) == .workerStopped)
        #expect(kind(.exited(3)) == .exitCode && kind(.signalled(15)) == .signal)
        #expect(kind(.exited(127), nil, "prlimit: failed to execute x: No such file") == .startFailed)
        let missing = ProgramEnd(.exited(127), lastErrorLine: "prlimit: failed to execute x: No such file").failure(
            limits
        )
        #expect(missing?.message == "the program cannot be started: x: No such file")
        #expect(kind(.exited(127), nil, "sh: x: not found") == .exitCode)
        #expect(kind(.signalled(24)) == .signal && kind(.signalled(25)) == .signal, "no limit of ours")
        #expect(kind(.exited(1), nil, "MemoryError") == .exitCode)
        limits.cpuSeconds = 1
        limits.filesBytes = 1
        limits.memoryBytes = 1
        #expect(kind(.signalled(24)) == .cpuLimit && kind(.signalled(25)) == .filesLimit)
        #expect(kind(.exited(1), nil, "MemoryError") == .outOfMemory)
        #expect(kind(.signalled(6), nil, "terminate: std::bad_alloc") == .outOfMemory)
        let end = ProgramEnd(.exited(3), lastErrorLine: "oh no").failure(limits)
        #expect(end?.message == "exit code 3: oh no")
    }

    @Test("The kernel's line about a process is read, whatever the process is called")
    func stat() throws {
        let rest = "S 1 42 43 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 12345 8192000 250 18446744073709551615 1 1"
        for name in ["sh", "a b", ") R 9 9 9 (", "(((", "x)"] {
            let entry = try #require(ProcessEntry(stat: Array("77 (\(name)) \(rest)\n".utf8), pageBytes: 4096))
            #expect(
                entry
                    == ProcessEntry(
                        id: 77,
                        parent: 1,
                        group: 42,
                        session: 43,
                        residentBytes: 1_024_000,
                        startTicks: 12345
                    )
            )
        }
        let zombie = try #require(ProcessEntry(stat: Array("77 (z) Z\(rest.dropFirst())".utf8), pageBytes: 1))
        #expect(zombie.isZombie)
        for bad in ["", "77", "77 (x", "77 (x) S 1 2", "x (x) \(rest)"] {
            #expect(ProcessEntry(stat: Array(bad.utf8), pageBytes: 1) == nil, "\(bad)")
        }
    }

    @Test("The family of a program is its group, its session, and whatever descends from them")
    func family() {
        func entry(_ id: Int32, _ parent: Int32, _ group: Int32, _ session: Int32) -> ProcessEntry {
            ProcessEntry(id: id, parent: parent, group: group, session: session)
        }
        let entries = [
            entry(1, 0, 1, 1), entry(10, 1, 10, 5), entry(11, 10, 10, 5), entry(12, 11, 12, 12), entry(13, 12, 13, 13),
            entry(20, 1, 10, 5), entry(30, 1, 30, 30), entry(31, 30, 30, 30), entry(40, 1, 41, 10),
        ]
        #expect(ProcessTree.members(of: 10, in: entries).map(\.id) == [10, 11, 12, 13, 20, 40])
        #expect(ProcessTree.members(of: 99, in: entries).isEmpty)
        let cycle = [entry(10, 11, 10, 5), entry(11, 10, 10, 5)]
        #expect(ProcessTree.members(of: 10, in: cycle).count == 2, "what changes while it is read ends all the same")
    }

    @Test("Without util-linux there is a clear error")
    func tools() throws {
        let disk = FaultyFileSystem()
        try disk.createDirectory("/usr/bin", mode: .sharedDirectory)
        try disk.writeAtomically([], to: "/usr/bin/setpriv", mode: .ownerOnlyDirectory)
        let error = #expect(throws: ShellTools.Missing.self) { try ShellTools(path: "/bin:/usr/bin", fileSystem: disk) }
        #expect(error?.program == "prlimit" && error?.description.contains("util-linux") == true)
        try disk.writeAtomically([], to: "/usr/bin/prlimit", mode: .ownerOnlyDirectory)
        #expect(try ShellTools(path: "bin:/bin:/usr/bin", fileSystem: disk).setpriv == "/usr/bin/setpriv")
    }
}
