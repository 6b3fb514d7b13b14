import Basics
import JSON

extension JSONWriter {
    /// Writes a time that may be missing.
    mutating func member(_ name: String, orNull value: Timestamp?) {
        member(name, orNull: value?.rfc3339)
    }
}
