import Basics
import Crypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that an attempt made and that is to be kept.
struct ArtefactFile: Hashable, Sendable {
    /// Its path below the work folder.
    let name: String
    let path: String
}

/// Why a declared artefact cannot be kept.
enum ArtefactFault: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(String)
    /// It leads out of the work folder, or is no regular file.
    case refused(String)
    case tooMany(filesMax: Int)
    case unreadable(String, String)

    var description: String {
        switch self {
        case .missing(let name): "the artefact \(name) is not there"
        case .refused(let name): "the artefact \(name) is no regular file of the work folder"
        case .tooMany(let filesMax): "the artefacts' patterns name more than \(filesMax) files"
        case .unreadable(let name, let reason): "the artefact \(name) cannot be read: \(reason)"
        }
    }

    var kind: FailureClass {
        switch self {
        case .missing: .artefactMissing
        case .refused, .tooMany, .unreadable: .artefactRefused
        }
    }
}

/// Finds the files that a task's paths and patterns name; nothing outside of the folder, by no name and no link.
///
/// To be used when no process of the attempt runs any more, so that nothing is exchanged behind the look.
struct ArtefactFiles {
    /// How many files one attempt may keep.
    static let filesMax = 1000
    /// How many entries are looked at.
    static let entriesMax = 100_000

    /// The folder; its own path may lead over links, nothing below it may.
    let folder: String

    /// The files by name, each once.
    /// - Throws: ``ArtefactFault``; `missing` for a path without `*`, `?` or `[` that names nothing.
    func find(_ patterns: [String]) throws(ArtefactFault) -> [ArtefactFile] {
        var found: [String: ArtefactFile] = [:]
        var looked = 0
        for pattern in patterns {
            guard let relative = RelativePath(pattern) else { throw .refused(pattern) }
            let isPattern = pattern.contains { "*?[".contains($0) }
            var names: [String] = []
            try expand(relative.parts[...], below: "", into: &names, &looked)
            if names.isEmpty && !isPattern { throw .missing(pattern) }
            for name in names {
                switch kind(of: folder + "/" + name) {
                case .file: found[name] = ArtefactFile(name: name, path: folder + "/" + name)
                // A pattern means files; a path that was named means that one.
                case .folder where isPattern: continue
                case .folder, .link, .other: throw .refused(name)
                case nil: continue
                }
            }
            guard found.count <= Self.filesMax else { throw .tooMany(filesMax: Self.filesMax) }
        }
        return found.values.sorted { $0.name < $1.name }
    }

    private enum Kind { case file, folder, link, other }

    private func kind(of path: String) -> Kind? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }

    /// The names that fit, part by part; `**` is any number of folders.
    private func expand(
        _ parts: ArraySlice<String>,
        below prefix: String,
        into names: inout [String],
        _ looked: inout Int
    ) throws(ArtefactFault) {
        guard let part = parts.first else { return }
        let rest = parts.dropFirst()
        let base = prefix.isEmpty ? folder : folder + "/" + prefix
        func join(_ name: String) -> String { prefix.isEmpty ? name : prefix + "/" + name }
        if part == "**" {
            try expand(rest.isEmpty ? ["*"] : rest, below: prefix, into: &names, &looked)
        } else if !part.contains(where: { "*?[".contains($0) }) {
            try step(join(part), rest, into: &names, &looked)
            return
        }
        for name in (try? DiskFileSystem().list(base)) ?? [] {
            looked += 1
            guard looked <= Self.entriesMax else { throw .tooMany(filesMax: Self.filesMax) }
            if part == "**" {
                guard kind(of: base + "/" + name) == .folder else { continue }
                try expand(parts, below: join(name), into: &names, &looked)
            } else if Wildcards.matches(name, part) {
                try step(join(name), rest, into: &names, &looked)
            }
        }
    }

    private func step(
        _ name: String,
        _ rest: ArraySlice<String>,
        into names: inout [String],
        _ looked: inout Int
    ) throws(ArtefactFault) {
        guard let kind = kind(of: folder + "/" + name) else { return }
        if rest.isEmpty {
            names.append(name)
        } else if kind == .folder {
            try expand(rest, below: name, into: &names, &looked)
        } else if kind == .link {
            // A link to a folder: what lies behind it is not the attempt's.
            throw .refused(name)
        }
    }
}

/// A regular file that is read piece by piece, and nothing that took its place.
final class ArtefactReader: Sendable {
    let bytes: Int
    private let descriptor: Int32
    private let name: String

    /// - Throws: ``ArtefactFault``.
    init(_ file: ArtefactFile) throws(ArtefactFault) {
        name = file.name
        descriptor = open(file.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file.name, String(cString: strerror(errno))) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .refused(file.name)
        }
        bytes = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// The bytes from a place on, at most `count`; fewer only at the end.
    func read(at offset: Int, count: Int) throws(ArtefactFault) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: min(count, max(0, bytes - offset)))
        var filled = 0
        while filled < buffer.count {
            let got = buffer.withUnsafeMutableBytes { target in
                pread(descriptor, target.baseAddress.map { $0 + filled }, target.count - filled, off_t(offset + filled))
            }
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else {
                throw .unreadable(name, got < 0 ? String(cString: strerror(errno)) : "it is shorter now")
            }
            filled += got
        }
        return buffer
    }

    /// The SHA-256 of the whole, in hexadecimal.
    func digest() throws(ArtefactFault) -> String {
        var hash = SHA256()
        var offset = 0
        while offset < bytes {
            let part = try read(at: offset, count: 1 << 20)
            hash.update(data: part)
            offset += part.count
        }
        return hash.finalize().hexadecimal
    }
}
