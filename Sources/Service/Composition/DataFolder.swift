import Basics
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folder that holds everything the platform keeps, held against a second server.
///
/// Two servers in one folder would each evaluate rules, notify and hand out the same work. The lock is the kernel's and
/// ends with the process, however that ends: a file that was left behind is no obstacle.
final class DataFolder: Sendable {
    /// The file that is locked; it holds the process's number and a line's end.
    static let lockName = "kaskman.lock"
    /// The database's file; SQLite's own two beside it have its mode.
    static let databaseName = "kaskman.sqlite"
    /// What an earlier version may have made readable for others.
    private static let privateNames = [
        databaseName, databaseName + "-wal", databaseName + "-shm", databaseName + "-journal", lockName,
    ]

    let path: String
    /// Files whose mode could not be narrowed, with the reason: others may read them.
    let exposed: [String]
    /// Of the lock's file; nil once it is released.
    private let lock: Mutex<CInt?>

    /// Makes the folder when it is missing, for its owner alone, and takes it; whatever the umask, the database's files
    /// are their owner's alone; they are made when `hasDatabase` says that the embedded database is in the folder.
    /// - Throws: ``DataFolderError``.
    init(_ path: String, fileSystem: any FileSystem, hasDatabase: Bool = true) throws(DataFolderError) {
        self.path = path
        do throws(FileSystemError) {
            try fileSystem.createDirectory(path, mode: .ownerOnlyDirectory)
        } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
        let descriptor = try Self.lock(path + "/" + Self.lockName, of: path)
        lock = Mutex(descriptor)
        exposed = Self.privateNames.compactMap { Self.narrow(path + "/" + $0) }
        do throws(DataFolderError) {
            if hasDatabase { close(try Self.open(Self.databasePath(in: path), of: path)) }
        } catch {
            release()
            throw error
        }
    }

    /// Where the database of a data folder is.
    static func databasePath(in folder: String) -> String { folder + "/" + databaseName }

    deinit { release() }

    /// Lets others take the folder; the second call does nothing.
    func release() {
        let descriptor = lock.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let descriptor { close(descriptor) }
    }

    /// Opens a file, which is made for its owner alone when it is missing.
    private static func open(_ file: String, of path: String) throws(DataFolderError) -> CInt {
        let descriptor = systemOpen(file, O_RDWR | O_CREAT | O_CLOEXEC, mode_t(FileMode.ownerOnly.rawValue))
        guard descriptor >= 0 else { throw .unusable(path: path, reason: "cannot open \(file): \(systemReason())") }
        return descriptor
    }

    /// Takes everyone's access but the owner's from a file; returns what is wrong when that is refused.
    private static func narrow(_ file: String) -> String? {
        var status = stat()
        guard stat(file, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
        guard chmod(file, status.st_mode & 0o700) != 0 else { return nil }
        return "\(file): \(systemReason())"
    }

    private static func lock(_ file: String, of path: String) throws(DataFolderError) -> CInt {
        let descriptor = try open(file, of: path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let reason = "cannot lock \(file): \(systemReason())"
            defer { close(descriptor) }
            throw isHeld ? .inUse(path: path, process: process(in: descriptor)) : .unusable(path: path, reason: reason)
        }
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            let reason = "cannot write \(file): \(systemReason())"
            close(descriptor)
            throw .unusable(path: path, reason: reason)
        }
        return descriptor
    }

    /// The number that the holder wrote; nil in the moment before it does.
    private static func process(in descriptor: CInt) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return Int(String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 0x0a }, as: UTF8.self))
    }

    private static func systemReason() -> String { String(cString: strerror(errno)) }
}

/// The system's `open`, which the method's name hides.
private func systemOpen(_ path: String, _ flags: CInt, _ mode: mode_t) -> CInt { open(path, flags, mode) }

/// Why a server cannot have its data folder.
enum DataFolderError: Error, Hashable, CustomStringConvertible {
    /// Another server runs in it; nil when its process has not told its number yet.
    case inUse(path: String, process: Int?)
    case unusable(path: String, reason: String)

    var description: String {
        switch self {
        case .inUse(let path, let process):
            "the data folder \(path) is already in use by \(process.map { "process \($0)" } ?? "another process"); "
                + "end that server, or give this one a folder of its own (data_dir, KASKMAN_DATA_DIR, --data-dir)"
        case .unusable(let path, let reason):
            "the data folder \(path) (data_dir) cannot be used: \(reason)"
        }
    }
}
