/// The path of a route with names for its variable segments: `/api/v1/projects/{id}`.
package struct PathTemplate: Hashable, Sendable, CustomStringConvertible {
    /// A part between two slashes.
    enum Segment: Hashable, Sendable {
        case literal(String)
        case capture(String)
    }

    package let description: String
    let segments: [Segment]

    /// Reads a template.
    /// - Precondition: it begins with a slash, its segments are not empty, and names do not repeat.
    package init(_ text: String) {
        precondition(text.hasPrefix("/"), "BUG: the path \(text) does not begin with a slash")
        description = text
        segments =
            text == "/"
            ? []
            : text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
                precondition(!$0.isEmpty, "BUG: the path \(text) has an empty segment")
                return $0.hasPrefix("{") && $0.hasSuffix("}") && $0.count > 2
                    ? .capture(String($0.dropFirst().dropLast())) : .literal(String($0))
            }
        precondition(Set(captureNames).count == captureNames.count, "BUG: the path \(text) repeats a name")
        precondition(segments.count <= Self.segmentsMax, "BUG: the path \(text) is too deep")
    }

    /// The names in braces, from left to right.
    package var captureNames: [String] {
        segments.compactMap { if case .capture(let name) = $0 { name } else { nil } }
    }

    /// Segments of a template; a path with more matches none.
    static let segmentsMax = 16
}

extension PathTemplate {
    /// A path that is matched as it stands, braces and empty segments included: a file's.
    init(literal path: String) {
        description = path
        segments = []
    }
}
