package import Basics
package import Records

/// Why an operation on tasks was refused or failed.
package typealias TaskError = RecordError<TaskRefusal>

/// What only tasks refuse.
package enum TaskRefusal: RecordRefusal {
    /// A task of this status cannot be changed that way.
    case notPossible(from: TaskStatus)
    /// The lease is not, or not any more, the caller's to use; nothing was accepted.
    case leaseLost(LeaseLoss)
    /// A dependency would close a cycle: each task depends on the next, and the last is the first again.
    case cycle([UUIDv7])
    /// An open task of the project has the unique key.
    case uniqueKeyTaken(by: UUIDv7)
    /// The task's project was deleted: it is not begun any more.
    case projectDeleted
    /// As many tasks depend on one as may.
    case tooManyDependents(of: UUIDv7, dependentsMax: Int)
    /// The project's graph is too large to search it for a cycle.
    case graphTooLarge(tasksMax: Int)
    /// The task is the coordinator of no plan: it makes no others.
    case noCoordinator
    /// A coordinator has made as many tasks as it may.
    case tooManyChildren(childrenMax: Int)
    /// As many follow the logs of tasks as may.
    case tooManyFollowers(followersMax: Int)
    /// What only artefacts refuse.
    case artefact(ArtefactRefusal)

    package var code: RecordErrorCode {
        switch self {
        case .notPossible: .notPossible
        case .leaseLost(let loss): loss.code
        case .cycle: .cycle
        case .uniqueKeyTaken: .uniqueKeyTaken
        case .projectDeleted: .projectDeleted
        case .tooManyDependents: .tooManyDependents
        case .graphTooLarge: .graphTooLarge
        case .noCoordinator: .noCoordinator
        case .tooManyChildren: .tooManyChildren
        case .tooManyFollowers: .tooManyFollowers
        case .artefact(let refusal): refusal.code
        }
    }

    package static let codes: [RecordErrorCode] =
        [
            .notPossible, .cycle, .uniqueKeyTaken, .projectDeleted, .tooManyDependents, .graphTooLarge, .noCoordinator,
            .tooManyChildren, .tooManyFollowers,
        ] + LeaseLoss.codes + ArtefactRefusal.codes
}

/// Why a lease is not the caller's to use.
package enum LeaseLoss: Hashable, Sendable {
    /// No attempt of the task ever had this token.
    case unknown
    /// The attempt was leased to another agent.
    case foreign
    /// The attempt has ended: by an earlier result, a cancellation, or because its time was over.
    case ended(AttemptOutcome)

    var code: RecordErrorCode {
        switch self {
        case .unknown: .leaseUnknown
        case .foreign: .leaseForeign
        case .ended: .leaseEnded
        }
    }

    static let codes: [RecordErrorCode] = [.leaseUnknown, .leaseForeign, .leaseEnded]
}

extension RecordErrorCode {
    package static let notPossible = RecordErrorCode(rawValue: "not_possible")
    package static let cycle = RecordErrorCode(rawValue: "cycle")
    package static let uniqueKeyTaken = RecordErrorCode(rawValue: "unique_key_taken")
    package static let projectDeleted = RecordErrorCode(rawValue: "project_deleted")
    package static let tooManyDependents = RecordErrorCode(rawValue: "too_many_dependents")
    package static let graphTooLarge = RecordErrorCode(rawValue: "graph_too_large")
    package static let noCoordinator = RecordErrorCode(rawValue: "no_coordinator")
    package static let tooManyChildren = RecordErrorCode(rawValue: "too_many_children")
    package static let tooManyFollowers = RecordErrorCode(rawValue: "too_many_followers")
    package static let leaseUnknown = RecordErrorCode(rawValue: "lease_unknown")
    package static let leaseForeign = RecordErrorCode(rawValue: "lease_foreign")
    package static let leaseEnded = RecordErrorCode(rawValue: "lease_ended")
}
