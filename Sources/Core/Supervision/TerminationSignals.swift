public import Basics
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
    ///
    /// What comes within a second of the first is the same request: a service manager or a shell
    /// signals the process and its group, and both arrive.
    public init(
        clock: any WallClock,
        first: @escaping @Sendable () -> Void,
        second: @escaping @Sendable () -> Void
    ) {
        let received = Received()
        let queue = DispatchQueue(label: "termination-signals")
        sources = Mutex(
            [SIGTERM, SIGINT].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler {
                    switch received.next(at: clock.uptime) {
                    case .first: first()
                    case .echo: break
                    case .second: second()
                    }
                }
                source.resume()
                return source
            }
        )
    }

    deinit {
        sources.withLock { for source in $0 { source.cancel() } }
    }
}

/// Tells a further request to end from an echo of the first one.
///
/// Pure.
struct TerminationRequests {
    /// How long after the first signal others count as the same request.
    static let echoMax = Duration.seconds(1)

    enum Meaning: Hashable {
        case first, echo, second
    }

    private var firstAt: Duration?

    /// A signal came at a point of uptime.
    mutating func received(at uptime: Duration) -> Meaning {
        guard let firstAt else {
            firstAt = uptime
            return .first
        }
        return uptime - firstAt < Self.echoMax ? .echo : .second
    }
}

/// Counts the signals of both kinds together.
private final class Received: Sendable {
    private let requests = Mutex(TerminationRequests())

    func next(at uptime: Duration) -> TerminationRequests.Meaning {
        requests.withLock { $0.received(at: uptime) }
    }
}
