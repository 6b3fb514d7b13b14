package import HTTPTypes

/// Which pages may open a stream: those of the server itself, and those that the operator names.
///
/// A program that is no browser sends no `Origin`, and is not asked for one; its token is what counts.
package struct OriginPolicy: Sendable {
    private static let name = HTTPField.Name("Origin")

    private let allowed: Set<String>

    /// `allowed`: origins as browsers write them, such as `https://lab.example:8443`; case does not count.
    package init(allowed: [String] = []) {
        self.allowed = Set(allowed.map { $0.lowercased() })
    }

    /// Whether a text is an origin as browsers write it: a scheme, a host, perhaps a port, and nothing behind.
    package static func isOrigin(_ text: String) -> Bool {
        let text = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty && !rest.contains { "/?#@ ".contains($0) }
    }

    /// The origin of an address, such as that under which people reach the server.
    package static func origin(of url: String) -> String {
        url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }

    package func allows(_ head: HTTPRequest) -> Bool {
        guard let name = Self.name else { return false }
        let origins = head.headerFields[values: name]
        guard let origin = origins.first?.lowercased() else { return true }
        guard origins.count == 1 else { return false }
        if allowed.contains(origin) { return true }
        guard let host = head.authority?.lowercased(), !host.isEmpty else { return false }
        return origin == "http://" + host || origin == "https://" + host
    }
}
