import Basics
import Events
import Rules
import Synchronization

/// Hears the notices of the rules beside the notifier, and offers an event for each alert that begins or ends.
///
/// Concurrency: any thread; waits for nothing.
final class AlertWatch: Sendable {
    private let firing = Mutex(FiringAlerts())
    private let clock: any WallClock
    private let outbox: EventOutbox

    init(clock: any WallClock, outbox: EventOutbox) {
        self.clock = clock
        self.outbox = outbox
    }

    /// Takes the notices of one rule's evaluation.
    func receive(_ notices: [AlertNotice]) {
        let now = clock.now
        // Offered under the lock, so that an alert's end cannot overtake its beginning.
        firing.withLock { firing in
            let outcome = firing.take(notices, at: now)
            for transition in outcome.transitions { outbox.offer(OwnEvents.alert(transition)) }
            outbox.countDropped(outcome.leftOut)
        }
    }

    /// Ends the alerts that were not refreshed in time.
    func expire() {
        let now = clock.now
        firing.withLock { firing in
            for transition in firing.expire(at: now) { outbox.offer(OwnEvents.alert(transition)) }
        }
    }
}
