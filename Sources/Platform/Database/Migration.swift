internal import Basics
internal import Crypto

/// One step of the schema: a text of SQL that is run once, in the order of the list it stands in.
///
/// A migration that was ever released is never changed; a change is a new migration.
package struct Migration: Sendable {
    /// The name: the module, a hyphen and a number that grows within the module, such as `events-0001`.
    package let id: String
    private let sqlite: String
    private let postgresql: String

    /// A migration with one text for every dialect.
    package init(id: String, sql: String) {
        self.init(id: id, sqlite: sql, postgresql: sql)
    }

    /// A migration with a text for each dialect, for what they say differently.
    package init(id: String, sqlite: String, postgresql: String) {
        precondition(Self.number(of: id) != nil, "BUG: a migration is named module-0001, not \(id)")
        self.id = id
        self.sqlite = sqlite
        self.postgresql = postgresql
    }

    /// The text for a dialect.
    package func sql(for dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite: sqlite
        case .postgresql: postgresql
        }
    }

    /// The SHA-256 of the text for a dialect, in hexadecimal.
    package func checksum(for dialect: SQLDialect) -> String {
        SHA256.hash(data: Array(sql(for: dialect).utf8)).hexadecimal
    }

    /// The part of the name before the number.
    var module: String { id.lastIndex(of: "-").map { String(id[..<$0]) } ?? id }

    var number: Int { Self.number(of: id) ?? 0 }

    private static func number(of id: String) -> Int? {
        guard let hyphen = id.lastIndex(of: "-"), hyphen != id.startIndex else { return nil }
        let digits = id[id.index(after: hyphen)...]
        guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int(digits)
    }
}

/// Why the schema could not be brought up to date; the description says what to do.
package enum MigrationError: Error, Hashable, CustomStringConvertible {
    /// The text of an applied migration is another one than was applied.
    case changed(id: String, applied: String, program: String)
    /// The database has migrations that the program does not know.
    case databaseIsNewer(unknown: [String])
    /// A migration would run after a later one of its module has run.
    case outOfOrder(id: String, after: String)
    /// A statement of a migration failed; nothing was changed.
    case failed(id: String, DatabaseError)
    /// The database could not be read or written; nothing was changed.
    case database(DatabaseError)

    package var description: String {
        switch self {
        case .changed(let id, let applied, let program):
            "migration \(id) was changed after it had been applied (applied \(applied.prefix(12)), in the program "
                + "\(program.prefix(12))): run the program version that made this database, or restore a backup"
        case .databaseIsNewer(let unknown):
            "the database was made by a newer version of the program (it has \(unknown.joined(separator: ", "))): "
                + "upgrade the program, or restore the backup made before its upgrade"
        case .outOfOrder(let id, let after):
            "migration \(id) is missing although \(after) was applied: restore a backup"
        case .failed(let id, let error):
            "migration \(id) failed and was rolled back: \(error)"
        case .database(let error):
            "the schema could not be brought up to date: \(error)"
        }
    }
}
