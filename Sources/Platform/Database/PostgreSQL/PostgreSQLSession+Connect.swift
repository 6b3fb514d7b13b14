internal import Basics
import CPostgres

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension PostgreSQLSession {
    /// Connects to the server, sets the connection up and checks that the server can be used.
    ///
    /// Blocks, for at most the URL's `connect_timeout` for each of its hosts (5 s unless it says otherwise).
    /// - Throws: ``DatabaseError``: `connection`, also for a server that is too old or whose connections are shared out by
    ///   the transaction; `readOnly` for a server that takes no writes.
    static func connect(_ settings: PostgreSQLSettings, _ redaction: PostgreSQLRedaction) throws(DatabaseError)
        -> PostgreSQLSession
    {
        let handle = try open(settings.url, redaction)
        do throws(PostgreSQLFault) {
            try setUp(handle, settings, redaction)
            try check(handle, redaction)
        } catch {
            PQfinish(handle)
            throw error.error
        }
        return PostgreSQLSession(handle, redaction: redaction, statementsMax: settings.preparedStatementsMax)
    }

    /// What holds unless the URL says otherwise: it comes later in the list, and the last word counts.
    private static let defaults: [(keyword: String, value: String)] = [
        ("fallback_application_name", "kaskman"),
        ("client_encoding", "UTF8"),
        ("connect_timeout", "5"),
        // A dead network is noticed within half a minute.
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "20000"),
        // Of several hosts, the one that takes writes.
        ("target_session_attrs", "read-write"),
    ]

    private static func open(_ url: String, _ redaction: PostgreSQLRedaction) throws(DatabaseError) -> OpaquePointer {
        let parameters = defaults + [("dbname", url)]
        // Copies that outlive the call; freed below.
        let keywords = parameters.map { strdup($0.keyword) }
        let values = parameters.map { strdup($0.value) }
        defer { for text in keywords + values { free(text) } }
        let handle = PQconnectdbParams(
            keywords.map { UnsafePointer($0) } + [nil],
            values.map { UnsafePointer($0) } + [nil],
            1
        )
        guard let handle else { throw DatabaseError(.overloaded, "no memory for a connection") }
        guard PQstatus(handle) == CONNECTION_OK else {
            defer { PQfinish(handle) }
            let message = String(cString: PQerrorMessage(handle))
            throw DatabaseError(.connection, redaction.apply(message))
        }
        return handle
    }

    private static func setUp(
        _ handle: OpaquePointer,
        _ settings: PostgreSQLSettings,
        _ redaction: PostgreSQLRedaction
    ) throws(PostgreSQLFault) {
        // Notices would be printed to standard error.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        func milliseconds(_ duration: Duration) -> Int64 { max(1, Int64(duration.inSeconds * 1000)) }
        let sql = """
            SET client_encoding = 'UTF8';
            SET standard_conforming_strings = on;
            SET lock_timeout = \(milliseconds(settings.lockTimeout));
            SET idle_in_transaction_session_timeout = \(milliseconds(settings.idleInTransactionTimeout));
            SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
            """
        try script(sql, on: handle, redaction)
    }

    /// Refuses what would go wrong later, with a message that says what to do.
    private static func check(_ handle: OpaquePointer, _ redaction: PostgreSQLRedaction) throws(PostgreSQLFault) {
        guard PQserverVersion(handle) >= 120_000 else {
            throw .lost("the server is older than PostgreSQL 12; upgrade it")
        }
        let raw = PQexec(
            handle,
            """
            SELECT pg_backend_pid(), current_setting('server_encoding'),
                current_setting('transaction_read_only')
            """
        )
        guard let raw else { throw .lost(redaction.apply(String(cString: PQerrorMessage(handle)))) }
        defer { PQclear(raw) }
        guard PQresultStatus(raw) == PGRES_TUPLES_OK, PQntuples(raw) == 1 else {
            throw PostgreSQLFault(raw, redaction: redaction)
        }
        func text(_ column: Int32) -> String { String(cString: PQgetvalue(raw, 0, column)) }
        // A pooler gives a process number of its own; one that shares connections out by the transaction would lose
        // prepared statements, settings and notifications.
        guard text(0) == String(PQbackendPID(handle)) else {
            throw .lost("there is a connection pooler in between (such as PgBouncer); give the server's own address")
        }
        guard text(1) == "UTF8" else {
            throw .lost("the database's encoding is \(text(1)); create it with ENCODING 'UTF8'")
        }
        guard text(2) == "off" else {
            throw PostgreSQLFault(DatabaseError(.readOnly, "the server takes no writes"), isLost: true)
        }
    }
}
