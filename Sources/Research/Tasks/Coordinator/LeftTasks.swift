internal import Basics

/// The versions in which tasks left the scheduler's image, so that an older one that is heard of late does not bring them back.
///
/// What a read found may be passed by a commit before it reaches the image, and two commits may reach it in the other order. It
/// remembers the newest few thousand; what is older is put right by the next comparison.
struct LeftTasks {
    /// How many one of the two halves holds.
    static let halfMax = 8192

    private var newer: [UUIDv7: Int64] = [:]
    private var older: [UUIDv7: Int64] = [:]

    /// Notes that a task is not open any more in a version; a deleted one never is again.
    mutating func note(_ id: UUIDv7, in version: Int64) {
        newer[id] = max(version, self.version(of: id) ?? version)
        guard newer.count > Self.halfMax else { return }
        (older, newer) = (newer, [:])
    }

    /// The newest version in which the task was not open; nil when none is remembered.
    func version(of id: UUIDv7) -> Int64? { newer[id] ?? older[id] }
}
