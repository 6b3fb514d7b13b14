internal import Crypto
internal import Foundation
import Synchronization

/// Names and passwords that were right lately from the same network, so that Basic costs one digest a request instead of a bcrypt.
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
        network: String,
        verify: @escaping @Sendable () async throws -> Principal
    ) async throws -> Principal {
        let digest = digest(username, password, network)
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

    private func digest(_ parts: String...) -> Digest {
        var code = HMAC<SHA256>(key: secret)
        for part in parts {
            // The length in front keeps the parts apart.
            code.update(data: Data("\(part.utf8.count):\(part)".utf8))
        }
        return Array(code.finalize())
    }
}
