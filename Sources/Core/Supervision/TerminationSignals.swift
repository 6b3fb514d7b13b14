import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Turns SIGTERM and SIGINT into calls, for as long as the object lives.
public final class TerminationSignals: Sendable {
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Begins to watch: `first` is called for the first signal, `second` for each further one (an impatient person).
    public init(first: @escaping @Sendable () -> Void, second: @escaping @Sendable () -> Void) {
        let count = Mutex(0)
        let counter = SignalCount(count: count)
        let queue = DispatchQueue(label: "termination-signals")
        sources = Mutex(
            [SIGTERM, SIGINT].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { counter.next() == 1 ? first() : second() }
                source.resume()
                return source
            }
        )
    }

    deinit {
        sources.withLock { for source in $0 { source.cancel() } }
    }
}

private final class SignalCount: Sendable {
    private let count: Mutex<Int>

    init(count: consuming Mutex<Int>) { self.count = count }

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
