package import Basics
package import Instruments
package import MetricModel
import Synchronization
import Tasks

/// Takes the samples that agents push about running tasks into the time-series store, and ends their series with the
/// attempt.
///
/// Concurrency: may be shared. Nothing blocks but the store's own lock.
package final class TaskSamples: Sendable {
    /// How many tasks may have series at a time; those that have pushed nothing for longest end theirs first.
    package static let tasksMax = 10_000

    /// Why a sample was not taken.
    private enum Refusal: String, MetricLabel, CaseIterable {
        static let name = "reason"
        case outOfOrder = "out_of_order"
        case duplicateTimestamp = "duplicate_timestamp"
        case tooOld = "too_old"
        case tooFarInFuture = "too_far_in_future"
        case seriesLimit = "series_limit"
        case invalidLabels = "invalid_labels"
        /// The task has as many series as it may.
        case taskSeriesLimit = "task_series_limit"

        init(_ reason: RejectedSample.Reason) {
            self =
                switch reason {
                case .outOfOrder: .outOfOrder
                case .duplicateTimestamp: .duplicateTimestamp
                case .tooOld: .tooOld
                case .tooFarInFuture: .tooFarInFuture
                case .seriesLimit: .seriesLimit
                case .invalidLabels: .invalidLabels
                }
        }
    }

    /// What became of a push.
    struct Receipt: Hashable, Sendable {
        var accepted = 0
        /// How many samples were not taken, by reason.
        var refused: [String: Int] = [:]
    }

    private struct Entry {
        var series: TaskSeries
        var lastPushAt: Duration
    }

    private let store: any SampleAppender
    private let clock: any WallClock
    private let seriesMax: Int
    private let accepted: Counter
    private let refusals: CounterFamily<Refusal>
    private let seriesCount: Gauge
    private let entries = Mutex<[UUIDv7: Entry]>([:])

    /// Makes the sink of pushed samples before a store; a task may have `seriesMax` series at a time.
    package init(store: any SampleAppender, clock: any WallClock, registry: Registry, seriesMax: Int = 1000) {
        self.store = store
        self.clock = clock
        self.seriesMax = seriesMax
        accepted = registry.counter(
            "kaskman_task_samples_total",
            help: "Samples that agents pushed about tasks and the store took."
        )
        refusals = registry.counter(
            "kaskman_task_samples_rejected_total",
            help: "Samples that agents pushed about tasks and that were not taken, by reason.",
            labels: Refusal.self
        )
        seriesCount = registry.gauge("kaskman_task_series", help: "Series of running tasks that agents have pushed.")
        for refusal in Refusal.allCases { _ = refusals[refusal] }
    }

    /// Appends samples of a task under the server's own labels; to be called while the task's lease is known to be good.
    func push(_ samples: [PushedSample], of task: ProjectTask, by agent: UUIDv7) -> Result<Receipt, SampleAppendError> {
        let now = clock.now.milliseconds
        let own = [
            Label("project", task.fields.projectID.description), Label("task", task.id.description),
            Label("agent", agent.description),
        ]
        return entries.withLock { entries in
            if entries[task.id] == nil { evict(&entries) }
            var entry = entries[task.id] ?? Entry(series: TaskSeries(seriesMax: seriesMax), lastPushAt: .zero)
            entry.lastPushAt = clock.uptime
            let before = entry.series.newest.count
            let (admitted, refused) = entry.series.admit(samples, labeled: own, at: now)
            let rejected: [RejectedSample]
            do throws(SampleAppendError) { rejected = try store.append(admitted) } catch { return .failure(error) }
            var receipt = Receipt()
            if refused > 0 { count(.taskSeriesLimit, refused, in: &receipt) }
            for one in rejected { count(Refusal(one.reason), 1, in: &receipt) }
            let positions = Set(rejected.map(\.index))
            for (index, sample) in admitted.enumerated() where !positions.contains(index) {
                entry.series.appended(sample)
                receipt.accepted += 1
            }
            accepted.increment(by: receipt.accepted)
            seriesCount.add(Double(entry.series.newest.count - before))
            entries[task.id] = entry
            return .success(receipt)
        }
    }

    /// The attempt has ended: the task's series end too.
    package func end(_ task: UUIDv7) {
        entries.withLock { entries in
            if let entry = entries.removeValue(forKey: task) { end(entry) }
        }
    }

    private func end(_ entry: Entry) {
        seriesCount.add(-Double(entry.series.newest.count))
        // A store that is closed keeps nothing that could go stale.
        _ = try? store.append(entry.series.ending(at: clock.now.milliseconds))
    }

    private func evict(_ entries: inout [UUIDv7: Entry]) {
        guard entries.count >= Self.tasksMax, let idle = entries.min(by: { $0.value.lastPushAt < $1.value.lastPushAt })
        else { return }
        entries[idle.key] = nil
        end(idle.value)
    }

    private func count(_ refusal: Refusal, _ number: Int, in receipt: inout Receipt) {
        refusals[refusal].increment(by: number)
        receipt.refused[refusal.rawValue, default: 0] += number
    }
}
