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

    let path: String
    /// Of the lock's file; nil once it is released.
    private let lock: Mutex<CInt?>

    /// Makes the folder when it is missing, for its owner alone, and takes it.
    /// - Throws: ``DataFolderError``.
    init(_ path: String, fileSystem: any FileSystem) throws(DataFolderError) {
        self.path = path
        do throws(FileSystemError) {
            try fileSystem.createDirectory(path, mode: .ownerOnlyDirectory)
        } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
        lock = Mutex(try Self.lock(path + "/" + Self.lockName, of: path))
    }

    deinit { release() }

    /// Lets others take the folder; the second call does nothing.
    func release() {
        let descriptor = lock.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let descriptor { close(descriptor) }
    }

    private static func lock(_ file: String, of path: String) throws(DataFolderError) -> CInt {
        let mode = mode_t(FileMode.ownerOnly.rawValue)
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .unusable(path: path, reason: "cannot open \(file): \(systemReason())") }
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
