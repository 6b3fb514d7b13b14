import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The operating system's file system.
public struct DiskFileSystem: FileSystem {
    /// Makes the file system; it holds no state, so all are the same.
    public init() {}

    /// Reads the file whole; throws `tooLarge` as soon as more than `bytesMax` bytes have come.
    public func read(_ path: String, bytesMax: Int) throws(FileSystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        while true {
            let chunkSize = 64 * 1024
            var count = 0
            content.append(addingCapacity: chunkSize) { output in
                output.withUnsafeMutableBufferPointer { buffer, initialized in
                    let free = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[initialized...]
                    )
                    count = retryingInterrupts { systemRead(descriptor, free.baseAddress, min(free.count, chunkSize)) }
                    initialized += max(0, count)
                }
            }
            guard count >= 0 else { throw failure("read", path) }
            guard content.count <= bytesMax else {
                throw FileSystemError(
                    code: .tooLarge,
                    operation: "read",
                    path: path,
                    reason: "larger than \(bytesMax) bytes"
                )
            }
            if count == 0 { return content }
        }
    }

    /// Numbers the temporary files of this process.
    private static let temporaryCount = Atomic<UInt64>(0)

    /// Writes beside the file under a temporary name, flushes, renames over the file, and flushes the directory.
    ///
    /// The temporary name ends in `.PROCESS.NUMBER.new` and is used by no other write, so two writers of one file never
    /// see each other's half: the last to rename wins. A crash may leave such a file behind.
    public func writeAtomically(_ bytes: [UInt8], to path: String, mode: FileMode) throws(FileSystemError) {
        let number = Self.temporaryCount.wrappingAdd(1, ordering: .relaxed).newValue
        let temporary = "\(path).\(getpid()).\(number).new"
        // One that a dead process of the same number left behind.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(mode.rawValue))
        guard descriptor >= 0 else { throw failure("write", path) }
        var isComplete = false
        defer {
            close(descriptor)
            if !isComplete { unlink(temporary) }
        }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                retryingInterrupts {
                    systemWrite(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                }
            }
            guard count >= 0 else { throw failure("write", path) }
            written += count
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure("write", path) }
        isComplete = true
        try flushDirectory(of: path)
    }

    /// Writes with `pwrite`, as often as that takes; nothing is flushed.
    public func write(
        _ bytes: UnsafeRawBufferPointer,
        to path: String,
        at offset: Int,
        mode: FileMode
    ) throws(FileSystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode_t(mode.rawValue))
        guard descriptor >= 0 else { throw failure("write", path) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = retryingInterrupts {
                pwrite(
                    descriptor,
                    bytes.baseAddress.map { $0 + written },
                    bytes.count - written,
                    off_t(offset + written)
                )
            }
            guard count >= 0 else { throw failure("write", path) }
            written += count
        }
    }

    /// Reads with `pread`, as often as that takes.
    public func read(_ path: String, from offset: Int, countMax: Int) throws(FileSystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path) }
        defer { close(descriptor) }
        var isFailed = false
        let content = [UInt8](unsafeUninitializedCapacity: countMax) { buffer, count in
            while count < countMax {
                let read = retryingInterrupts {
                    pread(descriptor, buffer.baseAddress.map { $0 + count }, countMax - count, off_t(offset + count))
                }
                isFailed = read < 0
                guard read > 0 else { break }
                count += read
            }
        }
        if isFailed { throw failure("read", path) }
        return content
    }

    /// Flushes the file, renames it, and flushes the directories.
    public func move(_ source: String, to destination: String) throws(FileSystemError) {
        let descriptor = open(source, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("move", source) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0, rename(source, destination) == 0 else { throw failure("move", source) }
        try flushDirectory(of: destination)
        try flushDirectory(of: source)
    }

    /// The names in a directory, sorted, without `.` and `..`.
    public func list(_ directory: String) throws(FileSystemError) -> [String] {
        guard let stream = opendir(directory) else { throw failure("list", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// What `stat` says, symbolic links followed; nil when the path or a part of it does not exist.
    public func attributes(of path: String) throws(FileSystemError) -> FileAttributes? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("examine", path)
        }
        let kind: FileAttributes.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            default: .other
            }
        // The file system's word is input: a time out of range saturates.
        let modified = Timestamp(milliseconds: 0)
            .advanced(by: .seconds(status.st_mtim.tv_sec) + .nanoseconds(status.st_mtim.tv_nsec))
        return FileAttributes(kind: kind, size: Int(clamping: status.st_size), modified: modified)
    }

    /// Makes every missing directory of the path with the same mode, which the process's umask may narrow, and flushes
    /// where it stands, as far as that may be read.
    public func createDirectory(_ path: String, mode: FileMode) throws(FileSystemError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += prefix.isEmpty || prefix == "/" ? String(part) : "/" + part
            if mkdir(prefix, mode_t(mode.rawValue)) == 0 {
                try? flushDirectory(of: prefix)
            } else if errno != EEXIST {
                throw failure("create directory", path)
            }
        }
        guard try attributes(of: path)?.kind == .directory else {
            throw FileSystemError(
                code: .inputOutput,
                operation: "create directory",
                path: path,
                reason: "a file of that name is in the way"
            )
        }
    }

    /// Unlinks the file; one that does not exist is no error.
    public func remove(_ path: String) throws(FileSystemError) {
        if unlink(path) != 0 && errno != ENOENT { throw failure("remove", path) }
    }

    /// The free blocks of the path's file system that are not kept for the superuser, in bytes; saturates.
    public func availableBytes(at path: String) throws(FileSystemError) -> UInt64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw failure("examine", path) }
        return Self.bytes(ofBlocks: UInt64(status.f_bavail), size: UInt64(status.f_frsize))
    }

    /// Blocks in bytes; some network file systems report more than 64 bits hold.
    static func bytes(ofBlocks count: UInt64, size: UInt64) -> UInt64 {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        return overflow ? .max : product
    }

    private func flushDirectory(of path: String) throws(FileSystemError) {
        let directory = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("flush", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("flush", directory) }
    }

    private func failure(_ operation: String, _ path: String) -> FileSystemError {
        let number = errno
        let code: FileSystemError.Code =
            switch number {
            case ENOENT, ENOTDIR: .notFound
            case EACCES, EPERM, EROFS: .permissionDenied
            case ENOSPC, EDQUOT: .noSpace
            default: .inputOutput
            }
        return FileSystemError(code: code, operation: operation, path: path, reason: String(cString: strerror(number)))
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, buffer, count)
}

private func retryingInterrupts(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
