/// A media type without parameters, such as `application/json`, in lower case.
package struct MediaType: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue.lowercased() }

    package static let json = MediaType(rawValue: "application/json")
    package static let mergePatch = MediaType(rawValue: "application/merge-patch+json")
    package static let problem = MediaType(rawValue: "application/problem+json")
    package static let form = MediaType(rawValue: "application/x-www-form-urlencoded")
    package static let text = MediaType(rawValue: "text/plain")
    package static let yaml = MediaType(rawValue: "application/yaml")
    package static let eventStream = MediaType(rawValue: "text/event-stream")
    package static let protobuf = MediaType(rawValue: "application/x-protobuf")

    /// The type in a `Content-Type` field; nil when there is none.
    init?(contentType: String) {
        let type = Self.trimmed(contentType.utf8.prefix { $0 != UInt8(ascii: ";") })
        guard let slash = type.firstIndex(of: "/"), slash != type.startIndex, type.index(after: slash) != type.endIndex
        else { return nil }
        self.init(rawValue: type)
    }

    /// Whether a list of `Accept` fields allows the type (RFC 9110, 12.5.1): the most specific range that names it has
    /// not `q=0`.
    ///
    /// No field allows everything.
    func isAccepted(by fields: [String]) -> Bool {
        if fields.isEmpty { return true }
        let family = rawValue.prefix { $0 != "/" } + "/*"
        var best: (specificity: Int, isAccepted: Bool)?
        for field in fields {
            for item in field.split(separator: ",") {
                let parts = item.split(separator: ";").map { Self.trimmed($0.utf8).lowercased() }
                guard let range = parts.first else { continue }
                let specificity = range == rawValue ? 3 : range == family ? 2 : range == "*/*" ? 1 : 0
                guard specificity > best?.specificity ?? 0 else { continue }
                let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
                best = (specificity, quality ?? 1 > 0)
            }
        }
        return best?.isAccepted ?? false
    }

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return String(Substring(text))
    }
}
