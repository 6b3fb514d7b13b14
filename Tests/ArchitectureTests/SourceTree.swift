import Foundation

/// The repository's files as the checks read them.
enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The wings in the order of the arrows: a target may import only targets above its own.
    static let wings: [(folder: String, targets: [String])] = [
        ("Core", ["Basics", "JSON", "RegularExpressions", "MetricModel", "Instruments", "Supervision"]),
        (
            "Observability",
            ["Exposition", "TimeSeries", "PromQL", "Queries", "Scraping", "Rules", "Notifications"]
        ),
        ("Platform", ["Database", "KeyValue", "Events", "Records", "Identity"]),
        ("Research", ["Projects", "Coordination", "Tasks", "Schedules", "Agents", "Learning", "Discovery"]),
        ("Service", ["APIModel", "HTTP", "WebAPI", "Alerting", "Client", "Worker", "Composition"]),
        ("Commands", ["kaskman-server", "kaskman", "kaskman-worker"]),
    ]

    static var order: [String] { wings.flatMap(\.targets) }

    struct Module {
        let name: String
        let wing: String
        let files: [URL]
    }

    /// The targets that exist.
    static let modules: [Module] = wings.flatMap { wing in
        wing.targets.compactMap { target in
            let files = swiftFiles(below: "Sources/\(wing.folder)/\(target)")
            return files.isEmpty ? nil : Module(name: target, wing: wing.folder, files: files)
        }
    }

    static func swiftFiles(below folder: String) -> [URL] {
        files(below: folder).filter { $0.pathExtension == "swift" }
    }

    static func files(below folder: String) -> [URL] {
        let walk = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
        return (walk?.allObjects as? [URL] ?? []).sorted { $0.path < $1.path }
    }

    static func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

    static func name(_ file: URL) -> String { String(file.path.dropFirst(root.path.count + 1)) }

    /// The modules that a file imports.
    static func imports(of file: URL) throws -> Set<String> {
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public\s+|package\s+|internal\s+|private\s+)?import\s+(?:struct\s+|class\s+|enum\s+|protocol\s+|func\s+)?(\w+)/
        return try Set(text(file).split(separator: "\n").compactMap { $0.firstMatch(of: pattern).map { String($0.1) } })
    }
}
