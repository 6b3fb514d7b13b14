import Foundation
import Testing

@testable import Basics

/// What every file system does: run on the real disk and on the faulty twin.
@Suite("File systems")
struct FileSystemTests {
    enum Implementation: String, CaseIterable {
        case disk, memory
    }

    private func with(_ implementation: Implementation, _ body: (any FileSystem, String) throws -> Void) throws {
        switch implementation {
        case .memory:
            let fileSystem = FaultyFileSystem()
            try fileSystem.createDirectory("/data", mode: .ownerOnlyDirectory)
            try body(fileSystem, "/data")
        case .disk:
            let folder = FileManager.default.temporaryDirectory.appending(path: "basics-\(UUID().uuidString)").path
            try DiskFileSystem().createDirectory(folder, mode: .ownerOnlyDirectory)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try body(DiskFileSystem(), folder)
        }
    }

    @Test("A file is read back as it was written, and replaced whole", arguments: Implementation.allCases)
    func writing(_ implementation: Implementation) throws {
        try with(implementation) { files, folder in
            let large = [UInt8](repeating: 7, count: 300_000)
            try files.writeAtomically(large, to: folder + "/a", mode: .shared)
            #expect(try files.read(folder + "/a", bytesMax: 300_000) == large)
            try files.writeAtomically([1, 2, 3], to: folder + "/a", mode: .shared)
            #expect(try files.read(folder + "/a", bytesMax: 3) == [1, 2, 3])
            #expect(try files.attributes(of: folder + "/a")?.size == 3)
            #expect(try files.list(folder) == ["a"])
        }
    }

    @Test("Writers of one file at the same time do not disturb each other")
    func concurrentWriting() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "basics-\(UUID().uuidString)").path
        let files = DiskFileSystem()
        try files.createDirectory(folder, mode: .ownerOnlyDirectory)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for writer in UInt8(0)..<4 {
                tasks.addTask {
                    for _ in 0..<10 {
                        let content = [UInt8](repeating: writer, count: 100_000)
                        try files.writeAtomically(content, to: folder + "/a", mode: .shared)
                    }
                }
            }
            try await tasks.waitForAll()
        }
        let content = try files.read(folder + "/a", bytesMax: 100_000)
        #expect(content.count == 100_000 && Set(content).count == 1)
        #expect(try files.list(folder) == ["a"])
    }

    @Test("What the file system reports saturates")
    func reportedNumbers() throws {
        #expect(DiskFileSystem.bytes(ofBlocks: 10, size: 4096) == 40_960)
        #expect(DiskFileSystem.bytes(ofBlocks: .max, size: 4096) == .max)
    }

    @Test("A file is written and read in parts, and moved whole", arguments: Implementation.allCases)
    func parts(_ implementation: Implementation) throws {
        try with(implementation) { files, folder in
            func write(_ bytes: [UInt8], at offset: Int) throws {
                try bytes.withUnsafeBytes { try files.write($0, to: folder + "/a", at: offset, mode: .ownerOnly) }
            }
            try write([1, 2, 3], at: 0)
            try write([4, 5], at: 3)
            try write([9], at: 1)
            try write([], at: 5)
            #expect(try files.read(folder + "/a", bytesMax: 9) == [1, 9, 3, 4, 5])
            #expect(try files.read(folder + "/a", from: 1, countMax: 3) == [9, 3, 4])
            #expect(try files.read(folder + "/a", from: 4, countMax: 9) == [5])
            #expect(try files.read(folder + "/a", from: 5, countMax: 9).isEmpty)
            try files.createDirectory(folder + "/x/y", mode: .ownerOnlyDirectory)
            try files.writeAtomically([7], to: folder + "/x/y/b", mode: .ownerOnly)
            try files.move(folder + "/a", to: folder + "/x/y/b")
            #expect(try files.read(folder + "/x/y/b", bytesMax: 9) == [1, 9, 3, 4, 5])
            #expect(try files.attributes(of: folder + "/a") == nil)
            #expect(throws: FileSystemError.self) { try files.move(folder + "/a", to: folder + "/b") }
            #expect(throws: FileSystemError.self) { try files.move(folder + "/x/y/b", to: folder + "/z/b") }
            #expect(throws: FileSystemError.self) { try files.read(folder + "/a", from: 0, countMax: 1) }
        }
    }

    @Test("Limits and missing files are typed errors", arguments: Implementation.allCases)
    func errors(_ implementation: Implementation) throws {
        try with(implementation) { files, folder in
            try files.writeAtomically([1, 2, 3], to: folder + "/a", mode: .shared)
            func code(_ body: () throws -> Void) -> FileSystemError.Code? {
                do { try body() } catch { return (error as? FileSystemError)?.code }
                return nil
            }
            #expect(code { _ = try files.read(folder + "/a", bytesMax: 2) } == .tooLarge)
            #expect(code { _ = try files.read(folder + "/b", bytesMax: 2) } == .notFound)
            #expect(code { _ = try files.list(folder + "/b") } == .notFound)
            #expect(code { try files.writeAtomically([], to: folder + "/b/c", mode: .shared) } == .notFound)
            #expect(code { try files.createDirectory(folder + "/a", mode: .shared) } == .inputOutput)
            #expect(try files.attributes(of: folder + "/b") == nil)
            #expect(code { try files.remove(folder + "/b") } == nil)
        }
    }

    @Test("Directories are made with those above them", arguments: Implementation.allCases)
    func directories(_ implementation: Implementation) throws {
        try with(implementation) { files, folder in
            try files.createDirectory(folder + "/x/y/z", mode: .sharedDirectory)
            try files.createDirectory(folder + "/x/y/z", mode: .sharedDirectory)
            #expect(try files.attributes(of: folder + "/x/y/z")?.kind == .directory)
            #expect(try files.availableBytes(at: folder) > 0)
        }
    }

    @Test("The faulty twin fails as it is told to, and a failed write leaves the old content")
    func faults() throws {
        let files = FaultyFileSystem(capacity: 10)
        try files.createDirectory("/data", mode: .ownerOnlyDirectory)
        try files.writeAtomically([1, 2, 3], to: "/data/a", mode: .ownerOnly)
        #expect(throws: FileSystemError.self) {
            try files.writeAtomically([UInt8](repeating: 0, count: 11), to: "/data/a", mode: .ownerOnly)
        }
        files.fail(.read, on: "/data", with: .inputOutput)
        #expect(throws: FileSystemError.self) { try files.read("/data/a", bytesMax: 10) }
        files.repair()
        #expect(try files.read("/data/a", bytesMax: 10) == [1, 2, 3])
        #expect(files.mode(of: "/data/a") == .ownerOnly)
    }
}
