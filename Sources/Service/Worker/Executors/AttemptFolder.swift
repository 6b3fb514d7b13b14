package import Basics
import Foundation

/// The folder of one attempt: fresh when it begins, gone when it has ended.
///
/// Concurrency: calls block until the disk has answered.
package struct AttemptFolder: Hashable, Sendable {
    /// The name of the folder, and the mark of the attempt's processes.
    package let run: String
    package let path: String

    package init(run: String, below folder: String) {
        self.run = run
        path = folder + "/" + run
    }

    /// Where the program runs.
    package var work: String { path + "/work" }
    /// Where it may leave its output.
    package var output: String { path + "/output.json" }
    /// Where it appends its metrics.
    package var metrics: String { path + "/metrics.prom" }
    /// What those gave that were to end first.
    package var upstream: String { path + "/upstream.json" }
    /// Where it may leave tasks to be made, when it coordinates a plan.
    package var children: String { path + "/children.json" }
    package var standardInput: String { path + "/stdin" }
    /// Its TMPDIR.
    package var temporary: String { path + "/tmp" }

    /// Makes the folders.
    package func make(_ fileSystem: any FileSystem) throws(FileSystemError) {
        for folder in [work, temporary] { try fileSystem.createDirectory(folder, mode: .ownerOnlyDirectory) }
    }

    /// Removes everything, and returns whether that worked; links are removed, not followed.
    package func remove() -> Bool {
        do {
            try FileManager.default.removeItem(atPath: path)
            return true
        } catch {
            return !FileManager.default.fileExists(atPath: path)
        }
    }
}
