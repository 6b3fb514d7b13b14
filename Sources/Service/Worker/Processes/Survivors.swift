package import Basics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Ends the processes that outlive the program that began them: those of its group, and those that left it, by the mark in
/// their environment.
///
/// What a process that clears its environment, leaves its session and loses its parent does is beyond that; a container or
/// an own user for the worker bounds it.
package struct Survivors: Sendable {
    /// The variable that marks every process of an attempt.
    package static let variable = "KASKMAN_RUN"
    /// A process may fork while it is being looked for, so there are several rounds.
    static let roundsMax = 20

    private let table: ProcessTable

    package init(fileSystem: any FileSystem) { table = ProcessTable(fileSystem: fileSystem) }

    /// Kills what carries the mark of a run.
    ///
    /// - Parameters:
    ///   - run: The mark.
    ///   - group: The program's group; nil when its number may be another's by now.
    /// - Returns: How many processes were ended.
    package func end(run: String, group: Int32?) -> Int {
        let mark = "\(Self.variable)=\(run)"
        let own = getpid()
        var ended: Set<Int32> = []
        for _ in 0..<Self.roundsMax {
            let entries = table.entries()
            // The program itself is not reaped yet, and older than whatever it began: only what is no older has to be looked into.
            let oldest = group.flatMap { group in entries.first { $0.id == group } }?.startTicks ?? 0
            let found = entries.filter { entry in
                guard entry.id != own, entry.id > 1, !entry.isZombie, entry.startTicks >= oldest else { return false }
                return group.map { entry.group == $0 && entry.id != $0 } ?? false || table.carries(mark, entry.id)
            }
            if found.isEmpty { break }
            for entry in found where kill(entry.id, SIGKILL) == 0 { ended.insert(entry.id) }
            // They end as soon as they are scheduled; until then they are still listed.
            sched_yield()
            usleep(2000)
        }
        return ended.count
    }
}
