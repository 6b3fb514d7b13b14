internal import Database
package import Instruments
internal import Synchronization

/// The gauge `kaskman_<many>` of a resource's records by status: each committed change moves it, and a count of the table
/// sets it, at the start and for what other servers change.
///
/// Concurrency: any thread.
package final class StatusGauge<Status: RawRepresentable & Hashable & CaseIterable & Sendable>: Sendable
where Status.RawValue == String {
    private struct StatusLabel: MetricLabels {
        static var names: [String] { ["status"] }
        let status: Status
        var values: [String] { [status.rawValue] }
    }

    private let table: RecordTable
    private let records: GaugeFamily<StatusLabel>
    /// How many changes were counted: tells a count of the table that a change was committed meanwhile.
    private let generation = Mutex<UInt64>(0)

    /// Registers the gauge, with a zero for each status; the table has the column `status`.
    package init(_ registry: Registry, of table: RecordTable, help: String) {
        self.table = table
        records = registry.gauge("kaskman_\(table.name)", help: help, labels: StatusLabel.self)
        for status in Status.allCases { _ = records[StatusLabel(status: status)] }
    }

    /// Moves a record from the old status to the new one, once the change is committed; nil for none.
    package func moved(from old: Status?, to new: Status?) {
        if old == new { return }
        generation.withLock { generation in
            generation &+= 1
            if let old { records[StatusLabel(status: old)].decrement() }
            if let new { records[StatusLabel(status: new)].increment() }
        }
    }

    /// What to hand to ``set(_:since:)`` after counting.
    var currentGeneration: UInt64 { generation.withLock { $0 } }

    /// Sets the gauge to what was counted; false when a change was committed meanwhile, so that the count is stale.
    func set(_ counts: [Status: Int], since start: UInt64) -> Bool {
        generation.withLock { generation in
            guard generation == start else { return false }
            for status in Status.allCases { records[StatusLabel(status: status)].set(Double(counts[status] ?? 0)) }
            return true
        }
    }

    /// How many records there are of each status.
    func count(_ connection: any SQLConnection) throws(DatabaseError) -> [Status: Int] {
        let name = table.name
        let sql = "SELECT status, count(*) AS records FROM \(name) WHERE deleted_at IS NULL GROUP BY status"
        var counts: [Status: Int] = [:]
        for row in try connection.query(sql) {
            guard let status = Status(rawValue: try row.text("status")) else { continue }
            counts[status] = try row.int("records")
        }
        return counts
    }
}
