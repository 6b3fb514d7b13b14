/// The files that a component may touch, behind a protocol, so that tests can break the disk.
///
/// Concurrency: implementations may be shared between threads; every call blocks until the disk has answered.
public protocol FileSystem: Sendable {
    /// The whole content of a file.
    /// - Throws: ``FileSystemError``; `tooLarge` when the file has more than `bytesMax` bytes.
    func read(_ path: String, bytesMax: Int) throws(FileSystemError) -> [UInt8]

    /// Replaces a file's content so that after a crash either the old or the new content is there, whole.
    ///
    /// The bytes and the directory entry are flushed to the disk before the call returns.
    func writeAtomically(_ bytes: [UInt8], to path: String, mode: FileMode) throws(FileSystemError)

    /// Writes bytes into a file from an offset on, which is at most its size; makes the file when it is missing.
    ///
    /// The bytes need not have reached the disk when the call returns; ``move(_:to:)`` sees to that. A write that fails
    /// may have written some of them.
    func write(
        _ bytes: UnsafeRawBufferPointer,
        to path: String,
        at offset: Int,
        mode: FileMode
    ) throws(FileSystemError)

    /// The bytes of a file from an offset on, at most `countMax`; fewer at its end, none behind it.
    func read(_ path: String, from offset: Int, countMax: Int) throws(FileSystemError) -> [UInt8]

    /// Gives a file another name, in place of what has it, so that after a crash it is whole under one of the two.
    ///
    /// The content and both directory entries are flushed to the disk before the call returns.
    func move(_ source: String, to destination: String) throws(FileSystemError)

    /// The names in a directory, sorted, without `.` and `..`.
    func list(_ directory: String) throws(FileSystemError) -> [String]

    /// Kind, size and modification time of what is at a path; nil when nothing is there.
    func attributes(of path: String) throws(FileSystemError) -> FileAttributes?

    /// Makes a directory and those above it; succeeds when it exists.
    func createDirectory(_ path: String, mode: FileMode) throws(FileSystemError)

    /// Removes a file; succeeds when it is not there.
    func remove(_ path: String) throws(FileSystemError)

    /// The bytes that an unprivileged process may still write to the file system that holds `path`.
    func availableBytes(at path: String) throws(FileSystemError) -> UInt64
}

/// Permission bits of a new file or directory.
public struct FileMode: RawRepresentable, Hashable, Sendable {
    /// The bits as `chmod` takes them.
    public let rawValue: UInt32

    /// Makes a mode from the bits that `chmod` takes.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Readable and writable by the owner alone (0600): secrets.
    public static let ownerOnly = FileMode(rawValue: 0o600)
    /// Readable by everyone, writable by the owner (0644).
    public static let shared = FileMode(rawValue: 0o644)
    /// A directory for the owner alone (0700).
    public static let ownerOnlyDirectory = FileMode(rawValue: 0o700)
    /// A directory that everyone may read (0755).
    public static let sharedDirectory = FileMode(rawValue: 0o755)
}

/// What is known about a file without opening it.
public struct FileAttributes: Hashable, Sendable {
    /// The kinds of entry that the platform tells apart.
    public enum Kind: Hashable, Sendable {
        case file, directory, other
    }

    /// What the path leads to, links followed.
    public let kind: Kind
    /// Size in bytes.
    public let size: Int
    /// When the content was last changed.
    public let modified: Timestamp

    /// Makes the attributes; `size` is in bytes.
    public init(kind: Kind, size: Int, modified: Timestamp) {
        self.kind = kind
        self.size = size
        self.modified = modified
    }
}

/// A disk that did not do what it was asked: which operation, on which path, and why.
public struct FileSystemError: Error, Hashable, CustomStringConvertible {
    /// The causes that callers tell apart; a closed set, since it becomes the label `error_code`.
    public enum Code: String, CaseIterable, Sendable {
        case notFound = "not_found"
        case permissionDenied = "permission_denied"
        case noSpace = "no_space"
        case tooLarge = "too_large"
        case inputOutput = "input_output"
    }

    /// The cause, for callers that decide by it.
    public let code: Code
    /// What was tried, as a verb: `read`, `write`, `list`.
    public let operation: String
    /// The path that it was tried on.
    public let path: String
    /// The operating system's words.
    public let reason: String

    /// Makes the error; `reason` is for people, `code` for programs.
    public init(code: Code, operation: String, path: String, reason: String) {
        self.code = code
        self.operation = operation
        self.path = path
        self.reason = reason
    }

    /// A sentence with the operation, the path and the reason.
    public var description: String { "cannot \(operation) \(path): \(reason)" }
}
