package import Basics
package import JSON
package import Records

/// A partial update of a project: a JSON merge patch (RFC 7396) on typed fields.
///
/// Absent fields are kept, null clears, lists are replaced as a whole; `resources` and `metadata` are merged member by
/// member.
package struct ProjectPatch: Hashable, Sendable {
    package var name = FieldChange<String>.keep
    package var description = FieldChange<String>.keep
    package var type = FieldChange<ProjectType>.keep
    package var status = FieldChange<ProjectStatus>.keep
    package var priority = FieldChange<Int>.keep
    package var objectives = FieldChange<[String]>.keep
    package var successCriteria = FieldChange<[String]>.keep
    package var tags = FieldChange<[String]>.keep
    package var owner = FieldChange<String>.keep
    package var assignees = FieldChange<[String]>.keep
    /// An object to merge into the present one.
    package var resources = FieldChange<JSONValue>.keep
    package var estimatedHours = FieldChange<Double>.keep
    package var dueAt = FieldChange<Timestamp>.keep
    /// An object to merge into the present one.
    package var metadata = FieldChange<JSONValue>.keep

    package init() {}

    /// The fields after the patch.
    ///
    /// - Returns: the fields, or what is wrong: required fields that are cleared, and what the result violates.
    package func applied(to old: ProjectFields) -> (fields: ProjectFields, violations: [FieldViolation]) {
        var fields = old
        var missing: [FieldViolation] = []
        func require<Value>(
            _ change: FieldChange<Value>,
            _ path: WritableKeyPath<ProjectFields, Value>,
            _ pointer: String
        ) {
            switch change {
            case .keep: break
            case .set(let value): fields[keyPath: path] = value
            case .clear: missing.append(FieldViolation(pointer, "is required and cannot be cleared"))
            }
        }
        require(name, \.name, "/name")
        require(type, \.type, "/type")
        require(status, \.status, "/status")
        description.apply(to: &fields.description, cleared: "")
        priority.apply(to: &fields.priority, cleared: ProjectLimits.priorityDefault)
        objectives.apply(to: &fields.objectives, cleared: [])
        successCriteria.apply(to: &fields.successCriteria, cleared: [])
        tags.apply(to: &fields.tags, cleared: [])
        owner.apply(to: &fields.owner)
        assignees.apply(to: &fields.assignees, cleared: [])
        resources.merge(into: &fields.resources)
        estimatedHours.apply(to: &fields.estimatedHours)
        dueAt.apply(to: &fields.dueAt)
        metadata.merge(into: &fields.metadata)
        return (fields, missing + fields.violations)
    }
}

extension FieldChange {
    /// Changes a field that has a value always.
    package func apply(to field: inout Value, cleared: Value) {
        switch self {
        case .keep: break
        case .set(let value): field = value
        case .clear: field = cleared
        }
    }

    /// Changes a field that may have no value.
    package func apply(to field: inout Value?) {
        switch self {
        case .keep: break
        case .set(let value): field = value
        case .clear: field = nil
        }
    }
}

extension FieldChange where Value == JSONValue {
    /// Merges an object into the field, which holds an object.
    package func merge(into field: inout JSONValue) {
        switch self {
        case .keep: break
        case .set(let value): field = field.merging(value)
        case .clear: field = .emptyObject
        }
    }
}
