package import Database

/// Collects the conditions of a statement and their arguments.
package struct SQLFilter {
    private var conditions: [String]
    package private(set) var arguments: [SQLValue] = []

    /// Begins with conditions without arguments.
    package init(_ conditions: [String] = []) { self.conditions = conditions }

    /// All conditions together.
    package var condition: String { conditions.isEmpty ? "1 = 1" : conditions.joined(separator: " AND ") }

    /// Takes an argument and returns the place that stands for it, such as `?3`.
    package mutating func place(_ value: SQLValue) -> String {
        arguments.append(value)
        return "?\(arguments.count)"
    }

    /// Adds a condition.
    package mutating func add(_ condition: String) { conditions.append(condition) }

    /// Adds `column IN (…)`; nothing for no values.
    package mutating func oneOf(_ column: String, _ values: [String]) {
        if values.isEmpty { return }
        let places = values.map { place(.text($0)) }
        add(places.count == 1 ? "\(column) = \(places[0])" : "\(column) IN (\(places.joined(separator: ", ")))")
    }

    /// Adds that every word begins some word of the row, by a table of words.
    ///
    /// The longest word, likely the rarest, is looked up by its prefix; the others are then tried for each row.
    package mutating func search(_ words: [String], table: String, column: String, id: String) {
        let byLength = words.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
        for (index, word) in byLength.enumerated() {
            let range = "w.word >= \(place(.text(word))) AND w.word < \(place(.text(word + "\u{10FFFF}")))"
            if index == 0 {
                add("\(id) IN (SELECT w.\(column) FROM \(table) w WHERE \(range))")
            } else {
                add("EXISTS (SELECT 1 FROM \(table) w WHERE w.\(column) = \(id) AND \(range))")
            }
        }
    }

    /// Adds that the row stands behind the cursor's.
    package mutating func after(_ cursor: PageCursor, column: String, id: String, isDescending: Bool) {
        let places = "(\(place(cursor.key.sqlValue)), \(place(.id(cursor.id))))"
        add("(\(column), \(id)) \(isDescending ? "<" : ">") \(places)")
    }
}
