package import Basics
package import Database
package import Identity

/// Makes and revokes the tokens by which agents prove who they are.
///
/// Both calls work inside the transaction of the change, so that there is no agent without a token and no token without
/// an agent. Only a hash of the token is stored.
package protocol AgentTokenIssuer: Sendable {
    /// Makes a token for an agent; it can be read this once.
    /// - Throws: ``DatabaseError``.
    func issueAgentToken(agentID: UUIDv7, agentName: String, in connection: any SQLConnection) throws -> String

    /// Makes all tokens of an agent invalid, and returns how many.
    /// - Throws: ``DatabaseError``.
    @discardableResult
    func revokeAgentTokens(agentID: UUIDv7, in connection: any SQLConnection) throws -> Int
}

extension IdentityService: AgentTokenIssuer {}
