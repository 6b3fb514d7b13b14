package import Basics

/// The limits of a project's fields; lengths are in Unicode scalars where they do not say bytes.
package enum ProjectLimits {
    package static let nameLengthMax = 200
    package static let descriptionBytesMax = 32 << 10
    package static let priorities = 1...10
    package static let priorityDefault = 5
    package static let objectivesMax = 50
    package static let objectiveLengthMax = 500
    package static let successCriteriaMax = 50
    package static let successCriterionLengthMax = 500
    package static let tagsMax = 30
    package static let tagLengthMax = 50
    /// What a tag may hold beside `a-z` and `0-9`; it begins with one of those.
    package static let tagPunctuation = "-_.:/"
    package static let assigneesMax = 50
    /// The length of an owner's or assignee's identifier or name.
    package static let principalLengthMax = 100
    package static let resourcesBytesMax = 16 << 10
    package static let metadataBytesMax = 16 << 10
    package static let estimatedHoursMax = 1_000_000.0
    /// From 1970-01-01 to the end of the year 9999: what RFC 3339 can say.
    package static let dueAtRange = Timestamp(milliseconds: 0)...Timestamp(milliseconds: 253_402_300_799_999)
    /// How many tags a list may be filtered by; a project must have them all.
    package static let filterTagsMax = 10
}
