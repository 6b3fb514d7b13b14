internal import Basics
internal import Instruments

/// The metrics `kaskman_database_*`.
struct DatabaseMetrics: Sendable {
    /// The kinds of operation.
    enum Operation: String, MetricLabel, CaseIterable {
        static let name = "operation"
        case read, write
    }

    /// How an operation ended.
    enum Outcome: String, CaseIterable {
        case success
        /// The closure threw an error of its own.
        case rolledBack = "rolled_back"
        /// The database failed.
        case error
    }

    private struct OperationOutcome: MetricLabels {
        static let names = ["operation", "outcome"]
        let operation: Operation
        let outcome: Outcome
        var values: [String] { [operation.rawValue, outcome.rawValue] }
    }

    private struct ErrorCode: MetricLabels {
        static let names = ["error_code"]
        let code: DatabaseError.Code
        var values: [String] { [code.rawValue] }
    }

    private let operations: CounterFamily<OperationOutcome>
    private let durations: HistogramFamily<Operation>
    private let waits: Histogram
    private let errors: CounterFamily<ErrorCode>

    init(_ registry: Registry) {
        operations = registry.counter(
            "kaskman_database_operations_total",
            help: "Database transactions, by kind and outcome.",
            labels: OperationOutcome.self
        )
        durations = registry.histogram(
            "kaskman_database_operation_duration_seconds",
            help: "How long database transactions took, with the time they waited.",
            labels: Operation.self
        )
        waits = registry.histogram(
            "kaskman_database_wait_seconds",
            help: "How long database transactions waited for a connection."
        )
        errors = registry.counter(
            "kaskman_database_errors_total",
            help: "Database transactions and probes that failed, by the reason.",
            labels: ErrorCode.self
        )
        // All series exist from the start, so that a rate sees the first error.
        for code in DatabaseError.Code.allCases { _ = errors[ErrorCode(code: code)] }
        for operation in Operation.allCases {
            _ = durations[operation]
            for outcome in Outcome.allCases {
                _ = operations[OperationOutcome(operation: operation, outcome: outcome)]
            }
        }
    }

    /// Registers the metrics that are read when someone looks.
    func register(
        in registry: Registry,
        size: @escaping @Sendable () -> Double,
        waiters: @escaping @Sendable () -> Int
    ) {
        registry.gauge("kaskman_database_waiters", help: "Database transactions that wait for a connection.") {
            Double(waiters())
        }
        registry.gauge("kaskman_database_size_bytes", help: "Size of the database.", read: size)
    }

    /// Registers the metrics of a file too; where it cannot be looked at they are NaN.
    func register(in registry: Registry, path: String, waiters: @escaping @Sendable () -> Int) {
        let files = DiskFileSystem()
        @Sendable func size(_ path: String) -> Double {
            do { return Double(try files.attributes(of: path)?.size ?? 0) } catch { return .nan }
        }
        register(in: registry, size: { size(path) }, waiters: waiters)
        registry.gauge("kaskman_database_wal_size_bytes", help: "Size of the database's write-ahead log.") {
            size(path + "-wal")
        }
        registry.gauge(
            "kaskman_database_available_disk_bytes",
            help: "Free bytes on the file system that holds the database."
        ) {
            do { return Double(try files.availableBytes(at: path)) } catch { return .nan }
        }
    }

    func waited(_ duration: Duration) { waits.observe(duration) }

    func failed(_ code: DatabaseError.Code) { errors[ErrorCode(code: code)].increment() }

    func finished(_ operation: Operation, _ outcome: Outcome, after duration: Duration) {
        operations[OperationOutcome(operation: operation, outcome: outcome)].increment()
        durations[operation].observe(duration)
    }
}
