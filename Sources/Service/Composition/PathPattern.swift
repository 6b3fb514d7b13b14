import Basics

/// Paths whose last part may hold `*`, `?` and `[…]`, as `rules.files` has them.
enum PathPattern {
    /// The files that a pattern names, sorted; one that is the path of a file is that file, whatever it looks like.
    static func paths(matching pattern: String, in fileSystem: any FileSystem) throws(FileSystemError) -> [String] {
        if try fileSystem.attributes(of: pattern)?.kind == .file { return [pattern] }
        let slash = pattern.lastIndex(of: "/")
        let name = slash.map { pattern[pattern.index(after: $0)...] } ?? pattern[...]
        guard name.contains(where: { "*?[".contains($0) }) else { return [] }
        let directory = slash.map { $0 == pattern.startIndex ? "/" : String(pattern[..<$0]) } ?? "."
        guard try fileSystem.attributes(of: directory)?.kind == .directory else { return [] }
        let prefix = slash.map { String(pattern[...$0]) } ?? ""
        var paths: [String] = []
        for entry in try fileSystem.list(directory) where Wildcards.matches(entry, String(name)) {
            if try fileSystem.attributes(of: prefix + entry)?.kind == .file { paths.append(prefix + entry) }
        }
        return paths
    }
}
