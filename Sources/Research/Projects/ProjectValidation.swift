package import Records

extension ProjectFields {
    /// Everything that is wrong with the fields; empty when they may be stored.
    ///
    /// At most ``ViolationList/countMax`` violations are named.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        checkTexts(&list)
        checkLists(&list)
        checkNumbers(&list)
        list.object(resources, "/resources", bytesMax: ProjectLimits.resourcesBytesMax)
        list.object(metadata, "/metadata", bytesMax: ProjectLimits.metadataBytesMax)
        return list.violations
    }

    /// What is wrong with the fields of a new project.
    package var creationViolations: [FieldViolation] {
        if ProjectStatus.initial.contains(status) { return violations }
        let allowed = ProjectStatus.initial.map(\.rawValue).sorted().joined(separator: " or ")
        return violations + [FieldViolation("/status", "must be \(allowed) for a new project")]
    }

    private func checkTexts(_ list: inout ViolationList) {
        list.line(name, "/name", lengthMax: ProjectLimits.nameLengthMax)
        list.text(description, "/description", bytesMax: ProjectLimits.descriptionBytesMax)
        if let owner { list.line(owner, "/owner", lengthMax: ProjectLimits.principalLengthMax) }
    }

    private func checkLists(_ list: inout ViolationList) {
        list.list(objectives, "/objectives", countMax: ProjectLimits.objectivesMax, isSet: false) {
            $0.line($1, $2, lengthMax: ProjectLimits.objectiveLengthMax)
        }
        list.list(successCriteria, "/success_criteria", countMax: ProjectLimits.successCriteriaMax, isSet: false) {
            $0.line($1, $2, lengthMax: ProjectLimits.successCriterionLengthMax)
        }
        list.list(tags, "/tags", countMax: ProjectLimits.tagsMax, isSet: true) {
            $0.slug($1, $2, lengthMax: ProjectLimits.tagLengthMax, extra: ProjectLimits.tagPunctuation)
        }
        list.list(assignees, "/assignees", countMax: ProjectLimits.assigneesMax, isSet: true) {
            $0.line($1, $2, lengthMax: ProjectLimits.principalLengthMax)
        }
    }

    private func checkNumbers(_ list: inout ViolationList) {
        let priorities = ProjectLimits.priorities
        if !priorities.contains(priority) {
            list.add("/priority", "must be from \(priorities.lowerBound) to \(priorities.upperBound)")
        }
        if let estimatedHours, !(0...ProjectLimits.estimatedHoursMax).contains(estimatedHours) {
            list.add("/estimated_hours", "must be from 0 to \(Int(ProjectLimits.estimatedHoursMax))")
        }
        if let dueAt, !ProjectLimits.dueAtRange.contains(dueAt) {
            list.add("/due_at", "must be in the years 1970 to 9999")
        }
    }
}
