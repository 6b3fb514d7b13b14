package import Basics
package import Client

/// The results that the server has not accepted yet, on the disk: they survive the worker.
///
/// Concurrency: any thread; a call blocks until the disk has answered.
package struct Outbox: Sendable {
    /// No more work is asked for while so many results wait.
    package static let resultsMax = 1000

    private let folder: String
    private let fileSystem: any FileSystem
    private static let suffix = ".result"

    /// What lies in the outbox.
    package struct Content: Hashable, Sendable {
        package var results: [AttemptResult] = []
        /// Files that cannot be read; they stay, for a person to look at.
        package var damaged: [String] = []
    }

    /// Makes the folder.
    package init(folder: String, fileSystem: any FileSystem) throws(FileSystemError) {
        self.folder = folder
        self.fileSystem = fileSystem
        try fileSystem.createDirectory(folder, mode: .ownerOnlyDirectory)
    }

    /// Keeps a result; it is on the disk when the call returns.
    package func put(_ result: AttemptResult) throws(FileSystemError) {
        try fileSystem.writeAtomically(OutboxFile.encode(result), to: path(result.key), mode: .ownerOnly)
    }

    /// Forgets a result that was accepted, or refused for good.
    package func remove(_ key: LeaseKey) throws(FileSystemError) { try fileSystem.remove(path(key)) }

    /// Everything that waits, in the order of the names.
    package func content() throws(FileSystemError) -> Content {
        var content = Content()
        for name in try fileSystem.list(folder) {
            let path = folder + "/" + name
            guard name.hasSuffix(Self.suffix) else {
                // What a crash left half written was never a result.
                if name.hasSuffix(".new") { try fileSystem.remove(path) }
                continue
            }
            guard let bytes = try? fileSystem.read(path, bytesMax: OutboxFile.bytesMax),
                let result = try? OutboxFile.decode(bytes)
            else {
                content.damaged.append(path)
                continue
            }
            content.results.append(result)
        }
        return content
    }

    private func path(_ key: LeaseKey) -> String {
        // Identifiers come from the server: what is no letter, digit or dash must not choose the place on the disk.
        let id = key.taskID.unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)) ? scalar : "-"
        }
        var name = String.UnicodeScalarView()
        name.append(contentsOf: id)
        return "\(folder)/\(String(name))-\(key.token)\(Self.suffix)"
    }
}
