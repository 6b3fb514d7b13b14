package import Basics
internal import Database
internal import JSON
package import Records

/// Which tasks a list shows, in which order, and how many.
package struct TaskListQuery: Hashable, Sendable {
    package var projectID: UUIDv7?
    /// Only these statuses; empty for all.
    package var statuses: Set<TaskStatus> = []
    package var kind: String?
    /// Only tasks that this agent has leased now.
    package var agentID: UUIDv7?
    /// Only the tasks of this plan.
    package var planID: UUIDv7?
    /// Only tasks that are dead for this reason.
    package var reason: DeathReason?
    /// Only tasks whose newest error has this class.
    package var errorClass: String?
    /// Only tasks in whose name, kind and capabilities every word of this begins some word.
    package var text: String?
    package var sort = TaskSort()
    /// Where the page before ended; nil for the first page.
    package var cursor: String?
    package var limit = ListLimits.pageItemsDefault

    package init() {}
}

/// The order of a list of tasks.
package typealias TaskSort = RecordSort<TaskSortKey>

/// What tasks can be sorted by.
package enum TaskSortKey: String, RecordSortKey {
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case priority

    package var column: String { rawValue }

    package var isText: Bool { false }
}

extension TaskListQuery: RecordListQuery {
    package typealias Item = ProjectTask

    package var filterTexts: [String] {
        [
            projectID?.description ?? "", JSONText.array(statuses.map(\.rawValue).sorted()),
            kind.map { "=" + $0 } ?? "", agentID?.description ?? "", planID?.description ?? "",
            reason?.rawValue ?? "", errorClass.map { "=" + $0 } ?? "",
        ]
    }

    package func validateFilters() throws(ParameterFault) {
        if let kind, kind.utf8.count > TaskLimits.kindLengthMax || kind.utf8.contains(0) {
            throw ParameterFault("kind", "must have at most \(TaskLimits.kindLengthMax) characters")
        }
        let lengthMax = TaskLimits.errorClassLengthMax
        if let errorClass, errorClass.utf8.count > lengthMax || errorClass.utf8.contains(0) {
            throw ParameterFault("error_class", "must have at most \(lengthMax) characters")
        }
    }

    package func addConditions(to filter: inout SQLFilter, at now: Timestamp) {
        if let projectID { filter.add("r.project_id = \(filter.place(.id(projectID)))") }
        filter.oneOf("r.status", statuses.map(\.rawValue).sorted())
        if let kind { filter.add("r.kind = \(filter.place(.text(kind)))") }
        if let agentID { filter.add("r.agent_id = \(filter.place(.id(agentID)))") }
        if let planID { filter.add("r.plan_id = \(filter.place(.id(planID)))") }
        if let reason { filter.add("r.reason = \(filter.place(.text(reason.rawValue)))") }
        if let errorClass { filter.add("r.error_class = \(filter.place(.text(errorClass)))") }
    }
}
