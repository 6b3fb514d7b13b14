package import Basics
internal import Database
package import Records

/// Which schedules a list shows, in which order, and how many.
package struct ScheduleListQuery: Hashable, Sendable {
    package var projectID: UUIDv7?
    /// Only those that are paused, or only those that are not; nil for both.
    package var isPaused: Bool?
    /// Only schedules in whose name, or its tasks' name or kind, every word of this begins some word.
    package var text: String?
    package var sort = ScheduleSort()
    /// Where the page before ended; nil for the first page.
    package var cursor: String?
    package var limit = ListLimits.pageItemsDefault

    package init() {}
}

/// The order of a list of schedules.
package typealias ScheduleSort = RecordSort<ScheduleSortKey>

/// What schedules can be sorted by.
package enum ScheduleSortKey: String, RecordSortKey {
    case createdAt = "created_at"
    /// Without regard to case and accents.
    case name

    package var column: String { isText ? "name_key" : "created_at" }

    package var isText: Bool { self == .name }
}

extension ScheduleListQuery: RecordListQuery {
    package typealias Item = Schedule

    package var filterTexts: [String] {
        [projectID?.description ?? "", isPaused.map { $0 ? "paused" : "on" } ?? ""]
    }

    package func validateFilters() throws(ParameterFault) {}

    package func addConditions(to filter: inout SQLFilter, at now: Timestamp) {
        if let projectID { filter.add("r.project_id = \(filter.place(.id(projectID)))") }
        if let isPaused { filter.add("r.is_paused = \(filter.place(.bool(isPaused)))") }
    }
}
