import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Turns SIGHUP into calls, for as long as the object lives.
public final class ReloadSignal: Sendable {
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Begins to watch: `received` is called for each signal, one call after the other; signals that arrive during a
    /// call become one more.
    public init(received: @escaping @Sendable () -> Void) {
        // A queue of its own: a reload that waits for a disk holds up no request to end.
        let queue = DispatchQueue(label: "reload-signal")
        sources = Mutex(
            [SIGHUP].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { received() }
                source.resume()
                return source
            }
        )
    }

    deinit {
        sources.withLock { for source in $0 { source.cancel() } }
    }
}
