import Basics
import Database
import Testing

/// What every implementation of ``Database`` must do; each runs the same checks on an empty database.
enum DatabaseConformance {
    static let schema = [
        Migration(
            id: "conformance-0001",
            sql: """
                CREATE TABLE teams (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
                CREATE TABLE people (
                    id BIGINT NOT NULL PRIMARY KEY,
                    team BIGINT NOT NULL REFERENCES teams(id),
                    name TEXT NOT NULL,
                    age BIGINT,
                    CONSTRAINT plausible_age CHECK (age >= 0)
                );
                CREATE UNIQUE INDEX people_by_name ON people (lower(name));
                """
        )
    ]

    static func check(_ database: any Database) async throws {
        try await database.migrate(schema, now: Timestamp(milliseconds: 0))
        try await checkValues(database)
        try await checkRollback(database)
        try await checkConstraints(database)
        try await checkFailedTransaction(database)
        try await checkReadOnly(database)
        try await checkConcurrentIncrements(database)
    }

    private static func checkValues(_ database: any Database) async throws {
        let row = try await database.read("test.values") { connection in
            let sql = "SELECT ?1 AS a, ?2 AS b, ?1 AS c"
            return try connection.query(sql, ["text", nil])
        }
        let first = try #require(row.first)
        #expect(try first.text("a") == "text")
        #expect(try first.optionalText("b") == nil)
        #expect(try first.text("c") == "text", "a parameter may stand twice")
        #expect(throws: DatabaseError.self) { try first.text("missing") }
        #expect(throws: DatabaseError.self) { try first.integer("a") }
        #expect(throws: DatabaseError.self) { try first.text("b") }
        let changes = try await database.write("test.changes") { connection in
            let inserted = try connection.execute("INSERT INTO teams VALUES (?1, ?2), (?3, ?4)", [1, "red", 2, "blue"])
            let updated = try connection.execute("UPDATE teams SET name = name || '!' WHERE id > ?1", [0])
            let missed = try connection.execute("DELETE FROM teams WHERE id = ?1", [99])
            let returned = try connection.query("UPDATE teams SET name = 'red' WHERE id = 1 RETURNING name")
            return (inserted, updated, missed, try returned.first?.text("name"))
        }
        #expect(changes == (2, 2, 0, "red"))
    }

    private static func checkRollback(_ database: any Database) async throws {
        struct Refusal: Error, Equatable {}
        await #expect(throws: Refusal(), "the closure's own error comes out unchanged") {
            try await database.write("test.rollback") { connection in
                try connection.execute("INSERT INTO teams VALUES (50, 'gone')")
                throw Refusal()
            }
        }
        let count = try await database.read("test.count") { try $0.query("SELECT id FROM teams WHERE id = 50").count }
        #expect(count == 0)
    }

    private static func checkConstraints(_ database: any Database) async throws {
        func f(_ sql: String, _ kind: DatabaseError.Violation.Kind, columns: [String] = [], name: String? = nil) async {
            do {
                try await database.write("test.constraint") { try $0.execute(sql) }
                Issue.record("not refused: \(sql)")
            } catch {
                let violation = error.violation(kind)
                #expect(violation != nil, "\(sql): \(error)")
                #expect(columns.isEmpty || violation?.columns == columns, "\(sql): \(error)")
                #expect(name == nil || violation?.name == name, "\(sql): \(error)")
                #expect((error as? DatabaseError)?.isRetryable == false)
            }
        }
        await f("INSERT INTO teams VALUES (1, 'again')", .unique, columns: ["id"])
        await f("INSERT INTO teams VALUES (3, 'red')", .unique, columns: ["name"])
        await f("INSERT INTO people VALUES (1, 99, 'Ada', 36)", .foreignKey)
        await f("INSERT INTO people VALUES (1, 1, 'Ada', -1)", .check, name: "plausible_age")
        await f("INSERT INTO people VALUES (1, 1, NULL, 36)", .notNull, columns: ["name"])
        await f("INSERT INTO people VALUES (1, 1, 'Ada', 36), (2, 1, 'ADA', 1)", .unique, name: "people_by_name")
    }

    private static func checkFailedTransaction(_ database: any Database) async throws {
        await #expect(throws: DatabaseError.self, "a swallowed error does not commit the rest") {
            try await database.write("test.swallow") { connection in
                try connection.execute("INSERT INTO teams VALUES (60, 'sixty')")
                _ = try? connection.execute("INSERT INTO teams VALUES (60, 'again')")
            }
        }
        let count = try await database.read("test.count") { try $0.query("SELECT id FROM teams WHERE id = 60").count }
        #expect(count == 0)
    }

    private static func checkReadOnly(_ database: any Database) async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await database.read("test.write") { try $0.execute("INSERT INTO teams VALUES (70, 'no')") }
        }
        #expect(error?.code == .readOnly)
        let wrong = await #expect(throws: DatabaseError.self) {
            try await database.read("test.syntax") { try $0.query("SELEC 1") }
        }
        #expect(wrong?.code == .syntax)
        #expect(wrong?.message.hasPrefix("test.syntax: ") == true, "the message names the operation")
    }

    private static func checkConcurrentIncrements(_ database: any Database) async throws {
        try await database.write("test.counter") { connection in
            try connection.execute("INSERT INTO teams VALUES (1000, '0')")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await database.write("test.increment") { connection in
                        let sql = "SELECT name FROM teams WHERE id = 1000" + connection.dialect.rowLock
                        let row = try #require(try connection.queryFirst(sql))
                        let next = try #require(Int(try row.text("name"))) + 1
                        try connection.execute("UPDATE teams SET name = ?1 WHERE id = 1000", [.text("\(next)")])
                    }
                }
                group.addTask {
                    _ = try await database.read("test.look") { try $0.query("SELECT * FROM teams").count }
                }
            }
            try await group.waitForAll()
        }
        let name = try await database.read("test.counter") { connection in
            try connection.queryFirst("SELECT name FROM teams WHERE id = 1000")?.text("name")
        }
        #expect(name == "50", "no increment is lost")
    }
}
