package import Database
internal import Records

/// Who may answer for a project or work on it: asked inside the transaction of the change, so that nobody is named who is gone.
package protocol ProjectPeople: Sendable {
    /// The identifier of an active user, by identifier or user name; nil when there is none.
    /// - Throws: ``DatabaseError``.
    func user(_ text: String, _ connection: any SQLConnection) throws -> String?

    /// The identifier of an agent, by identifier or name; nil when there is none.
    /// - Throws: ``DatabaseError``.
    func agent(_ text: String, _ connection: any SQLConnection) throws -> String?
}

extension ProjectPeople {
    /// The fields with identifiers in place of names.
    ///
    /// Who stood in the fields before stays, even when gone since: a project must not become unchangeable with them.
    /// - Throws: ``ProjectError``: `invalid`; ``DatabaseError``.
    func resolving(
        _ fields: ProjectFields,
        before: ProjectFields? = nil,
        _ connection: any SQLConnection
    ) throws -> ProjectFields {
        var violations = ViolationList()
        let resolved = try resolving(fields, before, connection) { violations.add($0, $1) }
        guard violations.violations.isEmpty else { throw ProjectError.invalid(violations.violations) }
        return resolved
    }

    /// The fields with identifiers in place of those names that are known.
    func resolvingKnown(_ fields: ProjectFields, _ connection: any SQLConnection) throws -> ProjectFields {
        try resolving(fields, nil, connection) { _, _ in }
    }

    private func resolving(
        _ fields: ProjectFields,
        _ before: ProjectFields?,
        _ connection: any SQLConnection,
        onUnknown: (_ pointer: String, _ message: String) -> Void
    ) throws -> ProjectFields {
        var fields = fields
        if let owner = fields.owner, owner != before?.owner {
            if let id = try user(owner, connection) {
                fields.owner = id
            } else {
                onUnknown("/owner", "must be the identifier or the name of an active user")
            }
        }
        var seen: Set<String> = []
        var assignees: [String] = []
        for (index, text) in fields.assignees.enumerated() {
            var id: String? = before?.assignees.contains(text) == true ? text : nil
            if id == nil { id = try user(text, connection) }
            if id == nil { id = try agent(text, connection) }
            if id == nil {
                onUnknown("/assignees/\(index)", "must be the identifier or the name of an active user or of an agent")
            }
            if seen.insert(id ?? text).inserted { assignees.append(id ?? text) }
        }
        fields.assignees = assignees
        return fields
    }
}
