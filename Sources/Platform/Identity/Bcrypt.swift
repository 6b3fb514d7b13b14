internal import CCrypt

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// bcrypt, variant `$2b$`, by libxcrypt.
///
/// Blocks for as long as the cost says.
enum Bcrypt {
    /// The costs that are accepted: below 4 there is no bcrypt, above 16 a login takes seconds.
    static let costs = 4...16
    private static let saltBytes = 16

    /// Hashes a password with a new salt; nil when libxcrypt refuses.
    static func hash(_ password: String, cost: Int, random: inout some RandomNumberGenerator) -> String? {
        guard PasswordPolicy.isHashable(password), costs.contains(cost) else { return nil }
        let salt = (0..<saltBytes).map { _ in CChar(bitPattern: UInt8.random(in: .min ... .max, using: &random)) }
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        // SAFETY: both arrays outlive the call, which writes at most the given number of bytes.
        guard crypt_gensalt_rn("$2b$", UInt(cost), salt, Int32(salt.count), &setting, Int32(setting.count)) != nil
        else {
            return nil
        }
        return run(password, setting: text(setting))
    }

    /// Whether a password has this hash; false for a hash that is none.
    ///
    /// The comparison takes the same time for all.
    static func verify(_ password: String, hash: String) -> Bool {
        guard PasswordPolicy.isHashable(password), cost(of: hash) != nil else { return false }
        guard let computed = run(password, setting: hash) else { return false }
        let left = Array(computed.utf8)
        let right = Array(hash.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// The cost of a hash; nil when it is none of ours.
    static func cost(of hash: String) -> Int? {
        let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[1] == "2b", parts[2].count == 2, parts[3].count == 53 else { return nil }
        guard let cost = Int(parts[2]), costs.contains(cost) else { return nil }
        return cost
    }

    private static func run(_ password: String, setting: String) -> String? {
        // 32 KiB that libxcrypt wants zeroed: on the heap, and wiped afterwards since they hold the key schedule.
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        // SAFETY: the bytes were just allocated; crypt_data is a C struct without invariants of Swift's.
        memset(data, 0, MemoryLayout<crypt_data>.size)
        defer {
            explicit_bzero(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        // SAFETY: the result points into `data` and is copied before that goes.
        guard let result = crypt_r(password, setting, data) else { return nil }
        let hash = String(cString: result)
        // libxcrypt answers `*0` or `*1` for a setting that it does not understand.
        return hash.hasPrefix("*") ? nil : hash
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
