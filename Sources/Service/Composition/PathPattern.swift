import Basics

/// Paths whose last part may hold `*` for any characters, as `rules.files` has them.
enum PathPattern {
    /// The files that a pattern names, sorted; a path without `*` is itself, whether it exists or not.
    static func paths(matching pattern: String, in fileSystem: any FileSystem) throws(FileSystemError) -> [String] {
        let slash = pattern.lastIndex(of: "/")
        let name = slash.map { pattern[pattern.index(after: $0)...] } ?? pattern[...]
        guard name.contains("*") else { return [pattern] }
        let directory = slash.map { $0 == pattern.startIndex ? "/" : String(pattern[..<$0]) } ?? "."
        guard try fileSystem.attributes(of: directory)?.kind == .directory else { return [] }
        let prefix = slash.map { String(pattern[...$0]) } ?? ""
        var paths: [String] = []
        for entry in try fileSystem.list(directory) where matches(Array(entry), Array(name)) {
            if try fileSystem.attributes(of: prefix + entry)?.kind == .file { paths.append(prefix + entry) }
        }
        return paths
    }

    private static func matches(_ name: [Character], _ pattern: [Character]) -> Bool {
        // The place behind the last star, and where in the name that star ends: where to go back to on a mismatch.
        var star: (pattern: Int, name: Int)?
        var patternIndex = 0
        var nameIndex = 0
        while nameIndex < name.count {
            if patternIndex < pattern.count, pattern[patternIndex] == "*" {
                star = (patternIndex + 1, nameIndex)
                patternIndex += 1
            } else if patternIndex < pattern.count, pattern[patternIndex] == name[nameIndex] {
                patternIndex += 1
                nameIndex += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                patternIndex = last.pattern
                nameIndex = last.name + 1
            } else {
                return false
            }
        }
        return pattern[patternIndex...].allSatisfy { $0 == "*" }
    }
}
