public import Basics
public import Instruments
public import Logging

/// A long-running part of the platform: it runs until told to drain, and says how it is.
///
/// A component is made with a ``ComponentContext``, which only a ``Supervisor`` hands out, so that none exists that is
/// not named, metered, logged and supervised. A component without a loop of its own awaits
/// ``ComponentContext/drained()``.
public protocol Component: Sendable {
    /// Works until ``ComponentContext/drained()`` returns, then ends what is in flight and returns.
    ///
    /// Called again after a failure: whatever an earlier run left must not be in its way. Calls
    /// ``ComponentContext/ready()`` once it can serve.
    /// - Throws: Whatever makes going on impossible; the supervisor restarts the component with a growing delay, but after a
    ///   ``StartFailure`` of one that was never ready.
    func run() async throws

    /// Does in small what the component does, and says whether that worked. Bounded in time by the supervisor.
    func health() async -> Health
}

/// Why a component cannot start, where trying again is of no use: whoever starts the platform has to change something.
///
/// Thrown by ``Component/run()`` before the component was first ready, it quarantines the component at once.
public struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what helps, in a sentence.
    public let description: String

    /// Makes a failure from a sentence.
    public init(_ description: String) { self.description = description }
}

/// What a component is given to live on.
public struct ComponentContext: Sendable {
    /// Who the component is.
    public let kind: ComponentKind
    /// Where its metrics are registered.
    public let registry: Registry
    /// The only clock it may read or sleep by.
    public let clock: any WallClock
    /// Its log; every line carries `component`.
    public let log: Logger
    let lifecycle: Lifecycle

    /// Tells the supervisor that the component serves now; the components that depend on it start then.
    public func ready() { lifecycle.ready(kind) }

    /// Returns when the component is to end, or its task is cancelled.
    public func drained() async { await lifecycle.drained(kind) }

    /// Whether the component has been told to end.
    public var isDraining: Bool { lifecycle.isDraining(kind) }

    /// Waits; false as soon as the component is to end or its task is cancelled.
    ///
    /// The heart of every loop: `while await context.pause(for: interval) { … }`.
    public func pause(for duration: Duration) async -> Bool {
        guard duration > .zero else { return !isDraining && !Task.isCancelled }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await clock.sleep(for: duration) } catch { return false }
                return true
            }
            group.addTask {
                await lifecycle.drained(kind)
                return false
            }
            let isTime = await group.next() ?? false
            group.cancelAll()
            return isTime && !isDraining
        }
    }
}
