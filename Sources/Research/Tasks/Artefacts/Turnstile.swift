internal import Synchronization

/// Lets those who come for the same content through one after the other; who waits holds no thread.
final class Turnstile: Sendable {
    /// Who waits for each content that somebody has.
    private let waiting = Mutex<[BlobKey: [CheckedContinuation<Void, Never>]]>([:])

    /// Runs the body when nobody else has the key.
    func pass<T>(_ key: BlobKey, _ body: () async throws -> T) async throws -> T {
        await enter(key)
        do {
            let result = try await body()
            leave(key)
            return result
        } catch {
            leave(key)
            throw error
        }
    }

    private func enter(_ key: BlobKey) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isFree = waiting.withLock { waiting in
                if waiting[key] == nil {
                    waiting[key] = []
                    return true
                }
                waiting[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave(_ key: BlobKey) {
        let next: CheckedContinuation<Void, Never>? = waiting.withLock { waiting in
            guard let first = waiting[key]?.first else {
                waiting[key] = nil
                return nil
            }
            waiting[key]?.removeFirst()
            return first
        }
        next?.resume()
    }
}
