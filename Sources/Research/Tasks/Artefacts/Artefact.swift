package import Basics
package import Records

/// A file that an attempt at a task has made.
package struct Artefact: Hashable, Sendable {
    package let id: UUIDv7
    package let taskID: UUIDv7
    package let projectID: UUIDv7
    package let attempt: Int64
    package let agentID: UUIDv7
    package let file: NewArtefact
    /// Bytes that have arrived; where an upload goes on.
    package var uploaded: Int64
    /// When the whole was there and had its hash; nil before.
    package var completedAt: Timestamp?
    package let createdAt: Timestamp

    package var isComplete: Bool { completedAt != nil }
}

/// What an agent says of a file before it sends it.
package struct NewArtefact: Hashable, Sendable {
    /// A relative path, as the task calls it.
    package var name: String
    package var bytes: Int64
    /// SHA-256 of the content, as 64 lower-case hexadecimal digits.
    package var sha256: String
    package var mediaType: String?

    package init(name: String, bytes: Int64, sha256: String, mediaType: String? = nil) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
        self.mediaType = mediaType
    }
}

/// An artefact that is complete, and how to read it.
package struct ArtefactContent: Sendable {
    package let artefact: Artefact
    let files: ArtefactFiles

    /// The bytes from an offset on, at most `countMax`.
    /// - Throws: `FileSystemError`.
    package func read(from offset: Int, countMax: Int) async throws -> [UInt8] {
        try await files.read(artefact.key, from: offset, countMax: countMax)
    }
}

extension NewArtefact {
    /// Everything that is wrong with it; empty when it may be stored.
    package var violations: [FieldViolation] {
        var list = ViolationList()
        list.line(name, "/name", lengthMax: TaskLimits.artefactNameBytesMax)
        if name.utf8.count > TaskLimits.artefactNameBytesMax {
            list.add("/name", "must have at most \(TaskLimits.artefactNameBytesMax) bytes")
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) || name.contains("\\") {
            list.add("/name", "must be a relative path without empty parts, '.', '..' and backslashes")
        }
        if bytes < 0 { list.add("/bytes", "must be at least 0") }
        if sha256.utf8.count != 64
            || !sha256.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        {
            list.add("/sha256", "must be 64 hexadecimal digits in lower case")
        }
        if let mediaType { Self.check(mediaType, &list) }
        return list.violations
    }

    /// A type and a subtype of the characters that RFC 6838, 4.2, gives them.
    private static func check(_ mediaType: String, _ list: inout ViolationList) {
        let parts = mediaType.split(separator: "/", omittingEmptySubsequences: false)
        let isName: (Substring) -> Bool = { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                        || "!#$&-^_.+".utf8.contains(byte)
                }
        }
        if mediaType.utf8.count > TaskLimits.mediaTypeLengthMax || parts.count != 2 || !parts.allSatisfy(isName) {
            list.add("/media_type", "must be a media type without parameters, such as text/csv")
        }
    }
}

/// What only artefacts refuse.
package enum ArtefactRefusal: Hashable, Sendable {
    case notFound(UUIDv7)
    /// Another content has the name within the attempt.
    case nameTaken(by: UUIDv7)
    /// The attempt has as many artefacts as it may.
    case tooMany(artefactsMax: Int)
    case tooLarge(bytesMax: Int)
    /// All artefacts together take as much as they may.
    case storeFull(bytesMax: Int)
    /// The disk has no room.
    case diskFull
    /// The disk failed otherwise.
    case disk(FileSystemError.Code)
    /// The upload goes on elsewhere.
    case offset(current: Int64)
    /// More bytes came than were announced.
    case beyondEnd(bytes: Int64)
    /// What was uploaded, or is announced, is not the content of the hash; an upload is dropped.
    case hashMismatch
    /// It has not been uploaded whole.
    case incomplete

    var code: RecordErrorCode {
        let word =
            switch self {
            case .notFound: "artefact_not_found"
            case .nameTaken: "artefact_name_taken"
            case .tooMany: "too_many_artefacts"
            case .tooLarge: "artefact_too_large"
            case .storeFull: "artefact_store_full"
            case .diskFull: "disk_full"
            case .disk: "disk"
            case .offset: "upload_offset"
            case .beyondEnd: "upload_beyond_end"
            case .hashMismatch: "hash_mismatch"
            case .incomplete: "artefact_incomplete"
            }
        return RecordErrorCode(rawValue: word)
    }

    static let codes: [RecordErrorCode] = [
        "artefact_not_found", "artefact_name_taken", "too_many_artefacts", "artefact_too_large", "artefact_store_full",
        "disk_full", "disk", "upload_offset", "upload_beyond_end", "hash_mismatch", "artefact_incomplete",
    ].map { RecordErrorCode(rawValue: $0) }
}
