import Basics

/// A path with `*`, `?` and `[…]` in any of its parts, as Go's `filepath.Glob` reads it.
struct FilePattern {
    private let pattern: String

    init(_ pattern: String) { self.pattern = pattern }

    /// The paths that fit, sorted within each folder; folders that cannot be read hold nothing.
    func paths(in files: any FileSystem) -> [String] {
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        let parts = pattern.split(separator: "/")
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            found = found.flatMap { Self.expand($0, String(part), isLast: isLast, files) }
        }
        return parts.isEmpty ? [] : found
    }

    private static func expand(_ base: String, _ part: String, isLast: Bool, _ files: any FileSystem) -> [String] {
        let suffix = isLast ? "" : "/"
        guard part.contains(where: { "*?[\\".contains($0) }) else {
            let path = base + part
            guard isLast else { return [path + suffix] }
            return ((try? files.attributes(of: path)) ?? nil) == nil ? [] : [path]
        }
        // As in Go, a folder that cannot be read holds nothing.
        guard let names = try? files.list(base.isEmpty ? "." : base) else { return [] }
        return names.filter { Wildcards.matches($0, part) }.map { base + $0 + suffix }
    }
}
