package import Basics
internal import Database
internal import JSON

/// Which records a list shows, in which order, and how many.
///
/// A resource says its filters; the search, the order and the pages are the same for all.
package protocol RecordListQuery: Sendable {
    associatedtype Item: Record
    associatedtype SortKey: RecordSortKey

    /// Only records in whose words every word of this begins some word.
    var text: String? { get set }
    var sort: RecordSort<SortKey> { get set }
    /// Where the page before ended; nil for the first page.
    var cursor: String? { get set }
    var limit: Int { get set }

    /// The filters as texts: what a cursor is bound to beside order and words.
    var filterTexts: [String] { get }
    /// - Throws: ``ParameterFault``.
    func validateFilters() throws(ParameterFault)
    /// Adds the conditions on the table `r`.
    func addConditions(to filter: inout SQLFilter, at now: Timestamp)

    init()
}

/// What a list can be sorted by; the raw values are those of the API.
package protocol RecordSortKey: RawRepresentable<String>, Hashable, Sendable, CaseIterable {
    static var createdAt: Self { get }
    var column: String { get }
    /// Whether the column holds texts, not integers.
    var isText: Bool { get }
}

/// The order of a list; records with the same key are in the order of their identifiers.
package struct RecordSort<SortKey: RecordSortKey>: Hashable, Sendable {
    package typealias Key = SortKey

    package var key: SortKey
    package var isDescending: Bool

    /// Newest first unless told otherwise.
    package init(_ key: SortKey = .createdAt, descending: Bool = true) {
        self.key = key
        isDescending = descending
    }

    /// Reads `name` or `-created_at`; nil for anything else.
    package init?(_ text: String) {
        let isDescending = text.hasPrefix("-")
        guard let key = SortKey(rawValue: String(text.dropFirst(isDescending ? 1 : 0))) else { return nil }
        self.init(key, descending: isDescending)
    }

    /// The form that ``init(_:)-(String)`` reads.
    package var text: String { (isDescending ? "-" : "") + key.rawValue }
}

/// The limits of every list.
package enum ListLimits {
    package static let pageItemsMax = 200
    package static let pageItemsDefault = 50
    /// Unicode scalars of a search.
    package static let searchLengthMax = 200
    package static let searchWordsMax = 10
}

extension RecordListQuery {
    /// The words that are searched for.
    private var words: [String] { text.map { Array(Set(SearchTokens.words(of: $0))).sorted() } ?? [] }

    /// What a cursor of this list is bound to: sort and filters, not the limit.
    var scope: String {
        JSONText.array([Item.table.name, sort.text] + filterTexts + [JSONText.array(words)])
    }

    func validate() throws(ParameterFault) {
        guard (1...ListLimits.pageItemsMax).contains(limit) else {
            throw ParameterFault("limit", "must be from 1 to \(ListLimits.pageItemsMax)")
        }
        try validateFilters()
        if let text, text.unicodeScalars.count > ListLimits.searchLengthMax {
            throw ParameterFault("q", "must have at most \(ListLimits.searchLengthMax) characters")
        }
        if words.count > ListLimits.searchWordsMax {
            throw ParameterFault("q", "must have at most \(ListLimits.searchWordsMax) words")
        }
    }

    /// The conditions of the filters and of the search on the table `r`.
    func filter(at now: Timestamp) -> SQLFilter {
        let one = Item.table.one
        var filter = SQLFilter(["r.deleted_at IS NULL"])
        addConditions(to: &filter, at: now)
        filter.search(words, table: "\(one)_words", column: "\(one)_id", id: "r.id")
        return filter
    }

    /// The statement of the page and one row more; its last column is the sort key.
    func statement(at now: Timestamp) throws(PageCursorError) -> (sql: String, arguments: [SQLValue]) {
        var filter = filter(at: now)
        let (column, order) = ("r." + sort.key.column, sort.isDescending ? "DESC" : "ASC")
        if let cursor {
            let cursor = try PageCursor(cursor, scope: scope)
            guard cursor.key.isText == sort.key.isText else { throw .malformed }
            filter.after(cursor, column: column, id: "r.id", isDescending: sort.isDescending)
        }
        let sql = """
            SELECT \(Item.table.columns), \(sort.key.column) AS sort_key FROM \(Item.table.name) r WHERE \(filter.condition)
            ORDER BY \(column) \(order), r.id \(order) LIMIT \(filter.place(.int(limit + 1)))
            """
        return (sql, filter.arguments)
    }
}
