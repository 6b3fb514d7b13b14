package import Basics

/// What a worker reads from its variables, and what of them it passes on to programs.
///
/// Pure but for the file that may hold the token.
package enum WorkerEnvironment {
    package static let tokenBytesMax = 4096
    /// What programs see of the worker's own environment; nothing that begins with `KASKMAN_` ever.
    package static let passedOn: Set<String> = [
        "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "SSL_CERT_FILE", "SSL_CERT_DIR",
    ]

    /// What is missing or wrong.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// The token: of `KASKMAN_TOKEN`, or the first line of the file that `KASKMAN_TOKEN_FILE` names.
    package static func token(_ variables: [String: String], fileSystem: any FileSystem) throws(Fault) -> String {
        let token: String
        if let value = variables["KASKMAN_TOKEN"], !value.isEmpty {
            token = value
        } else if let path = variables["KASKMAN_TOKEN_FILE"], !path.isEmpty {
            do throws(FileSystemError) {
                let bytes = try fileSystem.read(path, bytesMax: tokenBytesMax)
                token = String(
                    decoding: bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") },
                    as: UTF8.self
                )
            } catch {
                throw Fault("the token cannot be read: \(error)")
            }
        } else {
            throw Fault(
                "there is no token: set KASKMAN_TOKEN, or KASKMAN_TOKEN_FILE to a file with it "
                    + "('kaskman agent register NAME --capability shell' makes one)"
            )
        }
        guard !token.isEmpty, token.utf8.count <= tokenBytesMax, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else {
            throw Fault("the token is none: it must be one word of letters, digits and signs")
        }
        return token
    }

    /// What programs get of the worker's environment; `more` are further names, which the operator allows.
    package static func forPrograms(_ variables: [String: String], more: [String]) -> [String: String] {
        variables.filter { name, _ in
            !name.hasPrefix("KASKMAN_") && (passedOn.contains(name) || name.hasPrefix("LC_") || more.contains(name))
        }
    }
}
