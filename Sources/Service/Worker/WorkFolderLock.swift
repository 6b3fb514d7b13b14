package import Basics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Keeps a work folder to one worker; ends with the object, or with the process, however that ends.
package final class WorkFolderLock: Sendable {
    /// Another worker has the folder, or it cannot be used.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    private let descriptor: Int32

    /// Makes the folder, and locks it.
    package init(_ folder: String, fileSystem: any FileSystem) throws(Fault) {
        do throws(FileSystemError) { try fileSystem.createDirectory(folder, mode: .ownerOnlyDirectory) } catch {
            throw Fault(description: "the work folder cannot be used: \(error)")
        }
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Fault(description: "the work folder cannot be used: \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Fault(description: "another worker uses the folder \(folder): give each one its own --work-dir")
        }
    }

    deinit { close(descriptor) }
}
