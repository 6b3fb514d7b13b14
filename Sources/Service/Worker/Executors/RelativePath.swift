/// A path that stays below the folder that it starts from, as far as its text says; links are another matter.
///
/// Pure.
package struct RelativePath: Hashable, Sendable {
    package static let bytesMax = 512

    package let parts: [String]

    /// Nil for an absolute path, one that climbs (`..`), one that names nothing, and one that is too long.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.bytesMax, !text.hasPrefix("/"), !text.utf8.contains(0) else {
            return nil
        }
        let parts = text.split(separator: "/").map(String.init).filter { $0 != "." }
        guard !parts.isEmpty, !parts.contains("..") else { return nil }
        self.parts = parts
    }

    /// With slashes, and nothing that means nothing.
    package var text: String { parts.joined(separator: "/") }
}
