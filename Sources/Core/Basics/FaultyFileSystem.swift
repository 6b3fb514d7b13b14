import Synchronization

/// A file system in memory that fails on demand: the twin of ``DiskFileSystem`` for tests.
///
/// It has a capacity (writes beyond it fail as on a full disk), and faults can be set for an operation and a path.
public final class FaultyFileSystem: FileSystem {
    /// The operations that can be made to fail.
    public enum Operation: String, Hashable, Sendable, CaseIterable {
        case read, write, list, examine, remove, move
        case createDirectory = "create directory"
    }

    private struct Entry {
        var content: [UInt8]?
        var modified: Timestamp
        var mode: FileMode
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var faults: [Operation: [(prefix: String, code: FileSystemError.Code)]] = [:]
        var capacity: UInt64

        var used: UInt64 { entries.values.reduce(0) { $0 + UInt64($1.content?.count ?? 0) } }
    }

    private let clock: any WallClock
    private let state: Mutex<State>

    /// Makes an empty file system with room for `capacity` bytes of content.
    public init(clock: any WallClock = ManualClock(), capacity: UInt64 = 1 << 30) {
        self.clock = clock
        state = Mutex(State(capacity: capacity))
    }

    /// Makes every `operation` on a path that begins with `prefix` fail with `code`, until ``repair()``.
    public func fail(_ operation: Operation, on prefix: String = "", with code: FileSystemError.Code) {
        state.withLock { $0.faults[operation, default: []].append((prefix, code)) }
    }

    /// Takes back all faults.
    public func repair() {
        state.withLock { $0.faults = [:] }
    }

    /// Sets how many bytes of content fit.
    public func setCapacity(_ bytes: UInt64) {
        state.withLock { $0.capacity = bytes }
    }

    /// The permission bits that a file or directory was made with.
    public func mode(of path: String) -> FileMode? {
        state.withLock { $0.entries[normalized(path)]?.mode }
    }

    /// The content in memory, unless a fault is set; `tooLarge` beyond `bytesMax` bytes.
    public func read(_ path: String, bytesMax: Int) throws(FileSystemError) -> [UInt8] {
        try perform(.read, path) { state, path throws(FileSystemError) in
            guard let content = state.entries[path]?.content else { throw error(.notFound, .read, path) }
            guard content.count <= bytesMax else { throw error(.tooLarge, .read, path) }
            return content
        }
    }

    /// Replaces the content in memory; throws `notFound` without the directory and `noSpace` beyond the capacity.
    public func writeAtomically(_ bytes: [UInt8], to path: String, mode: FileMode) throws(FileSystemError) {
        try perform(.write, path) { state, path throws(FileSystemError) in
            guard isDirectory(parent(of: path), in: state) else { throw error(.notFound, .write, path) }
            let replaced = UInt64(state.entries[path]?.content?.count ?? 0)
            guard state.used - replaced + UInt64(bytes.count) <= state.capacity else {
                throw error(.noSpace, .write, path)
            }
            state.entries[path] = Entry(content: bytes, modified: clock.now, mode: mode)
        }
    }

    /// Overwrites and appends in memory; throws `noSpace` beyond the capacity, and then has written nothing.
    public func write(
        _ bytes: UnsafeRawBufferPointer,
        to path: String,
        at offset: Int,
        mode: FileMode
    ) throws(FileSystemError) {
        let bytes = [UInt8](bytes)
        try perform(.write, path) { state, path throws(FileSystemError) in
            guard isDirectory(parent(of: path), in: state) else { throw error(.notFound, .write, path) }
            var content = state.entries[path]?.content ?? []
            let end = max(content.count, offset + bytes.count)
            guard state.used + UInt64(end - content.count) <= state.capacity else {
                throw error(.noSpace, .write, path)
            }
            content += [UInt8](repeating: 0, count: end - content.count)
            content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            let mode = state.entries[path]?.mode ?? mode
            state.entries[path] = Entry(content: content, modified: clock.now, mode: mode)
        }
    }

    /// A part of the content in memory.
    public func read(_ path: String, from offset: Int, countMax: Int) throws(FileSystemError) -> [UInt8] {
        try perform(.read, path) { state, path throws(FileSystemError) in
            guard let content = state.entries[path]?.content else { throw error(.notFound, .read, path) }
            return Array(content.dropFirst(offset).prefix(countMax))
        }
    }

    /// Gives an entry another name.
    public func move(_ source: String, to destination: String) throws(FileSystemError) {
        let destination = normalized(destination)
        try perform(.move, source) { state, path throws(FileSystemError) in
            guard let entry = state.entries[path], entry.content != nil, isDirectory(parent(of: destination), in: state)
            else { throw error(.notFound, .move, path) }
            state.entries[path] = nil
            state.entries[destination] = entry
        }
    }

    /// The names directly in a directory, sorted.
    public func list(_ directory: String) throws(FileSystemError) -> [String] {
        try perform(.list, directory) { state, path throws(FileSystemError) in
            guard isDirectory(path, in: state) else { throw error(.notFound, .list, path) }
            let prefix = path == "/" ? "/" : path + "/"
            return state.entries.keys.filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("/") }
                .map { String($0.dropFirst(prefix.count)) }.sorted()
        }
    }

    /// Kind, size and time of an entry; nil when there is none.
    public func attributes(of path: String) throws(FileSystemError) -> FileAttributes? {
        try perform(.examine, path) { state, path throws(FileSystemError) in
            state.entries[path].map { entry in
                FileAttributes(
                    kind: entry.content == nil ? .directory : .file,
                    size: entry.content?.count ?? 0,
                    modified: entry.modified
                )
            }
        }
    }

    /// Makes a directory and those above it.
    public func createDirectory(_ path: String, mode: FileMode) throws(FileSystemError) {
        try perform(.createDirectory, path) { state, path throws(FileSystemError) in
            var current = path
            while current != "/" && current != "." {
                if let entry = state.entries[current], entry.content != nil {
                    throw error(.inputOutput, .createDirectory, current)
                }
                if state.entries[current] == nil {
                    state.entries[current] = Entry(content: nil, modified: clock.now, mode: mode)
                }
                current = parent(of: current)
            }
        }
    }

    /// Forgets the entry; one that is not there is no error.
    public func remove(_ path: String) throws(FileSystemError) {
        try perform(.remove, path) { state, path throws(FileSystemError) in
            state.entries[path] = nil
        }
    }

    /// The bytes that are left of the capacity; 0 when it is used up.
    public func availableBytes(at path: String) throws(FileSystemError) -> UInt64 {
        try perform(.examine, path) { state, _ throws(FileSystemError) in
            state.capacity - min(state.capacity, state.used)
        }
    }

    private func perform<Result>(
        _ operation: Operation,
        _ path: String,
        _ body: (inout sending State, String) throws(FileSystemError) -> sending Result
    ) throws(FileSystemError) -> Result {
        let path = normalized(path)
        return try state.withLock { state throws(FileSystemError) in
            if let fault = state.faults[operation]?.first(where: { path.hasPrefix($0.prefix) }) {
                throw error(fault.code, operation, path)
            }
            return try body(&state, path)
        }
    }

    private func isDirectory(_ path: String, in state: State) -> Bool {
        path == "/" || path == "." || (state.entries[path].map { $0.content == nil } ?? false)
    }

    private func normalized(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func error(_ code: FileSystemError.Code, _ operation: Operation, _ path: String) -> FileSystemError {
        FileSystemError(code: code, operation: operation.rawValue, path: path, reason: code.rawValue)
    }
}
