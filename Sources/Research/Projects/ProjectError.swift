package import Records

/// Why an operation on projects was refused or failed.
package typealias ProjectError = RecordError<ProjectRefusal>

/// What only projects refuse.
package enum ProjectRefusal: RecordRefusal {
    /// The status may not change that way.
    case statusTransition(from: ProjectStatus, to: ProjectStatus)

    package var code: RecordErrorCode { .statusTransition }

    package static let codes: [RecordErrorCode] = [.statusTransition]
}

extension RecordErrorCode {
    package static let statusTransition = RecordErrorCode(rawValue: "status_transition")
}
