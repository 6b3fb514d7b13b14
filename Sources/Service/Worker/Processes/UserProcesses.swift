import Basics
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How many processes and threads the worker's user has: the kernel's limit of a program counts them all (RLIMIT_NPROC).
///
/// To count them takes a look at every process of the machine, so a count serves for a while.
///
/// Concurrency: any thread; a count blocks those who want it too.
final class UserProcesses: Sendable {
    /// How long a count is good: what begins meanwhile makes a limit smaller by as much.
    static let interval = Duration.seconds(1)

    private let fileSystem: any FileSystem
    private let clock: any WallClock
    private let last = Mutex<(count: Int, at: Duration)?>(nil)

    init(fileSystem: any FileSystem, clock: any WallClock) {
        self.fileSystem = fileSystem
        self.clock = clock
    }

    var count: Int {
        last.withLock { last in
            let now = clock.uptime
            if let last, now - last.at < Self.interval { return last.count }
            let count = counted()
            last = (count, now)
            return count
        }
    }

    private func counted() -> Int {
        let own = getuid()
        var count = 0
        for name in (try? fileSystem.list("/proc")) ?? [] where name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            var status = stat()
            guard stat("/proc/\(name)", &status) == 0, status.st_uid == own else { continue }
            count += (try? fileSystem.list("/proc/\(name)/task"))?.count ?? 0
        }
        return count
    }
}
