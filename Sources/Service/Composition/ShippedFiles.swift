import Basics

/// Finds what comes with the server, the rules and the dashboard, wherever it was started from.
///
/// Looked for in this order: the working folder; `../share/kaskman` beside the folder of the executable, where it is
/// installed; and the repository, when the executable lies in its `.build`.
struct ShippedFiles: Sendable {
    /// Where the shipped files may be, the best place first.
    let folders: [String]
    private let fileSystem: any FileSystem

    /// - Parameters:
    ///   - executable: The absolute path of the running program, links followed; nil to look in the working folder only.
    ///   - fileSystem: Where it is looked.
    init(executable: String?, fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
        var folders = ["."]
        if let executable {
            let parts = executable.split(separator: "/")
            func folder(_ parts: some Sequence<Substring>) -> String { "/" + parts.joined(separator: "/") }
            folders.append(folder(parts.dropLast(2) + ["share", "kaskman"]))
            if let build = parts.lastIndex(of: ".build") { folders.append(folder(parts[..<build])) }
        }
        self.folders = folders
    }

    /// The shipped rule files, sorted; empty when there are none anywhere.
    var rules: [String] {
        for folder in folders {
            let paths = (try? PathPattern.paths(matching: folder + "/alerts/*.yml", in: fileSystem)) ?? []
            if !paths.isEmpty { return paths }
        }
        return []
    }

    /// The folder of the dashboard; nil when it is nowhere.
    var web: String? {
        folders.map { $0 + "/web" }.first { folder in
            (try? fileSystem.attributes(of: folder + "/index.html"))??.kind == .file
        }
    }
}
