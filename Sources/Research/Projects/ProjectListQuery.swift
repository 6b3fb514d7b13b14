internal import Database
import JSON

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
    package var limit = ProjectLimits.pageItemsDefault

    package init() {}
}

/// The order of a list of projects; projects with the same key are in the order of their identifiers.
package struct ProjectSort: Hashable, Sendable {
    /// What can be sorted by; the raw values are those of the API.
    package enum Key: String, Hashable, Sendable, CaseIterable {
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        /// Without regard to case and accents.
        case name
        case priority
        /// Without a date counts as later than every date.
        case dueAt = "due_at"

        var column: String {
            switch self {
            case .createdAt: "created_at"
            case .updatedAt: "updated_at"
            case .name: "name_key"
            case .priority: "priority"
            case .dueAt: "due_key"
            }
        }
    }

    package var key: Key
    package var isDescending: Bool

    /// Newest first unless told otherwise.
    package init(_ key: Key = .createdAt, descending: Bool = true) {
        self.key = key
        isDescending = descending
    }

    /// Reads `name` or `-created_at`; nil for anything else.
    package init?(_ text: String) {
        let isDescending = text.hasPrefix("-")
        guard let key = Key(rawValue: String(text.dropFirst(isDescending ? 1 : 0))) else { return nil }
        self.init(key, descending: isDescending)
    }

    /// The form that ``init(_:)-(String)`` reads.
    package var text: String { (isDescending ? "-" : "") + key.rawValue }
}

extension ProjectListQuery {
    /// The words that are searched for.
    var words: [String] { text.map { Array(Set(SearchTokens.words(of: $0))).sorted() } ?? [] }

    /// What a cursor of this list is bound to: sort and filters, not the limit.
    var scope: String {
        JSONText.array([
            "projects", sort.text, JSONText.array(statuses.map(\.rawValue).sorted()), type?.rawValue ?? "",
            owner.map { "=" + $0 } ?? "", JSONText.array(tags.sorted()), priorities.map { "\($0)" } ?? "",
            JSONText.array(words),
        ])
    }

    /// - Throws: ``ProjectError``: `invalidParameter`.
    func validate() throws(ProjectError) {
        func refuse(_ name: String, _ reason: String) -> ProjectError { .invalidParameter(name: name, reason: reason) }
        guard (1...ProjectLimits.pageItemsMax).contains(limit) else {
            throw refuse("limit", "must be from 1 to \(ProjectLimits.pageItemsMax)")
        }
        if tags.count > ProjectLimits.filterTagsMax {
            throw refuse("tag", "at most \(ProjectLimits.filterTagsMax) tags can be asked for")
        }
        if tags.contains(where: { $0.utf8.count > ProjectLimits.tagLengthMax || $0.utf8.contains(0) }) {
            throw refuse("tag", "must have at most \(ProjectLimits.tagLengthMax) characters")
        }
        if let owner, owner.unicodeScalars.count > ProjectLimits.principalLengthMax || owner.utf8.contains(0) {
            throw refuse("owner", "must have at most \(ProjectLimits.principalLengthMax) characters")
        }
        if let text, text.unicodeScalars.count > ProjectLimits.searchLengthMax {
            throw refuse("q", "must have at most \(ProjectLimits.searchLengthMax) characters")
        }
        if words.count > ProjectLimits.searchWordsMax {
            throw refuse("q", "must have at most \(ProjectLimits.searchWordsMax) words")
        }
    }

    /// The statement of the page and one row more; its last column is the sort key.
    /// - Throws: ``PageCursorError``.
    func statement() throws(PageCursorError) -> (sql: String, arguments: [SQLValue]) {
        var filter = SQLFilter(["p.deleted_at IS NULL"])
        filter.oneOf("p.status", statuses.map(\.rawValue).sorted())
        if let type { filter.add("p.type = \(filter.place(.text(type.rawValue)))") }
        if let owner { filter.add("p.owner = \(filter.place(.text(owner)))") }
        if let priorities {
            filter.add("p.priority >= \(filter.place(.int(priorities.lowerBound)))")
            filter.add("p.priority <= \(filter.place(.int(priorities.upperBound)))")
        }
        for tag in tags {
            let place = filter.place(.text(tag))
            filter.add("EXISTS (SELECT 1 FROM project_tags t WHERE t.project_id = p.id AND t.tag = \(place))")
        }
        filter.search(words, table: "project_words", column: "project_id", id: "p.id")
        let (column, order) = ("p." + sort.key.column, sort.isDescending ? "DESC" : "ASC")
        if let cursor {
            let cursor = try PageCursor(cursor, scope: scope)
            if case .text = cursor.key, sort.key != .name { throw .malformed }
            if case .integer = cursor.key, sort.key == .name { throw .malformed }
            filter.after(cursor, column: column, id: "p.id", isDescending: sort.isDescending)
        }
        let sql = """
            SELECT \(ProjectRow.columns), \(sort.key.column) AS sort_key FROM projects p WHERE \(filter.condition)
            ORDER BY \(column) \(order), p.id \(order) LIMIT \(filter.place(.int(limit + 1)))
            """
        return (sql, filter.arguments)
    }
}
