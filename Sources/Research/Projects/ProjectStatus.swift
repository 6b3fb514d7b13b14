package import Basics
package import Records

/// Where a project is in its life.
///
///     pending → active ⇄ paused
///     active, paused → completed
///     pending, active, paused → cancelled
///     completed, cancelled → active
package enum ProjectStatus: String, Hashable, Sendable, CaseIterable {
    case pending, active, paused, completed, cancelled

    /// The times that the status decides.
    package struct Times: Hashable, Sendable {
        /// When the project was first active.
        package var startedAt: Timestamp?
        /// When it was completed; nil unless it is completed.
        package var completedAt: Timestamp?

        package init(startedAt: Timestamp? = nil, completedAt: Timestamp? = nil) {
            self.startedAt = startedAt
            self.completedAt = completedAt
        }
    }

    /// The statuses that a new project may have.
    package static let initial: Set<ProjectStatus> = [.pending, .active]

    /// The statuses that may follow this one.
    package var successors: Set<ProjectStatus> {
        switch self {
        case .pending: [.active, .cancelled]
        case .active: [.paused, .completed, .cancelled]
        case .paused: [.active, .completed, .cancelled]
        case .completed, .cancelled: [.active]
        }
    }

    /// Whether work on the project may go on without reopening it.
    package var isOpen: Bool { self != .completed && self != .cancelled }

    /// The times after a change of status; a change to the same status is none.
    ///
    /// The start is noted when the project is active for the first time, and kept. The completion is noted when it is
    /// completed, and forgotten when it is reopened.
    /// - Throws: ``StatusTransitionError`` when `next` may not follow this status.
    package func moving(
        to next: ProjectStatus,
        at now: Timestamp,
        _ times: Times
    ) throws(StatusTransitionError<ProjectStatus>) -> Times {
        if next == self { return times }
        guard successors.contains(next) else { throw StatusTransitionError(from: self, to: next) }
        return Times(
            startedAt: times.startedAt ?? (next == .active ? now : nil),
            completedAt: next == .completed ? now : nil
        )
    }
}
