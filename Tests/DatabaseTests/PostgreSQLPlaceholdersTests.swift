import Testing

@testable import Database

@Suite struct PostgreSQLPlaceholdersTests {
    @Test func rewritesParametersAndNothingElse() {
        func f(_ sql: String, _ expected: String) { #expect(PostgreSQLPlaceholders.rewrite(sql) == expected) }
        f("", "")
        f("SELECT ?1", "SELECT $1")
        f("SELECT ?1, ?22,?1", "SELECT $1, $22,$1")
        f("a=?1::text", "a=$1::text")
        f("SELECT '?1'", "SELECT '?1'")
        f("SELECT 'it''s ?1', ?2", "SELECT 'it''s ?1', $2")
        f(#"SELECT '\', ?1"#, #"SELECT '\', $1"#)
        f(#"SELECT E'\'?1', ?2"#, #"SELECT E'\'?1', $2"#)
        f(#"SELECT e'a\\', ?2"#, #"SELECT e'a\\', $2"#)
        f(#"SELECT name'\', ?2"#, #"SELECT name'\', $2"#)
        f(#"SELECT "odd?1""name?2" = ?3"#, #"SELECT "odd?1""name?2" = $3"#)
        f("-- ?1\n?2", "-- ?1\n$2")
        f("-- ?1", "-- ?1")
        f("1 - ?1", "1 - $1")
        f("/* ?1 /* ?2 */ ?3 */ ?4", "/* ?1 /* ?2 */ ?3 */ $4")
        f("/* ?1", "/* ?1")
        f("6 / ?1 * ?2", "6 / $1 * $2")
        f("$$ ?1 $$ ?2", "$$ ?1 $$ $2")
        f("$a$ ?1 $b$ ?2 $a$ ?3", "$a$ ?1 $b$ ?2 $a$ $3")
        f("$a$ ?1", "$a$ ?1")
        f("name$a$ ?1", "name$a$ $1")
        f("$1 ?2", "$1 $2")
        f("tags ? 'x' AND ?1", "tags ? 'x' AND $1")
        f("tags ?| ?1", "tags ?| $1")
        f("'?1", "'?1")
        f("\"?1", "\"?1")
        f("E'\\", "E'\\")
        f("'ä?1' || ?2 || 'ö'", "'ä?1' || $2 || 'ö'")
    }

    @Test func aCacheKeepsWhatWasUsedLast() {
        var statements = PreparedStatements(statementsMax: 2)
        #expect(statements.name(of: "a") == nil)
        let names = (0..<3).map { _ in statements.newName() }
        #expect(Set(names).count == 3)
        statements.insert("a", name: names[0])
        statements.insert("b", name: names[1])
        #expect(statements.name(of: "a") == names[0])
        statements.insert("c", name: names[2])
        #expect(statements.count == 2)
        #expect(statements.name(of: "b") == nil, "used longest ago")
        #expect(statements.name(of: "a") == names[0])
        #expect(statements.name(of: "c") == names[2])
        #expect(statements.forgotten == [names[1]])
        statements.released(names[1])
        #expect(statements.forgotten.isEmpty)
    }

    @Test func errorsAreSortedByTheirState() {
        func f(_ state: String, _ code: DatabaseError.Code, isLost: Bool = false, isConflict: Bool = false) {
            let fault = PostgreSQLFault(state: state, message: "m")
            #expect(fault.error.code == code, "\(state)")
            #expect(fault.isLost == isLost && fault.isConflict == isConflict, "\(state)")
        }
        f("40001", .busy, isConflict: true)
        f("40P01", .busy, isConflict: true)
        f("55P03", .busy)
        f("53100", .full)
        f("53300", .overloaded)
        f("23505", .constraint)
        f("25006", .readOnly)
        f("42501", .readOnly)
        f("57014", .cancelled)
        f("57P01", .connection, isLost: true)
        f("57P02", .connection, isLost: true)
        f("57P03", .connection, isLost: true)
        f("57P05", .connection, isLost: true)
        f("08006", .connection, isLost: true)
        f("28P01", .connection)
        f("3D000", .connection)
        f("42601", .syntax)
        f("42P01", .syntax)
        f("22P02", .syntax)
        f("58030", .inputOutput)
        f("XX001", .corrupted)
        f("54000", .tooLarge)
        f("ZZ999", .other)
        let stale = PostgreSQLFault(state: "0A000", message: "cached plan must not change result type")
        #expect(stale.isLost && stale.isConflict && stale.error.code == .busy)
        #expect(PostgreSQLFault(state: "25P03", message: "m", isFatal: true).isLost)
        let quoted = PostgreSQLFault(state: "22P02", message: "invalid input syntax for type bigint: \"secret\"")
        #expect(!quoted.error.message.contains("secret"))
    }

    @Test func theColumnsOfAKeyAreReadInAnyLanguage() {
        func f(_ detail: String, _ columns: [String]) {
            #expect(DatabaseError.Violation.columns(detail: detail) == columns, "\(detail)")
        }
        f("Key (id)=(1) already exists.", ["id"])
        f("Schlüssel »(a, b_2)=(x, (y)=(z))« existiert bereits.", ["a", "b_2"])
        f("Key (lower(name))=(ada) already exists.", [])
        f("", [])
        f(")=(", [])
        f("(", [])
    }

    @Test func passwordsAreNotShown() throws {
        let url = "postgresql://ada:s3cret@db.example:5433/kask?sslmode=verify-full"
        let redaction = try PostgreSQLRedaction(url: url)
        #expect(redaction.description == "postgresql://ada@db.example:5433/kask")
        #expect(redaction.apply("cannot use s3cret\nfor ada\n") == "cannot use *** for ada")
        for wrong in ["mysql://ada:s3cret@h/", "postgresql://ada:s3cret@[::1/x", "postgresql://h/d?s3cret=s3cret", ""] {
            let error = #expect(throws: DatabaseError.self) { try PostgreSQLRedaction(url: wrong) }
            #expect(error?.description.contains("s3cret") == false, "\(wrong)")
        }
    }

    @Test func valuesAreReadByTheirType() {
        func f(_ text: String, _ type: UInt32, _ expected: SQLValue?) {
            let value = Array(text.utf8).withUnsafeBytes { PostgreSQLText.value($0, type: type) }
            #expect(value == expected, "\(text) as \(type)")
        }
        f("-9223372036854775808", 20, .integer(.min))
        f("9223372036854775807", 20, .integer(.max))
        f("9223372036854775808", 20, nil)
        f("-", 20, nil)
        f("", 20, nil)
        f("1x", 23, nil)
        f("0.5", 701, .real(0.5))
        f("-Infinity", 701, .real(-.infinity))
        f("t", 16, .integer(1))
        f("f", 16, .integer(0))
        f("\\x00ff", 17, .blob([0, 255]))
        f("\\x0", 17, nil)
        f("12345678901234567168", 1700, .real(12_345_678_901_234_567_168))
        f("7", 1700, .integer(7))
        f("ä", 25, .text("ä"))
        f("", 2278, .null)
    }
}
