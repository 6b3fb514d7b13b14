/// The address of a KaskManager server: scheme, host, optional port and path prefix, without a closing slash.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
    /// Where a server listens that nothing was configured for.
    package static let standard = ServerAddress(checked: "http://127.0.0.1:8080")
    /// The longest address that is taken, in bytes.
    package static let bytesMax = 2048

    /// The address as requests begin with it.
    package let description: String

    private init(checked text: String) { description = text }

    /// Reads an address that a person typed.
    /// - Throws: ``ClientError/invalidAddress(_:)`` for anything that is no plain `http` or `https` URL; one with a user name, a query
    ///   or a fragment is refused too, since tokens are kept by address.
    package init(_ text: String) throws(ClientError) {
        var rest = Substring(text)
        guard text.utf8.count <= Self.bytesMax else {
            throw .invalidAddress("it is longer than \(Self.bytesMax) bytes")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .invalidAddress("it holds characters that a URL may not")
        }
        let scheme: String
        if rest.lowercased().hasPrefix("http://") {
            scheme = "http://"
        } else if rest.lowercased().hasPrefix("https://") {
            scheme = "https://"
        } else {
            throw .invalidAddress("it must begin with http:// or https://")
        }
        rest = rest.dropFirst(scheme.count)
        guard !rest.contains(where: { "@?#\\".contains($0) }) else {
            throw .invalidAddress("a user name, a query or a fragment does not belong there")
        }
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash].lowercased()
        guard !authority.isEmpty, !authority.hasPrefix(":") else { throw .invalidAddress("the host is missing") }
        if !authority.hasSuffix("]"), let colon = authority.lastIndex(of: ":") {
            guard let port = Int(authority[authority.index(after: colon)...]), (1...65535).contains(port) else {
                throw .invalidAddress("the port must be a number from 1 to 65535")
            }
        }
        description = scheme + authority + rest[slash...]
    }
}
