internal import Basics
internal import Instruments

/// The metrics of artefacts.
struct ArtefactMetrics: Sendable {
    /// How an upload, or an announcement of one, ended.
    enum Outcome: String, MetricLabel, CaseIterable {
        static let name = "outcome"
        case completed
        /// The project had the content already.
        case deduplicated
        case hashMismatch = "hash_mismatch"
        /// The attempt ended before the upload did.
        case abandoned
    }

    private struct DiskLabel: MetricLabels {
        static let names = ["error_code"]
        let code: FileSystemError.Code
        var values: [String] { [code.rawValue] }
    }

    let uploads: CounterFamily<Outcome>
    let receivedBytes: Counter
    let storedBytes: Gauge
    let pruned: Counter
    private let diskFailures: CounterFamily<DiskLabel>

    init(_ registry: Registry, bytesMax: Int) {
        uploads = registry.counter(
            "kaskman_task_artefact_uploads_total",
            help: "Uploads of artefacts that ended, by outcome.",
            labels: Outcome.self
        )
        receivedBytes = registry.counter(
            "kaskman_task_artefact_received_bytes_total",
            help: "Bytes of artefacts that agents sent."
        )
        storedBytes = registry.gauge(
            "kaskman_task_artefact_stored_bytes",
            help: "Bytes of the artefacts' contents on disk, each content of a project once."
        )
        let limit = registry.gauge(
            "kaskman_task_artefact_stored_bytes_limit",
            help: "The most bytes that artefacts may take together."
        )
        limit.set(Double(bytesMax))
        pruned = registry.counter(
            "kaskman_task_artefacts_pruned_total",
            help: "Artefacts that were removed at the end of their retention."
        )
        diskFailures = registry.counter(
            "kaskman_task_artefact_disk_failures_total",
            help: "Operations on the files of artefacts that failed, by the reason.",
            labels: DiskLabel.self
        )
        for outcome in Outcome.allCases { _ = uploads[outcome] }
        for code in FileSystemError.Code.allCases { _ = diskFailures[DiskLabel(code: code)] }
    }

    func diskFailed(_ code: FileSystemError.Code) { diskFailures[DiskLabel(code: code)].increment() }
}
