import Basics
import Database
import Supervision

/// Keeps the database: checks that it can be written, hears of other servers' changes, and closes it last.
final class DatabaseComponent: Component {
    let database: any Database
    private let context: ComponentContext
    private let listen: @Sendable () async -> Void

    /// - Parameters:
    ///   - context: What the component lives on.
    ///   - database: What it keeps.
    ///   - listen: Hears of other servers' changes until its task is cancelled; returns at once where there are none.
    init(context: ComponentContext, database: any Database, listen: @escaping @Sendable () async -> Void = {}) {
        self.context = context
        self.database = database
        self.listen = listen
    }

    func run() async throws {
        context.ready()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listen() }
            await context.drained()
            group.cancelAll()
        }
        try await database.close()
    }

    /// Writes: whoever else holds the database is seen, and a disk that takes no more.
    func health() async -> Health {
        let probe = await database.probe()
        guard let error = probe.error else { return .healthy }
        // Not the error's own text, which may hold a path: everybody may read the health page.
        if error.code == .moved { return .unhealthy("the database's file was moved or deleted; nothing is written") }
        return .unhealthy("the database cannot be written: \(error.code.rawValue)")
    }
}
