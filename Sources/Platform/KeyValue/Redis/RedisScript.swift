private import Crypto

/// A Lua script that Redis runs as one command.
package struct RedisScript: Hashable, Sendable {
    /// The script's text.
    package let text: String
    private let name: [UInt8]

    /// Makes a script; Redis knows it by the SHA-1 of its text.
    package init(_ text: String) {
        self.text = text
        let digits = Array("0123456789abcdef".utf8)
        name = Insecure.SHA1.hash(data: Array(text.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    fileprivate func command(byName: Bool, _ keys: [[UInt8]], _ arguments: [[UInt8]]) -> RedisCommand {
        RedisCommand(
            byName ? "EVALSHA" : "EVAL",
            [byName ? name : Array(text.utf8), Array(String(keys.count).utf8)] + keys + arguments
        )
    }
}

extension RedisClient {
    /// Runs a script by its name, and with its text when Redis does not know it: after a restart, a failover or `SCRIPT FLUSH`.
    ///
    /// - Throws: ``RedisError``.
    package func run(
        _ script: RedisScript,
        keys: [[UInt8]],
        _ arguments: [[UInt8]]
    ) async throws(RedisError) -> RESPValue {
        do {
            return try await send(script.command(byName: true, keys, arguments))
        } catch  where error.isUnknownScript {
            // EVAL leaves the script in Redis' memory, so the next call finds it.
            return try await send(script.command(byName: false, keys, arguments))
        }
    }
}

extension RedisError {
    /// Whether Redis was asked for a script that it has not: no fault, the script is sent then.
    var isUnknownScript: Bool { code == .refused && message == "NOSCRIPT" }
}
