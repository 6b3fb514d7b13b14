internal import GRDB
internal import GRDBSQLite

/// The file behind a connection.
enum SQLiteFile {
    /// Refuses a file that stands no longer where it was opened: what is written to it is gone with this process.
    ///
    /// One look at the file's name; SQLite itself goes on with a file that has none any more.
    static func refuseMoved(_ connection: GRDB.Database) throws(DatabaseError) {
        var hasMoved: CInt = 0
        let code = sqlite3_file_control(connection.sqliteConnection, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved)
        guard code == SQLITE_OK, hasMoved != 0 else { return }
        throw DatabaseError(
            .moved,
            "the file was moved or deleted while it was open; put it back or restart the server"
        )
    }
}
