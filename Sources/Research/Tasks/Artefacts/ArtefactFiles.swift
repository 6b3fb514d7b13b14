internal import Basics
internal import Crypto
internal import Database

/// Bytes of an upload, wherever they are: read in place, never copied here.
package struct UploadPart: Sendable {
    package let count: Int
    let withBytes: @Sendable (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

    package init(
        count: Int,
        withBytes: @escaping @Sendable (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) {
        self.count = count
        self.withBytes = withBytes
    }
}

/// The contents of artefacts on disk.
///
///     uploads/ARTEFACT            what has arrived of an upload
///     blobs/PROJECT/ab/abcdef…    a whole content, by its SHA-256
///
/// A content is flushed and renamed into its place before the database knows of it, so what the database calls complete
/// is there whole. Each project has its own: what one has uploaded is of no use to another.
///
/// Concurrency: may be shared; the disk is waited for on threads of its own.
struct ArtefactFiles: Sendable {
    /// How much is read at a time to hash it.
    private static let hashedBytes = 1 << 20

    private let files: any FileSystem
    private let uploads: String
    private let blobs: String
    private let writer = BlockingWorker(label: "kaskman.artefacts.writer")
    private let reader = BlockingWorker(label: "kaskman.artefacts.reader")

    init(_ files: any FileSystem, folder: String) {
        self.files = files
        uploads = folder + "/uploads"
        blobs = folder + "/blobs"
    }

    private func upload(_ id: UUIDv7) -> String { "\(uploads)/\(id)" }

    private func folder(_ key: BlobKey) -> String { "\(blobs)/\(key.projectID)/\(key.sha256.prefix(2))" }

    private func path(_ key: BlobKey) -> String { "\(folder(key))/\(key.sha256)" }

    // MARK: Uploads

    /// Bytes that are on disk of an upload; 0 when nothing is.
    func size(ofUpload id: UUIDv7) async throws -> Int64 {
        let path = upload(id)
        return try await writer.run { Int64(try files.attributes(of: path)?.size ?? 0) }
    }

    func write(_ part: UploadPart, toUpload id: UUIDv7, at offset: Int64) async throws {
        let path = upload(id)
        try await writer.run {
            try files.createDirectory(uploads, mode: .ownerOnlyDirectory)
            try part.withBytes { try files.write($0, to: path, at: Int(offset), mode: .ownerOnly) }
        }
    }

    /// The SHA-256 of the first bytes of an upload.
    func hash(ofUpload id: UUIDv7, bytes: Int64) async throws -> String {
        var hash = SHA256()
        var offset = 0
        while offset < bytes {
            let path = upload(id)
            let (start, count) = (offset, min(Self.hashedBytes, Int(bytes) - offset))
            let part = try await writer.run { try files.read(path, from: start, countMax: count) }
            if part.isEmpty { break }
            hash.update(data: part)
            offset += part.count
        }
        return hash.finalize().hexadecimal
    }

    /// Makes an upload the content of its hash; flushed to the disk when this returns.
    func keep(upload id: UUIDv7, as key: BlobKey) async throws {
        let (source, folder, destination) = (upload(id), folder(key), path(key))
        try await writer.run {
            try files.createDirectory(folder, mode: .ownerOnlyDirectory)
            try files.move(source, to: destination)
        }
    }

    func remove(upload id: UUIDv7) async throws {
        let path = upload(id)
        try await writer.run { try files.remove(path) }
    }

    // MARK: Contents

    func remove(_ key: BlobKey) async throws {
        let path = path(key)
        try await writer.run { try files.remove(path) }
    }

    /// Bytes of a content that are on disk; nil when it is not there.
    func size(of key: BlobKey) async throws -> Int64? {
        let path = path(key)
        return try await reader.run { try files.attributes(of: path).map { Int64($0.size) } }
    }

    func read(_ key: BlobKey, from offset: Int, countMax: Int) async throws -> [UInt8] {
        let path = path(key)
        return try await reader.run { try files.read(path, from: offset, countMax: countMax) }
    }

    // MARK: What there is

    /// The uploads on disk; names that are none are left alone.
    func uploadsOnDisk() async throws -> [UUIDv7] { try await names(in: uploads).compactMap { UUIDv7($0) } }

    func projectsOnDisk() async throws -> [UUIDv7] { try await names(in: blobs).compactMap { UUIDv7($0) } }

    /// The contents of a project on disk.
    func contents(of project: UUIDv7) async throws -> [BlobKey] {
        var keys: [BlobKey] = []
        for prefix in try await names(in: "\(blobs)/\(project)") {
            for name in try await names(in: "\(blobs)/\(project)/\(prefix)") where name.utf8.count == 64 {
                keys.append(BlobKey(projectID: project, sha256: name))
            }
        }
        return keys
    }

    private func names(in folder: String) async throws -> [String] {
        try await reader.run {
            guard try files.attributes(of: folder)?.kind == .directory else { return [] }
            return try files.list(folder)
        }
    }
}
