internal import Basics
internal import Dispatch
internal import Instruments
import Synchronization

/// Hashes and checks passwords on threads of its own, a bounded number at a time.
///
/// bcrypt is slow on purpose: on the cooperative pool a few logins would stop everything else.
final class PasswordHasher: Sendable {
    private let cost: Int
    private let waitersMax: Int
    private let queues: [DispatchQueue]
    private let loads: Mutex<[Int]>
    private let clock: any WallClock
    private let durations: Histogram
    /// The hash of no password that anyone has, for names that do not exist.
    private let decoy: String

    /// - Parameters:
    ///   - cost: bcrypt's, 4 to 16.
    ///   - threads: how many passwords are hashed at the same time.
    ///   - waitersMax: how many may wait beyond those.
    ///   - clock: measures how long hashing took.
    ///   - durations: takes these times.
    init(cost: Int, threads: Int, waitersMax: Int, clock: any WallClock, durations: Histogram) {
        precondition(Bcrypt.costs.contains(cost), "BUG: bcrypt's cost must be in \(Bcrypt.costs)")
        precondition(threads > 0 && waitersMax >= 0, "BUG: passwords need a thread")
        self.cost = cost
        self.waitersMax = waitersMax
        queues = (0..<threads).map { DispatchQueue(label: "identity.password.\($0)") }
        loads = Mutex([Int](repeating: 0, count: threads))
        self.clock = clock
        self.durations = durations
        let digits = cost < 10 ? "0\(cost)" : "\(cost)"
        decoy = "$2b$\(digits)$" + String(repeating: ".", count: 53)
    }

    /// Hashes a password that has passed ``PasswordPolicy``.
    /// - Throws: ``IdentityError``: `overloaded`.
    func hash(_ password: String) async throws(IdentityError) -> String {
        let cost = cost
        let hash = try await run {
            var random = SystemRandomNumberGenerator()
            return Bcrypt.hash(password, cost: cost, random: &random)
        }
        guard let hash else { throw .password(.tooLong(bytes: password.utf8.count)) }
        return hash
    }

    /// Whether a password has this hash; nil stands for a user that does not exist, and takes as long to be refused.
    /// - Throws: ``IdentityError``: `overloaded`.
    func verify(_ password: String, hash: String?) async throws(IdentityError) -> Bool {
        let decoy = decoy
        return try await run {
            // A password that cannot be hashed is checked too, by its beginning, so that its length changes no timing.
            let isHashable = PasswordPolicy.isHashable(password)
            let checked = isHashable ? password : "-"
            let matches = Bcrypt.verify(checked, hash: hash ?? decoy)
            return matches && isHashable && hash != nil
        }
    }

    /// Whether a hash was made with another cost than is wanted now.
    func isOutdated(_ hash: String) -> Bool { Bcrypt.cost(of: hash) != cost }

    private func run<T: Sendable>(_ work: @escaping @Sendable () -> T) async throws(IdentityError) -> T {
        let limit = queues.count + waitersMax
        let chosen: Int? = loads.withLock { loads in
            guard loads.reduce(0, +) < limit else { return nil }
            guard let least = loads.indices.min(by: { loads[$0] < loads[$1] }) else { return nil }
            loads[least] += 1
            return least
        }
        guard let chosen else { throw .overloaded(waitersMax: waitersMax) }
        return await withCheckedContinuation { continuation in
            queues[chosen].async { [self] in
                let start = clock.uptime
                let result = work()
                durations.observe(clock.uptime - start)
                loads.withLock { $0[chosen] -= 1 }
                continuation.resume(returning: result)
            }
        }
    }
}
