/// How a PostgreSQL server is used, and the limits.
package struct PostgreSQLSettings: Sendable {
    /// The server's URL, as libpq reads it: `postgresql://user@host:port/name?sslmode=verify-full`.
    ///
    /// What it does not say comes from libpq's own variables and files, such as `PGPASSFILE` and `~/.pgpass`. It may hold a
    /// password: show ``PostgreSQLDatabase/address`` instead.
    package var url: String
    /// How long a statement waits for a lock that another transaction holds.
    package var lockTimeout: Duration = .seconds(5)
    /// How long a transaction may do nothing before the server ends it: a frozen process must not hold its locks for longer.
    package var idleInTransactionTimeout: Duration = .seconds(5)
    /// How long an operation may take, waiting and running together, when its caller sets no other limit.
    package var operationTimeout: Duration = .seconds(30)
    /// How long a commit may take; what became of it then is unknown.
    package var commitTimeout: Duration = .seconds(10)
    /// How long the server may take to end a statement that it was asked to cancel, before the connection is cut.
    package var cancelTimeout: Duration = .seconds(2)
    /// How long a health probe may take.
    package var probeTimeout: Duration = .seconds(1)
    /// How many connections are kept open when there is nothing to do.
    package var connectionsMin = 1
    /// How many connections there are at most, beside one for health probes and one that listens.
    package var connectionsMax = 10
    /// How many further connections serve look-ups, each those of many callers; 0 for none, so that they take one of
    /// the others.
    package var lookUpConnectionsMax = 2
    /// How many look-ups are sent together at most.
    package var lookUpsTogetherMax = 64
    /// How many look-ups may wait on one of those connections; those beyond go the way of all reads.
    package var lookUpsWaitingMax = 1024
    /// How long the server may take for look-ups that were sent together, before the connection is cut and they go the
    /// way of all reads.
    package var lookUpTimeout: Duration = .seconds(2)
    /// How many of the connections may be inside write transactions: the others are for reads alone, which wait for no lock.
    package var writersMax = 6
    /// How many operations may wait for a connection; those beyond are refused with `overloaded`.
    package var waitersMax = 256
    /// How long an operation waits for a connection; it then ends with `timeout`.
    package var waitMax: Duration = .seconds(10)
    /// How long a connection beyond the minimum stays open without use.
    package var idleMax: Duration = .seconds(300)
    /// How old a connection becomes; so that a server behind a new address is found in the end.
    package var lifetimeMax: Duration = .seconds(3600)
    /// How long a connection lies idle before it is asked whether it still works.
    package var probeAfter: Duration = .seconds(30)
    /// How many rows one query may return; more are refused with `tooLarge`.
    package var resultRowsMax = 100_000
    /// How many different statements are kept prepared on each connection; the one used longest ago makes room.
    package var preparedStatementsMax = 256

    /// How often a closure is run in all when other transactions are in its way, or its connection is lost before the commit.
    static let attemptsMax = 5

    /// Makes settings with the defaults for a server.
    package init(url: String) { self.url = url }
}
