import ChaosTesting

/// How much a run of the chaos does: in `make chaos` the whole, in `make test` a tenth.
struct ChaosScale: Sendable {
    let tasks: Int
    let workerFaults: Int
    let serverKills: Int
    /// How often each fault of PostgreSQL and Redis comes, where they are used.
    let storeFaultsOfAKind: Int
    /// The pause between two faults of workers, in milliseconds.
    let workerPause: ClosedRange<Int>
    /// The pause between two faults of the platform, in milliseconds: some are longer than a lease, so that leases end in between.
    let platformPause: ClosedRange<Int>
    /// How long all tasks may take to end after the last fault.
    let restMax: Duration

    static let workers = 10
    static let creators = 4
    /// How many tasks a worker does at a time; its agent may hold more, so that leases that a killed one left do not keep its
    /// successor idle.
    static let workerConcurrency = 3
    static let agentConcurrency = 24
    /// The shortest lease that there is.
    static let heartbeatSeconds = 5

    static let chosen =
        Chaos.isLong
        ? ChaosScale(
            tasks: 10_000,
            workerFaults: 300,
            serverKills: 50,
            storeFaultsOfAKind: 3,
            workerPause: 600...1200,
            platformPause: 2000...9000,
            restMax: .seconds(240)
        )
        : ChaosScale(
            tasks: 1000,
            workerFaults: 30,
            serverKills: 5,
            storeFaultsOfAKind: 1,
            workerPause: 400...900,
            platformPause: 1500...6000,
            restMax: .seconds(120)
        )
}
