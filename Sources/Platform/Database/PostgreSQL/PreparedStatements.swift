/// Which statements a connection keeps prepared, under which names: a bounded table of which the one that was used longest
/// ago goes first.
///
/// Pure: whoever owns it prepares and forgets on the server.
struct PreparedStatements {
    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    private let statementsMax: Int
    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0
    private var made: UInt64 = 0
    /// The names that left the table and that the server still knows.
    private(set) var forgotten: [String] = []

    init(statementsMax: Int) {
        precondition(statementsMax > 0, "BUG: a connection keeps at least one statement")
        self.statementsMax = statementsMax
    }

    var count: Int { entries.count }

    /// The name of a statement that is prepared; nil when it is not.
    mutating func name(of sql: String) -> String? {
        guard let index = entries.index(forKey: sql) else { return nil }
        uses += 1
        entries.values[index].lastUse = uses
        return entries.values[index].name
    }

    /// A name that no statement of the connection ever had.
    mutating func newName() -> String {
        made += 1
        return "s\(made)"
    }

    /// Notes that the server has prepared a statement.
    mutating func insert(_ sql: String, name: String) {
        // Only a miss at the limit searches, and a miss pays for a preparation anyway.
        if entries.count >= statementsMax, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
            forgotten.append(oldest.value.name)
        }
        uses += 1
        entries[sql] = Entry(name: name, lastUse: uses)
    }

    /// The server has forgotten a name too.
    mutating func released(_ name: String) { forgotten.removeAll { $0 == name } }
}
