import Basics
import DatabaseTesting
import Foundation
import Testing

@testable import Composition

@Suite("The data folder")
struct DataFolderTests {
    private func folder(_ path: String) throws(DataFolderError) -> DataFolder {
        try DataFolder(path, fileSystem: DiskFileSystem())
    }

    @Test("A folder that a server holds is refused to a second one, and free again once the first has released it")
    func lock() async throws {
        try await withTemporaryDirectory { root in
            let path = root + "/deep/data"
            let first = try folder(path)
            let process = Int(ProcessInfo.processInfo.processIdentifier)
            #expect(throws: DataFolderError.inUse(path: path, process: process)) { try folder(path) }
            #expect(
                DataFolderError.inUse(path: path, process: process).description
                    .hasPrefix("the data folder \(path) is already in use by process \(process); end that server")
            )
            _ = try folder(root + "/other")
            first.release()
            first.release()
            try folder(path).release()
        }
    }

    @Test("A lock file that a dead server left behind is no obstacle, whatever it holds")
    func staleFile() async throws {
        try await withTemporaryDirectory { path in
            for text in ["", "1\n", "not a number", String(repeating: "9", count: 100)] {
                try text.write(toFile: path + "/kaskman.lock", atomically: false, encoding: .utf8)
                let held = try folder(path)
                let process = ProcessInfo.processInfo.processIdentifier
                #expect(try String(contentsOfFile: path + "/kaskman.lock", encoding: .utf8) == "\(process)\n")
                held.release()
            }
        }
    }

    @Test("The database's files are their owner's alone, new ones and those that were wider; others' files stay")
    func modes() async throws {
        func mode(_ path: String) throws -> Int? {
            (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
        }
        try await withTemporaryDirectory { root in
            let path = root + "/new/data"
            let made = try folder(path)
            #expect(try mode(root + "/new") == 0o700)
            #expect(try mode(path) == 0o700)
            #expect(try mode(path + "/kaskman.lock") == 0o600)
            made.release()
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            for (name, before, after) in [
                ("kaskman.sqlite", 0o644, 0o600), ("kaskman.sqlite-wal", 0o666, 0o600),
                ("kaskman.sqlite-shm", 0o640, 0o600), ("kaskman.lock", 0o644, 0o600), ("notes.txt", 0o644, 0o644),
            ] {
                try "".write(toFile: path + "/" + name, atomically: false, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: before], ofItemAtPath: path + "/" + name)
                let held = try folder(path)
                #expect(held.exposed == [])
                #expect(try mode(path + "/" + name) == after, "\(name)")
                held.release()
            }
            #expect(try mode(path) == 0o755, "whoever made the folder may have given it to others")
        }
    }

    @Test("A folder that cannot be made or written is refused with its path, the key and the reason")
    func unusable() async throws {
        try await withTemporaryDirectory { root in
            func expect(_ path: String, _ reason: String) {
                let error = #expect(throws: DataFolderError.self) { try folder(path) }
                let text = error?.description ?? ""
                #expect(text.hasPrefix("the data folder \(path) (data_dir) cannot be used: ") && text.contains(reason))
            }
            try "".write(toFile: root + "/file", atomically: false, encoding: .utf8)
            try FileManager.default.createDirectory(
                atPath: root + "/a/kaskman.lock",
                withIntermediateDirectories: true
            )
            expect(root + "/file", "a file of that name is in the way")
            expect(root + "/file/data", "Not a directory")
            expect(root + "/a", "cannot open \(root)/a/kaskman.lock: Is a directory")
        }
    }
}
