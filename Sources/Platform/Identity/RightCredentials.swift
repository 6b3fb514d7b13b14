internal import Basics
internal import Crypto
internal import Foundation

/// Which credentials were right from which network lately, so that a lock that somebody else brought about lets them pass.
///
/// They are kept as digests keyed with a secret of this process, for a limited time and in a limited number.
final class RightCredentials: Sendable {
    private let names: BoundedCache<[UInt8], Bool>
    private let credentials: BoundedCache<[UInt8], Bool>
    private let secret = SymmetricKey(size: .bits256)

    init(_ settings: IdentitySettings, clock: any WallClock) {
        names = BoundedCache(
            entriesMax: settings.rightCredentialsMax,
            lifetime: settings.rightCredentialsLifetime,
            clock: clock
        )
        credentials = BoundedCache(
            entriesMax: settings.rightCredentialsMax,
            lifetime: settings.rightCredentialsLifetime,
            clock: clock
        )
    }

    /// An attempt to sign in, with what is known of it.
    func attempt(name: String, password: String, network: String) -> LoginThrottle.Attempt {
        LoginThrottle.Attempt(
            name: name,
            network: network,
            isAtHome: names.find(digest(name, network)).value != nil,
            wasRight: credentials.find(digest(name, network, password)).value != nil
        )
    }

    /// Remembers that credentials were right.
    func remember(name: String, password: String, network: String) {
        for (cache, digest) in [(names, digest(name, network)), (credentials, digest(name, network, password))] {
            cache.store(true, for: digest, generation: cache.find(digest).generation)
        }
    }

    private func digest(_ parts: String...) -> [UInt8] {
        var code = HMAC<SHA256>(key: secret)
        for part in parts {
            // The length in front keeps the parts apart.
            code.update(data: Data("\(part.utf8.count):\(part)".utf8))
        }
        return Array(code.finalize())
    }
}
