internal import Crypto
internal import Foundation
import Synchronization

/// Names and passwords that were right lately, so that Basic costs one digest a request instead of a bcrypt.
///
/// They are kept as digests keyed with a secret of this process. Requests with the same pair that come while it is
/// being checked wait for that check: a dashboard sends thirty at once, which would be thirty failures if the password
/// were wrong.
final class BasicChecks: Sendable {
    typealias Digest = [UInt8]

    private let cache: BoundedCache<Digest, Principal>
    private let secret = SymmetricKey(size: .bits256)
    private let running = Mutex<[Digest: Task<Principal, any Error>]>([:])

    init(_ cache: BoundedCache<Digest, Principal>) { self.cache = cache }

    var count: Int { cache.count }

    func removeAll() { cache.removeAll() }

    /// The principal of a pair: the one known, or what `verify` finds, which is kept when it is right.
    func check(
        username: String,
        password: String,
        verify: @escaping @Sendable () async throws -> Principal
    ) async throws -> Principal {
        let digest = digest(username, password)
        let known = cache.find(digest)
        if let principal = known.value { return principal }
        let task = running.withLock { running in
            if let task = running[digest] { return task }
            let task = Task { [self] in
                defer { _ = self.running.withLock { $0.removeValue(forKey: digest) } }
                let principal = try await verify()
                cache.store(principal, for: digest, generation: known.generation)
                return principal
            }
            running[digest] = task
            return task
        }
        return try await task.value
    }

    private func digest(_ username: String, _ password: String) -> Digest {
        var code = HMAC<SHA256>(key: secret)
        // The length in front keeps name and password apart.
        code.update(data: Data("\(username.utf8.count):\(username)\(password)".utf8))
        return Array(code.finalize())
    }
}
