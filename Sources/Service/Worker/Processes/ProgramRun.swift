import Basics
import Client
import Foundation
import Instruments
import Synchronization

/// Runs a program on a thread of its own: begins it, reads what it writes, watches what it uses, ends it where that has to be,
/// and ends whatever it leaves behind.
package struct ProgramRun: Sendable {
    /// How long the thread waits at most before it looks around.
    static let lookInterval = Duration.milliseconds(50)
    /// The time between two counts of processes and memory.
    static let countInterval = Duration.milliseconds(500)
    /// The time until the first count: most programs have ended by then.
    static let firstCount = Duration.milliseconds(100)
    /// How long streams that somebody else holds open are read after the program has ended.
    static let streamsEndMax = Duration.seconds(1)

    let start: ProgramStart
    let limits: ProgramLimits
    /// How long it has between SIGTERM and SIGKILL.
    let grace: Duration
    /// The mark in the environment of all its processes.
    let run: String
    let stop: Latch<StopReason>
    let log: AttemptLog
    let fileSystem: any FileSystem
    let clock: any WallClock
    let metrics: WorkerMetrics

    /// Returns when the program and its group have ended.
    /// - Throws: ``ProgramStartError``.
    func end() async throws(ProgramStartError) -> ProgramEnd {
        let result: Result<ProgramEnd, ProgramStartError> = await withCheckedContinuation { continuation in
            // Not of a pool: a pooled thread may end before the program, which would be killed by that.
            let thread = Thread {
                continuation.resume(returning: Result { () throws(ProgramStartError) in try work() })
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        return try result.get()
    }

    private func work() throws(ProgramStartError) -> ProgramEnd {
        let begin = clock.uptime
        let program = try StartedProgram.start(start)
        var streams = ProgramStreams(program, log: log)
        var watch = ProgramWatch(limits, startedAt: begin, grace: grace)
        let table = ProcessTable(fileSystem: fileSystem)
        var sight = ProgramWatch.Sight()
        var countAt = begin + Self.firstCount
        // A program mostly ends right after its streams: looking for that again soon saves a short task its longest wait.
        var endPause = Duration.milliseconds(1)
        while !Self.hasEnded(program.id) {
            streams.read(atMost: streams.haveEnded ? endPause : Self.lookInterval)
            if streams.haveEnded { endPause = min(endPause * 2, Self.lookInterval) }
            let now = clock.uptime
            if now >= countAt {
                countAt = now + Self.countInterval
                let members = ProcessTree.members(of: program.id, in: table.entries()).filter { !$0.isZombie }
                sight.processes = members.count
                sight.residentBytes = members.reduce(0) { $0.addingSaturated($1.residentBytes) }
            }
            sight.outputBytes = streams.bytes
            sight.stop = stop.value
            switch watch.signal(sight, at: now) {
            case .terminate:
                kill(-program.id, SIGTERM)
                // One that is stopped could not hear it.
                kill(-program.id, SIGCONT)
            case .kill:
                kill(-program.id, SIGKILL)
                streams.isDiscarding = true
            case nil: break
            }
        }
        // The program's number is taken until it is reaped, so its group cannot be another's here.
        let survivors = Survivors(fileSystem: fileSystem).end(run: run, group: program.id)
        metrics.survivors.increment(by: survivors)
        let streamsEnd = clock.uptime + Self.streamsEndMax
        while !streams.haveEnded, clock.uptime < streamsEnd { streams.read(atMost: Self.lookInterval) }
        streams.finish()
        return ProgramEnd(
            Self.reap(program.id),
            cause: watch.cause,
            seconds: (clock.uptime - begin).inSeconds,
            lastErrorLine: streams.lastErrorLine
        )
    }

    /// Whether the process has ended; it stays to be reaped.
    private static func hasEnded(_ id: Int32) -> Bool {
        var information = siginfo_t()
        let result = waitid(P_PID, id_t(id), &information, WEXITED | WNOHANG | WNOWAIT)
        return result != 0 && errno != EINTR || result == 0 && information.si_signo == SIGCHLD
    }

    private static func reap(_ id: Int32) -> ProgramEnd.Status {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        // wait(2): the low seven bits are the signal, the next byte is the code.
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}

extension Int {
    fileprivate func addingSaturated(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
