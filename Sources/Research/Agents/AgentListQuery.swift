package import Basics
internal import Database
internal import JSON
package import Records

/// Which agents a list shows, in which order, and how many.
package struct AgentListQuery: Hashable, Sendable {
    /// Only these statuses, as they are at the time of reading; empty for all.
    package var statuses: Set<AgentStatus> = []
    package var type: AgentType?
    /// Only agents that can do this.
    package var capability: String?
    /// Only agents in whose name, description, type and capabilities every word of this begins some word.
    package var text: String?
    package var sort = AgentSort()
    /// Where the page before ended; nil for the first page.
    package var cursor: String?
    package var limit = ListLimits.pageItemsDefault

    package init() {}
}

/// The order of a list of agents.
package typealias AgentSort = RecordSort<AgentSortKey>

/// What agents can be sorted by.
package enum AgentSortKey: String, RecordSortKey {
    case createdAt = "created_at"
    /// Without regard to case and accents.
    case name

    package var column: String { isText ? "name_key" : "created_at" }

    package var isText: Bool { self == .name }
}

extension AgentListQuery: RecordListQuery {
    package typealias Item = Agent

    package var filterTexts: [String] {
        [
            JSONText.array(statuses.map(\.rawValue).sorted()), type?.rawValue ?? "",
            capability.map { "=" + $0 } ?? "",
        ]
    }

    package func validateFilters() throws(ParameterFault) {
        if let capability, capability.utf8.count > AgentLimits.capabilityLengthMax || capability.utf8.contains(0) {
            throw ParameterFault("capability", "must have at most \(AgentLimits.capabilityLengthMax) characters")
        }
    }

    package func addConditions(to filter: inout SQLFilter, at now: Timestamp) {
        addStatuses(to: &filter, at: now)
        if let type { filter.add("r.type = \(filter.place(.text(type.rawValue)))") }
        if let capability {
            let place = filter.place(.text(capability))
            filter.add(
                "EXISTS (SELECT 1 FROM agent_capabilities c WHERE c.agent_id = r.id AND c.capability = \(place))"
            )
        }
    }

    /// ``AgentPresence/status(at:)`` once more, in SQL.
    private func addStatuses(to filter: inout SQLFilter, at now: Timestamp) {
        if statuses.isEmpty { return }
        // PostgreSQL refuses a parameter that no condition names.
        if statuses == [.neverSeen] { return filter.add("r.last_heartbeat_at IS NULL") }
        let now = filter.place(.timestamp(now))
        func within(_ factor: Int) -> String {
            "r.ended_at IS NULL AND \(now) - r.last_heartbeat_at <= r.heartbeat_timeout_seconds * \(1000 * factor)"
        }
        let conditions = statuses.sorted { $0.rawValue < $1.rawValue }.map { status in
            switch status {
            case .online: "(\(within(1)) AND r.is_draining = 0 AND r.quarantined_at IS NULL)"
            case .quarantined: "(\(within(1)) AND r.is_draining = 0 AND r.quarantined_at IS NOT NULL)"
            case .draining: "(\(within(1)) AND r.is_draining = 1)"
            case .stopped: "(r.ended_at IS NOT NULL OR NOT (\(within(1))) AND r.is_draining = 1)"
            case .late:
                "(NOT (\(within(1))) AND \(within(AgentPresence.offlineFactor)) AND r.is_draining = 0)"
            case .offline:
                "(r.ended_at IS NULL AND NOT (\(within(AgentPresence.offlineFactor))) AND r.is_draining = 0)"
            case .neverSeen: "(r.last_heartbeat_at IS NULL)"
            }
        }
        filter.add("(\(conditions.joined(separator: " OR ")))")
    }
}
