package import Basics
package import Database

/// A token of an agent, as lists show it; the token itself is shown once, when it is made.
package struct AgentTokenInfo: Hashable, Sendable {
    package let agentID: UUIDv7
    package let agentName: String
    /// The first characters.
    package let hint: String
    package let createdAt: Timestamp
    package let revokedAt: Timestamp?

    init(_ row: SQLRow) throws(DatabaseError) {
        agentID = try row.id("agent_id")
        agentName = try row.text("agent_name")
        hint = try row.text("hint")
        createdAt = try row.timestamp("created_at")
        revokedAt = try row.optionalTimestamp("revoked_at")
    }
}

/// The SQL of the table `agent_tokens`.
enum AgentTokenTable {
    static func find(digest: String, _ connection: any SQLConnection) throws -> AgentTokenInfo? {
        try connection.queryFirst("SELECT * FROM agent_tokens WHERE digest = ?1", [.text(digest)])
            .map { try AgentTokenInfo($0) }
    }
}

extension IdentityService {
    /// Makes a token for an agent, in the transaction that registers it or gives it a new one.
    ///
    /// - Returns: the token, which is stored nowhere: show it once.
    /// - Throws: ``DatabaseError``.
    package func issueAgentToken(
        agentID: UUIDv7,
        agentName: String,
        in connection: any SQLConnection
    ) throws -> String {
        let token = OpaqueToken.make(.agent)
        try connection.execute(
            "INSERT INTO agent_tokens (digest, agent_id, agent_name, hint, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            [
                .text(OpaqueToken.digest(token)), .id(agentID), .text(agentName), .text(OpaqueToken.hint(token)),
                .timestamp(clock.now),
            ]
        )
        return token
    }

    /// Revokes all tokens of an agent, in the transaction that removes it or gives it a new one.
    ///
    /// - Returns: how many were revoked.
    /// - Throws: ``DatabaseError``.
    @discardableResult
    package func revokeAgentTokens(agentID: UUIDv7, in connection: any SQLConnection) throws -> Int {
        let count = try connection.execute(
            "UPDATE agent_tokens SET revoked_at = ?2 WHERE agent_id = ?1 AND revoked_at IS NULL",
            [.id(agentID), .timestamp(clock.now)]
        )
        connection.afterCommit { [sessionChecks] in sessionChecks.removeAll() }
        return count
    }

    /// The tokens of an agent, the newest first.
    /// - Throws: ``DatabaseError``.
    package func agentTokens(agentID: UUIDv7) async throws -> [AgentTokenInfo] {
        try await database.read("identity.agent_tokens") { connection in
            try connection.query(
                "SELECT * FROM agent_tokens WHERE agent_id = ?1 ORDER BY created_at DESC LIMIT 100",
                [.id(agentID)]
            ).map { try AgentTokenInfo($0) }
        }
    }
}
