import Synchronization

/// The texts of the statements that connections keep prepared: a bound on GRDB's own cache, which has none.
final class StatementTexts: Sendable {
    private let textsMax: Int
    private let texts = Mutex<Set<String>>([])

    init(textsMax: Int) { self.textsMax = textsMax }

    /// Whether a connection may keep this statement prepared.
    func mayKeep(_ sql: String) -> Bool {
        texts.withLock { texts in
            if texts.contains(sql) { return true }
            guard texts.count < textsMax else { return false }
            texts.insert(sql)
            return true
        }
    }
}
