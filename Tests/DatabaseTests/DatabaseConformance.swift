import Basics
import Database
import Synchronization
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
        try await checkLookUps(database)
        try await checkPosts(database)
    }

    /// Statements that nothing waits for: done in order, seen by what follows, and none of them lost without a word.
    private static func checkPosts(_ database: any Database) async throws {
        struct Refusal: Error, Equatable {}
        func ids() async throws -> [Int64] {
            try await database.read("test.ids") { connection in
                try connection.query("SELECT id FROM teams WHERE id >= 3000 ORDER BY id").map { try $0.integer("id") }
            }
        }
        @Sendable func insert(_ id: Int, _ connection: any SQLConnection) throws {
            try connection.post("INSERT INTO teams VALUES (?1, ?2)", [.int(id), .text("posted \(id)")])
        }
        let got = try await database.write("test.posts") { connection in
            let names = Mutex<[String]>([])
            try insert(3000, connection)
            try connection.post("INSERT INTO teams VALUES (3001, 'b') RETURNING name", []) { rows in
                names.withLock { $0 += rows.compactMap { try? $0.text("name") } }
            }
            let update = "UPDATE teams SET name = name || '!' WHERE id = ?1 OR id = ?2"
            try connection.post(update, [3000, 3001], changing: 2) { DatabaseError(.other, "not both") }
            let seen = try connection.query("SELECT name FROM teams WHERE id >= 3000 ORDER BY id").map {
                try $0.text("name")
            }
            try insert(3002, connection)
            return (names.withLock { $0 }, seen)
        }
        #expect(got == (["b"], ["posted 3000!", "b!"]))
        #expect(try await ids() == [3000, 3001, 3002], "what is posted last goes with the commit")
        for isFollowed in [false, true] {
            let refused = await #expect(throws: DatabaseError.self, "whether something follows or the commit") {
                try await database.write("test.twice") { connection in
                    try insert(3010, connection)
                    try insert(3010, connection)
                    try insert(3011, connection)
                    if isFollowed { _ = try connection.query("SELECT 1 AS one") }
                }
            }
            #expect(refused?.violation(.unique) != nil)
            let miscounted = await #expect(throws: DatabaseError.self) {
                try await database.write("test.miscount") { connection in
                    try insert(3020, connection)
                    try connection.post("UPDATE teams SET name = 'x' WHERE id = 3999", [], changing: 1) {
                        DatabaseError(.busy, "it is not there")
                    }
                    if isFollowed { _ = try connection.query("SELECT 1 AS one") }
                }
            }
            #expect(miscounted?.code == .busy, "what decides over the commit is known before it")
            await #expect(throws: Refusal()) {
                try await database.write("test.refuse") { connection in
                    try insert(3030, connection)
                    // The second one fails, which nobody needs to hear of any more.
                    if isFollowed { try? insert(3030, connection) }
                    throw Refusal()
                }
            }
        }
        #expect(try await ids() == [3000, 3001, 3002])
        try await database.write("test.posts") { try insert(3040, $0) }
        #expect(try await ids() == [3000, 3001, 3002, 3040], "the connections go on")
    }

    /// Look-ups of many at once, more of them than are sent together, in between some that cannot work.
    private static func checkLookUps(_ database: any Database) async throws {
        try await database.write("test.fill") { connection in
            for id in 2000..<2100 {
                try connection.execute("INSERT INTO teams VALUES (?1, ?2)", [.int(id), .text("team \(id)")])
            }
        }
        let find = "SELECT name FROM teams WHERE id = ?1"
        // PostgreSQL's connection for look-ups is opened when it is first asked.
        for _ in 0..<3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in 1990..<2110 {
                    group.addTask {
                        let names = try await database.lookUp("test.look_up", find, [.int(id)]).map {
                            try $0.text("name")
                        }
                        #expect(names == ((2000..<2100).contains(id) ? ["team \(id)"] : []))
                    }
                    group.addTask {
                        let error = await #expect(throws: DatabaseError.self) {
                            try await database.lookUp("test.wrong", "SELECT name FROM team WHERE id = ?1", [.int(id)])
                        }
                        #expect(error?.code == .syntax)
                        #expect(error?.message.hasPrefix("test.wrong: ") == true, "the message names the operation")
                    }
                }
                try await group.waitForAll()
            }
        }
        let error = await #expect(throws: DatabaseError.self) {
            try await database.lookUp("test.write", "DELETE FROM teams WHERE id = ?1 RETURNING id", [2000])
        }
        #expect(error?.code == .readOnly)
        try await database.write("test.rename") { try $0.execute("UPDATE teams SET name = 'other' WHERE id = 2000") }
        let name = try await database.lookUp("test.look_up", find, [2000]).first?.text("name")
        #expect(name == "other", "what is committed is seen")
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
