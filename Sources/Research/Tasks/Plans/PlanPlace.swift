package import Basics
package import Coordination
internal import Database
internal import JSON
internal import Records

/// Where a task stands in a plan.
package struct PlanPlace: Hashable, Sendable {
    package let planID: UUIDv7
    package let role: PlanRole
    /// Which request of the coordinator made it; nil for what the plan began with.
    package var spawnID: UUIDv7?
    /// How its votes are counted; nil for what is no vote.
    package var vote: VoteRules?

    package init(planID: UUIDv7, role: PlanRole, spawnID: UUIDv7? = nil, vote: VoteRules? = nil) {
        self.planID = planID
        self.role = role
        self.spawnID = spawnID
        self.vote = vote
    }
}

/// How a vote is counted.
package struct VoteRules: Hashable, Sendable {
    /// The members of the outputs that are compared; empty for whole outputs.
    package var members: [String]
    /// How many members have to succeed, or the vote is no vote; at least 1.
    package var quorum: Int

    package init(members: [String] = [], quorum: Int) {
        self.members = members
        self.quorum = quorum
    }
}

extension PlanPlace {
    /// The columns `plan_id, plan_role, spawn_id, vote`.
    static func values(_ place: PlanPlace?) -> [SQLValue] {
        [
            .optional(place?.planID), .optional(place?.role.rawValue), .optional(place?.spawnID),
            .optional(place?.vote.map { JSONText.canonical($0.json) }),
        ]
    }

    /// Reads those columns; nil for a task of no plan.
    static func read(_ reader: inout RowReader) throws(DatabaseError) -> PlanPlace? {
        let plan = try reader.optionalText().flatMap { UUIDv7($0) }
        let role = try reader.optionalText().flatMap { PlanRole(rawValue: $0) }
        let spawn = try reader.optionalText().flatMap { UUIDv7($0) }
        let vote = try reader.optionalText().flatMap { try? JSONValue(parsing: $0, limits: .stored) }
        guard let plan, let role else { return nil }
        return PlanPlace(planID: plan, role: role, spawnID: spawn, vote: vote.map { VoteRules($0) })
    }
}

extension VoteRules {
    /// As it is stored.
    var json: JSONValue { ["members": .strings(members), "quorum": .integer(Int64(quorum))] }

    fileprivate init(_ json: JSONValue) {
        self.init(
            members: json["members"]?.strings ?? [],
            quorum: json["quorum"]?.integer.map { Int(clamping: $0) } ?? 1
        )
    }
}
