/// How the embedded database is opened, and its limits.
package struct SQLiteSettings: Sendable {
    /// The path of the database file; it is made when it does not exist.
    ///
    /// The files `-wal` and `-shm` stand beside it.
    package var path: String
    /// How long a statement waits for a lock that another connection or process holds.
    package var busyTimeout: Duration = .seconds(5)
    /// How long an operation may take, waiting and running together, when its caller sets no other limit.
    package var operationTimeout: Duration = .seconds(30)
    /// How long a health probe waits for the write lock.
    package var probeTimeout: Duration = .seconds(1)
    /// How many reads run at the same time.
    package var readersMax = 4
    /// How many operations of a kind (read, write) may wait; those beyond are refused with `overloaded`.
    package var waitersMax = 256
    /// How many writes that wait together are committed together.
    package var writesPerCommitMax = 64
    /// How many rows one query may return; more are refused with `tooLarge`.
    package var resultRowsMax = 100_000
    /// How many different statements are kept prepared on each connection; those beyond are prepared each time.
    package var preparedStatementsMax = 500
    /// The size that the write-ahead log is cut back to after a checkpoint.
    package var walBytesMax = 64 << 20

    /// Makes settings with the defaults for a file.
    package init(path: String) { self.path = path }
}
