package import Basics
import Crypto
import HTTPTypes
import NIOCore

/// A file of the web page, whole in memory.
struct StaticFile: Sendable {
    let contentType: String
    let tag: EntityTag
    let content: ByteBuffer

    func answer(_ head: HTTPRequest) -> RouteResponse {
        var answer = Preconditions.answer(head.headerFields, tag) { RouteResponse(contentType, content) }
        answer.headers[.cacheControl] = "no-cache"
        return answer
    }
}

/// Why files cannot be served.
package enum StaticFilesError: Error, CustomStringConvertible {
    case fileSystem(FileSystemError)
    /// A name whose ending is not in the table of content types.
    case unknownType(path: String)
    case tooLarge(bytesMax: Int)
    case tooMany(filesMax: Int)
    case tooDeep(path: String)
    /// Two sources give the same path.
    case duplicate(path: String)

    package var description: String {
        switch self {
        case .fileSystem(let error): "static files: \(error)"
        case .unknownType(let path): "static files: no content type is known for \(path)"
        case .tooLarge(let bytesMax): "static files: more than \(bytesMax) bytes"
        case .tooMany(let filesMax): "static files: more than \(filesMax) files"
        case .tooDeep(let path): "static files: folders too deep at \(path)"
        case .duplicate(let path): "static files: two files for \(path)"
        }
    }
}

/// The files that the server offers, read at start; a request can reach nothing else, since paths are looked up and
/// never opened.
package struct StaticFiles: Sendable {
    /// Bytes of all files together.
    package static let bytesMaxDefault = 32 << 20
    /// Number of files.
    package static let filesMax = 1_000
    /// Folders within each other.
    package static let depthMax = 8

    private(set) var files: [String: StaticFile] = [:]
    private let bytesMax: Int
    private var bytesCount = 0

    /// No files, with room for `bytesMax` bytes.
    package init(bytesMax: Int = bytesMaxDefault) {
        self.bytesMax = bytesMax
    }

    /// The paths served, sorted.
    package var paths: [String] { files.keys.sorted() }

    /// Adds the files below a directory under a path that ends in a slash; names that begin with a dot are left out.
    ///
    /// `index.html` is served for its folder's path too.
    package mutating func add(
        directory: String,
        at path: String = "/",
        from disk: any FileSystem
    ) throws(StaticFilesError) {
        precondition(path.hasSuffix("/"), "BUG: \(path) does not end in a slash")
        try add(directory: directory, at: path, from: disk, depth: 0)
    }

    /// Adds one file at a path of its own.
    package mutating func add(file: String, at path: String, from disk: any FileSystem) throws(StaticFilesError) {
        guard let type = Self.contentType(of: path) else { throw .unknownType(path: path) }
        guard files.count < Self.filesMax else { throw .tooMany(filesMax: Self.filesMax) }
        let bytes: [UInt8]
        do throws(FileSystemError) {
            bytes = try disk.read(file, bytesMax: bytesMax - bytesCount)
        } catch {
            throw error.code == .tooLarge ? .tooLarge(bytesMax: bytesMax) : .fileSystem(error)
        }
        bytesCount += bytes.count
        guard let tag = EntityTag(SHA256.hash(data: bytes).prefix(16).hexadecimal) else {
            preconditionFailure("BUG: a hexadecimal tag is valid")
        }
        let served = StaticFile(contentType: type, tag: tag, content: ByteBuffer(bytes: bytes))
        try serve(served, at: path)
        if path.hasSuffix("/index.html") { try serve(served, at: String(path.dropLast("index.html".utf8.count))) }
    }

    private mutating func serve(_ file: StaticFile, at path: String) throws(StaticFilesError) {
        guard files.updateValue(file, forKey: path) == nil else { throw .duplicate(path: path) }
    }

    private mutating func add(
        directory: String,
        at path: String,
        from disk: any FileSystem,
        depth: Int
    ) throws(StaticFilesError) {
        guard depth < Self.depthMax else { throw .tooDeep(path: path) }
        for name in try Self.reading({ () throws(FileSystemError) in try disk.list(directory) })
        where !name.hasPrefix(".") {
            let source = directory + "/" + name
            let attributes = try Self.reading { () throws(FileSystemError) in try disk.attributes(of: source) }
            switch attributes?.kind {
            case .directory: try add(directory: source, at: path + name + "/", from: disk, depth: depth + 1)
            case .file: try add(file: source, at: path + name, from: disk)
            case .other, nil: continue
            }
        }
    }

    private static func reading<Value>(
        _ body: () throws(FileSystemError) -> Value
    ) throws(StaticFilesError) -> Value {
        do { return try body() } catch { throw .fileSystem(error) }
    }

    /// The content type by a name's ending; a closed table.
    static func contentType(of path: String) -> String? {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
        return switch path[path.index(after: dot)...] {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "json", "map": "application/json"
        case "webmanifest": "application/manifest+json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "jpg", "jpeg": "image/jpeg"
        case "webp": "image/webp"
        case "woff2": "font/woff2"
        case "md": "text/markdown; charset=utf-8"
        case "txt": "text/plain; charset=utf-8"
        default: nil
        }
    }
}
