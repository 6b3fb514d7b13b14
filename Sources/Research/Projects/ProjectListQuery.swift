package import Basics
internal import Database
internal import JSON
package import Records

/// Which projects a list shows, in which order, and how many.
package struct ProjectListQuery: Hashable, Sendable {
    /// Only these statuses; empty for all.
    package var statuses: Set<ProjectStatus> = []
    package var type: ProjectType?
    package var owner: String?
    /// Only projects that have all these tags.
    package var tags: [String] = []
    package var priorities: ClosedRange<Int>?
    /// Only projects in whose name, description, tags and objectives every word of this begins some word.
    package var text: String?
    package var sort = ProjectSort()
    /// Where the page before ended; nil for the first page.
    package var cursor: String?
    package var limit = ListLimits.pageItemsDefault

    package init() {}
}

/// The order of a list of projects.
package typealias ProjectSort = RecordSort<ProjectSortKey>

/// What projects can be sorted by.
package enum ProjectSortKey: String, RecordSortKey {
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    /// Without regard to case and accents.
    case name
    case priority
    /// Without a date counts as later than every date.
    case dueAt = "due_at"

    package var column: String {
        switch self {
        case .createdAt: "created_at"
        case .updatedAt: "updated_at"
        case .name: "name_key"
        case .priority: "priority"
        case .dueAt: "due_key"
        }
    }

    package var isText: Bool { self == .name }
}

extension ProjectListQuery: RecordListQuery {
    package typealias Item = Project

    package var filterTexts: [String] {
        [
            JSONText.array(statuses.map(\.rawValue).sorted()), type?.rawValue ?? "", owner.map { "=" + $0 } ?? "",
            JSONText.array(tags.sorted()), priorities.map { "\($0)" } ?? "",
        ]
    }

    package func validateFilters() throws(ParameterFault) {
        if tags.count > ProjectLimits.filterTagsMax {
            throw ParameterFault("tag", "at most \(ProjectLimits.filterTagsMax) tags can be asked for")
        }
        if tags.contains(where: { $0.utf8.count > ProjectLimits.tagLengthMax || $0.utf8.contains(0) }) {
            throw ParameterFault("tag", "must have at most \(ProjectLimits.tagLengthMax) characters")
        }
        if let owner, owner.unicodeScalars.count > ProjectLimits.principalLengthMax || owner.utf8.contains(0) {
            throw ParameterFault("owner", "must have at most \(ProjectLimits.principalLengthMax) characters")
        }
    }

    package func addConditions(to filter: inout SQLFilter, at now: Timestamp) {
        filter.oneOf("r.status", statuses.map(\.rawValue).sorted())
        if let type { filter.add("r.type = \(filter.place(.text(type.rawValue)))") }
        if let owner { filter.add("r.owner = \(filter.place(.text(owner)))") }
        if let priorities {
            filter.add("r.priority >= \(filter.place(.int(priorities.lowerBound)))")
            filter.add("r.priority <= \(filter.place(.int(priorities.upperBound)))")
        }
        for tag in tags {
            let place = filter.place(.text(tag))
            filter.add("EXISTS (SELECT 1 FROM project_tags t WHERE t.project_id = r.id AND t.tag = \(place))")
        }
    }
}
