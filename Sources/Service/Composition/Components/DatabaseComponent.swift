import Basics
import Database
import Supervision

/// Keeps the embedded database: checks that it can be written, and closes it last.
final class DatabaseComponent: Component {
    let database: SQLiteDatabase
    private let context: ComponentContext

    init(context: ComponentContext, database: SQLiteDatabase) {
        self.context = context
        self.database = database
    }

    func run() async throws {
        context.ready()
        await context.drained()
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
