import APIModel
import Basics

extension JSONWriter {
    /// Writes a member that may have no value, as null then.
    mutating func member(_ name: String, orNull value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Writes a number that may be missing.
    mutating func member(_ name: String, orNull value: Double?) {
        key(name)
        if let value { number(value) } else { null() }
    }

    /// Writes a time that may be missing.
    mutating func member(_ name: String, orNull value: Timestamp?) {
        key(name)
        if let value { string(value.rfc3339) } else { null() }
    }
}

extension JSONWriter {
    /// Writes a member whose value is JSON already.
    mutating func member(_ name: String, raw value: String) {
        key(name)
        raw(value.utf8)
    }
}
