import Basics
import PromQL
import Rules

/// The rule files that the settings name: looked for and read, at the start and in each reload.
struct RuleFileSet: Sendable {
    /// What was found.
    struct Content: Sendable {
        /// The files that the rules came from.
        let paths: [String]
        let files: [RuleFile]
        /// Whether the rules that come with the server are to be used and are nowhere.
        let isWithoutShipped: Bool

        var groups: [RuleGroupDefinition] { files.flatMap(\.groups) }
    }

    let settings: Settings.RulesSettings
    let shipped: ShippedFiles
    let fileSystem: any FileSystem
    let readExpression: RuleFileLoader.ExpressionReader

    /// - Throws: ``SettingsError`` that lists every fault of every rule file with its place, and each pattern that
    ///   names no file.
    func read() throws(SettingsError) -> Content {
        let paths = settings.usesShipped ? shipped.rules : try patternPaths()
        return Content(
            paths: paths,
            files: try load(paths),
            isWithoutShipped: settings.usesShipped && paths.isEmpty
        )
    }

    private func patternPaths() throws(SettingsError) -> [String] {
        var paths: [String] = []
        var faults: [String] = []
        for pattern in settings.files {
            do throws(FileSystemError) {
                let found = try PathPattern.paths(matching: pattern, in: fileSystem)
                if found.isEmpty { faults.append("rules.files: \(pattern) names no file") }
                paths += found
            } catch {
                faults.append("rules.files: \(pattern): \(error)")
            }
        }
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
        return paths
    }

    private func load(_ paths: [String]) throws(SettingsError) -> [RuleFile] {
        let loader = RuleFileLoader(readExpression: readExpression)
        var files: [RuleFile] = []
        var faults: [String] = []
        for path in paths {
            do throws(RuleFileErrors) {
                files.append(try loader.load(path, from: fileSystem))
            } catch {
                faults.append("\(error)")
            }
        }
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
        return files
    }
}

/// Which rules were read, and a name for that version of them.
struct LoadedRules: Sendable, Equatable {
    let files: [String]
    let groups: Int
    let rules: Int
    /// The SHA-256 of the files' contents, one after the other.
    let sha256: String

    init(_ files: [RuleFile]) {
        self.files = files.map(\.path)
        groups = files.reduce(0) { $0 + $1.groups.count }
        rules = files.flatMap(\.groups).reduce(0) { $0 + $1.rules.count }
        sha256 = OwnEvents.sha256(files.lazy.flatMap(\.text.utf8))
    }
}
