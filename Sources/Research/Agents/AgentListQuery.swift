internal import Basics
internal import Database
import JSON
internal import Projects

/// Which agents a list shows, in which order, and how many.
package struct AgentListQuery: Hashable, Sendable {
    /// What can be sorted by; the raw values are those of the API.
    package enum SortKey: String, Hashable, Sendable, CaseIterable {
        case createdAt = "created_at"
        case name

        var column: String { self == .name ? "name_key" : "created_at" }
    }

    /// Only these statuses, as they are at the time of reading; empty for all.
    package var statuses: Set<AgentStatus> = []
    package var type: AgentType?
    /// Only agents that can do this.
    package var capability: String?
    /// Only agents in whose name, description, type and capabilities every word of this begins some word.
    package var text: String?
    package var sortKey = SortKey.createdAt
    package var isDescending = true
    /// Where the page before ended; nil for the first page.
    package var cursor: String?
    package var limit = AgentLimits.pageItemsDefault

    package init() {}

    /// The words that are searched for.
    var words: [String] { text.map { Array(Set(SearchTokens.words(of: $0))).sorted() } ?? [] }

    /// What a cursor of this list is bound to: sort and filters, not the limit.
    var scope: String {
        JSONText.array([
            "agents", sortKey.rawValue, isDescending ? "-" : "+", JSONText.array(statuses.map(\.rawValue).sorted()),
            type?.rawValue ?? "", capability.map { "=" + $0 } ?? "", JSONText.array(words),
        ])
    }

    /// - Throws: ``AgentError``: `invalidParameter`.
    func validate() throws(AgentError) {
        guard (1...AgentLimits.pageItemsMax).contains(limit) else {
            throw .invalidParameter(name: "limit", reason: "must be from 1 to \(AgentLimits.pageItemsMax)")
        }
        if let capability, capability.utf8.count > AgentLimits.capabilityLengthMax || capability.utf8.contains(0) {
            let reason = "must have at most \(AgentLimits.capabilityLengthMax) characters"
            throw .invalidParameter(name: "capability", reason: reason)
        }
        if let text, text.unicodeScalars.count > AgentLimits.searchLengthMax {
            let reason = "must have at most \(AgentLimits.searchLengthMax) characters"
            throw .invalidParameter(name: "q", reason: reason)
        }
        if words.count > AgentLimits.searchWordsMax {
            throw .invalidParameter(name: "q", reason: "must have at most \(AgentLimits.searchWordsMax) words")
        }
    }

    /// The statement of the page and one row more; its last column is the sort key.
    func statement(at now: Timestamp) throws(PageCursorError) -> (sql: String, arguments: [SQLValue]) {
        var filter = SQLFilter(["a.deleted_at IS NULL"])
        addStatuses(to: &filter, at: now)
        if let type { filter.add("a.type = \(filter.place(.text(type.rawValue)))") }
        if let capability {
            let place = filter.place(.text(capability))
            filter.add(
                "EXISTS (SELECT 1 FROM agent_capabilities c WHERE c.agent_id = a.id AND c.capability = \(place))"
            )
        }
        filter.search(words, table: "agent_words", column: "agent_id", id: "a.id")
        let (column, order) = ("a." + sortKey.column, isDescending ? "DESC" : "ASC")
        if let cursor {
            let cursor = try PageCursor(cursor, scope: scope)
            if case .text = cursor.key, sortKey != .name { throw .malformed }
            if case .integer = cursor.key, sortKey == .name { throw .malformed }
            filter.after(cursor, column: column, id: "a.id", isDescending: isDescending)
        }
        let sql = """
            SELECT \(AgentTable.columns), \(sortKey.column) AS sort_key FROM agents a WHERE \(filter.condition)
            ORDER BY \(column) \(order), a.id \(order) LIMIT \(filter.place(.int(limit + 1)))
            """
        return (sql, filter.arguments)
    }

    /// ``AgentPresence/status(at:)`` once more, in SQL.
    private func addStatuses(to filter: inout SQLFilter, at now: Timestamp) {
        if statuses.isEmpty { return }
        let now = filter.place(.timestamp(now))
        func within(_ factor: Int) -> String {
            "\(now) - a.last_heartbeat_at <= a.heartbeat_timeout_seconds * \(1000 * factor)"
        }
        let conditions = statuses.sorted { $0.rawValue < $1.rawValue }.map { status in
            switch status {
            case .online: "(\(within(1)) AND a.is_draining = 0)"
            case .draining: "(\(within(1)) AND a.is_draining = 1)"
            case .late: "(NOT (\(within(1))) AND \(within(AgentPresence.offlineFactor)))"
            case .offline: "(NOT (\(within(AgentPresence.offlineFactor))))"
            case .neverSeen: "(a.last_heartbeat_at IS NULL)"
            }
        }
        filter.add("(\(conditions.joined(separator: " OR ")))")
    }
}
