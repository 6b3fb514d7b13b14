import ArgumentParser
import Basics
import Synchronization

/// The option of commands whose answer can be shown again and again.
struct WatchOptions: ParsableArguments {
    /// The time between two looks.
    static let interval: Duration = .seconds(2)

    /// Takes the terminal's content away, and begins at its top.
    private static let cleared = "\u{1b}[H\u{1b}[2J\u{1b}[3J"

    @Flag(name: .shortAndLong, help: "Look again every 2 seconds; where no terminal is, only changes are written.")
    var watch = false

    /// Runs what writes the answer, once or until it says that nothing will change any more.
    func run(_ body: () async throws -> Bool) async throws {
        guard watch else {
            _ = try await body()
            return
        }
        try await Self.again(body)
    }

    /// Runs what writes the answer again and again, until it says that nothing will change any more.
    static func again(_ body: () async throws -> Bool) async throws {
        let environment = CommandEnvironment.current
        let text = Mutex("")
        var collecting = environment
        collecting.write = { more in text.withLock { $0 += more } }
        var shown = ""
        var patience = Patience(environment)
        while true {
            let isOver = try await patience.ask {
                text.withLock { $0 = "" }
                return try await CommandEnvironment.$current.withValue(collecting) { try await body() }
            }
            let now = text.withLock { text in
                defer { text = "" }
                return text
            }
            if now != shown { environment.write((environment.isOutputTerminal ? cleared : "") + now) }
            shown = now
            if isOver { return }
            try await environment.clock.sleep(for: interval)
        }
    }
}
