import Basics

/// How a worker works.
package struct WorkerSettings: Hashable, Sendable {
    package static let concurrencyMax = 256

    /// How many tasks it does at a time.
    package var concurrency = 1
    /// How long tasks that run have to end by themselves after SIGTERM.
    package var drainTimeout = Duration.seconds(30)
    /// How long a lease that could not be renewed is kept beyond its deadline: a server that comes back gives agents their time
    /// anew.
    package var leaseGrace = Duration.seconds(120)
    /// How long one request for work waits on the server.
    package var pollWait = Duration.seconds(25)
    /// How often the agent says that it lives.
    package var heartbeatInterval = Duration.seconds(10)
    /// How long an attempt's last log lines and metrics may take to arrive.
    package var reportsFlushMax = Duration.seconds(10)
    /// How long results are tried to be delivered at the end; the others stay on the disk.
    package var deliveryAtEndMax = Duration.seconds(5)
    /// Where attempts run; absolute.
    package var attemptsFolder: String

    package init(attemptsFolder: String) { self.attemptsFolder = attemptsFolder }

    /// What a lease lasts when the server does not say: shorter than any server's.
    static let leaseLengthDefault = Duration.seconds(15)
}
