package import Basics
internal import Database
package import Instruments
internal import Records

/// The artefacts of tasks: what attempts have made, by its content, as far as the limits allow.
///
/// Concurrency: may be shared. What is about the same content of a project goes one after the other.
package struct ArtefactRepository: Sendable {
    let tasks: TaskRepository
    let files: ArtefactFiles
    let metrics: ArtefactMetrics
    let turnstile = Turnstile()

    var limits: TaskReportLimits { tasks.reportLimits }
    private var database: any Database { tasks.store.database }

    /// Makes the repository beside that of the tasks; `folder` is made when the first upload comes.
    package init(tasks: TaskRepository, fileSystem: any FileSystem, folder: String, registry: Registry) {
        self.tasks = tasks
        files = ArtefactFiles(fileSystem, folder: folder)
        metrics = ArtefactMetrics(registry, bytesMax: tasks.reportLimits.artefactTotalBytesMax)
    }

    // MARK: Reading

    /// The artefacts of a task, the newest attempt's first.
    /// - Throws: ``TaskError``: `notFound`, `database`.
    package func list(of task: UUIDv7) async throws(TaskError) -> [Artefact] {
        try await tasks.store.perform(.artefacts) {
            try await database.read("tasks.artefacts") { connection in
                guard try ProjectTask.table.find(task, connection) != nil else { throw TaskError.notFound(task) }
                return try ArtefactTable(connection: connection).list(of: task, limit: TaskLimits.artefactsMax)
            }
        }
    }

    /// One artefact of a task.
    /// - Throws: ``TaskError``: `notFound`, `artefact(notFound)`, `database`.
    package func get(_ id: UUIDv7, of task: UUIDv7) async throws(TaskError) -> Artefact {
        try await tasks.store.perform(.artefacts) { try await find(id, of: task) }
    }

    /// An artefact that is complete, and how to read it.
    /// - Throws: ``TaskError``: `notFound`, `artefact` (`notFound`, `incomplete`, `disk`), `database`.
    package func content(
        _ id: UUIDv7,
        of task: UUIDv7
    ) async throws(TaskError) -> ArtefactContent {
        try await tasks.store.perform(.artefacts) {
            let artefact = try await find(id, of: task)
            guard artefact.isComplete else { throw TaskRefusal.artefact(.incomplete) }
            let size = try await disk { try await files.size(of: artefact.key) }
            guard size == artefact.file.bytes else {
                metrics.diskFailed(.notFound)
                throw TaskRefusal.artefact(.disk(.notFound))
            }
            return ArtefactContent(artefact: artefact, files: files)
        }
    }

    private func find(_ id: UUIDv7, of task: UUIDv7) async throws -> Artefact {
        try await database.read("tasks.artefact") { connection in
            guard try ProjectTask.table.find(task, connection) != nil else { throw TaskError.notFound(task) }
            return try find(id, of: task, connection)
        }
    }

    private func find(_ id: UUIDv7, of task: UUIDv7, _ connection: any SQLConnection) throws -> Artefact {
        guard let artefact = try ArtefactTable(connection: connection).find(id), artefact.taskID == task else {
            throw TaskRefusal.artefact(.notFound(id))
        }
        return artefact
    }

    // MARK: Uploading

    /// Announces a file of a running attempt: complete at once when the project has its content already; the same
    /// announcement again tells where the upload stands.
    ///
    /// - Throws: ``TaskError``: `notFound`, `invalid`, `leaseLost`, `artefact` (`nameTaken`, `tooMany`, `tooLarge`,
    ///   `storeFull`, `hashMismatch`, `diskFull`, `disk`), `database`.
    package func begin(_ file: NewArtefact, of task: UUIDv7, _ claim: LeaseClaim) async throws(TaskError) -> Artefact {
        try await tasks.store.perform(.artefact) {
            try tasks.store.refuse(file.violations)
            guard file.bytes <= Int64(limits.artefactBytesMax) else {
                throw TaskRefusal.artefact(.tooLarge(bytesMax: limits.artefactBytesMax))
            }
            let project = try await tasks.store.get(task, "tasks.get").fields.projectID
            return try await turnstile.pass(BlobKey(projectID: project, sha256: file.sha256)) {
                let announced = try await database.write("tasks.artefact") { connection in
                    try announce(file, of: task, claim, connection)
                }
                if let replaced = announced.replaced { try await disk { try await files.remove(upload: replaced) } }
                let artefact = announced.artefact
                if artefact.isComplete || file.bytes > 0 { return artefact }
                // There is nothing to upload of an empty file.
                try await disk { try await files.write(.nothing, toUpload: artefact.id, at: 0) }
                return try await complete(artefact, claim)
            }
        }
    }

    private struct Announcement: Sendable {
        let artefact: Artefact
        /// An upload of the same name that did not end.
        var replaced: UUIDv7?
    }

    private func announce(
        _ file: NewArtefact,
        of task: UUIDv7,
        _ claim: LeaseClaim,
        _ connection: any SQLConnection
    ) throws -> Announcement {
        let held = try tasks.held(task, claim, connection)
        let table = ArtefactTable(connection: connection)
        let attempt = held.progress.token
        var replaced: UUIDv7?
        if let earlier = try table.find(file.name, of: task, attempt) {
            if earlier.file == file { return Announcement(artefact: earlier) }
            if earlier.isComplete { throw TaskRefusal.artefact(.nameTaken(by: earlier.id)) }
            // An upload that did not end makes room for what the file is now.
            try table.delete(earlier.id)
            replaced = earlier.id
        }
        guard try table.count(of: task, attempt) < TaskLimits.artefactsMax else {
            throw TaskRefusal.artefact(.tooMany(artefactsMax: TaskLimits.artefactsMax))
        }
        let now = tasks.store.clock.now
        var artefact = Artefact(
            id: tasks.store.ids.next(),
            taskID: task,
            projectID: held.fields.projectID,
            attempt: attempt,
            agentID: claim.agentID,
            file: file,
            uploaded: 0,
            completedAt: nil,
            createdAt: now
        )
        if let bytes = try table.lockBlob(artefact.key) {
            guard bytes == file.bytes else { throw TaskRefusal.artefact(.hashMismatch) }
            (artefact.uploaded, artefact.completedAt) = (bytes, now)
            connection.afterCommit { [metrics] in metrics.uploads[.deduplicated].increment() }
        } else {
            // Two that each fit alone may not fit together.
            try connection.lock(.artefacts)
            let taken = try table.storedBytes() + table.announcedBytes()
            guard taken + file.bytes <= Int64(limits.artefactTotalBytesMax) else {
                throw TaskRefusal.artefact(.storeFull(bytesMax: limits.artefactTotalBytesMax))
            }
        }
        try table.insert(artefact)
        return Announcement(artefact: artefact, replaced: replaced)
    }

    /// Takes the next bytes of an upload; with the last ones the artefact is complete, if its hash is right.
    ///
    /// - Throws: ``TaskError``: `notFound`, `leaseLost`, `artefact` (`notFound`, `offset`, `beyondEnd`, `hashMismatch`,
    ///   `diskFull`, `disk`), `database`.
    package func append(
        _ part: UploadPart,
        at offset: Int64,
        to id: UUIDv7,
        of task: UUIDv7,
        _ claim: LeaseClaim
    ) async throws(TaskError) -> Artefact {
        try await tasks.store.perform(.upload) {
            let key = try await find(id, of: task).key
            return try await turnstile.pass(key) {
                var artefact = try await opened(id, of: task, claim)
                if !artefact.isComplete, try await isKept(artefact) {
                    artefact = try await adopt(artefact, claim) ?? artefact
                }
                var current = artefact.uploaded
                if !artefact.isComplete {
                    // After a crash of the machine less may be on the disk than was noted.
                    current = min(current, try await disk { try await files.size(ofUpload: id) })
                }
                guard offset == current else { throw TaskRefusal.artefact(.offset(current: current)) }
                guard Int64(part.count) <= artefact.file.bytes - offset else {
                    throw TaskRefusal.artefact(.beyondEnd(bytes: artefact.file.bytes))
                }
                if artefact.isComplete { return artefact }
                try await disk { try await files.write(part, toUpload: id, at: offset) }
                metrics.receivedBytes.increment(by: part.count)
                artefact.uploaded = offset + Int64(part.count)
                if artefact.uploaded == artefact.file.bytes { return try await complete(artefact, claim) }
                return try await note(artefact, claim)
            }
        }
    }

    /// An artefact of the attempt whose lease is shown; looked at before the disk is, so that nobody else writes to it.
    private func opened(_ id: UUIDv7, of task: UUIDv7, _ claim: LeaseClaim) async throws -> Artefact {
        try await database.write("tasks.upload") { connection in
            _ = try tasks.held(task, claim, connection)
            let artefact = try find(id, of: task, connection)
            guard artefact.attempt == claim.token else { throw TaskRefusal.artefact(.notFound(id)) }
            return artefact
        }
    }

    /// Whether the project has the content of an artefact by now.
    private func isKept(_ artefact: Artefact) async throws -> Bool {
        try await database.read("tasks.blob") { connection in
            try ArtefactTable(connection: connection).blobBytes(artefact.key) == artefact.file.bytes
        }
    }

    private func note(_ artefact: Artefact, _ claim: LeaseClaim) async throws -> Artefact {
        try await database.write("tasks.upload") { connection in
            _ = try tasks.held(artefact.taskID, claim, connection)
            try ArtefactTable(connection: connection).update(artefact)
            return artefact
        }
    }

    /// Another upload has brought the content meanwhile; nil when another server has removed it since it was looked for.
    private func adopt(_ artefact: Artefact, _ claim: LeaseClaim) async throws -> Artefact? {
        var whole = artefact
        (whole.uploaded, whole.completedAt) = (artefact.file.bytes, tasks.store.clock.now)
        let complete = whole
        let adopted: Artefact? = try await database.write("tasks.upload") { connection in
            _ = try tasks.held(complete.taskID, claim, connection)
            let table = ArtefactTable(connection: connection)
            guard try table.lockBlob(complete.key) != nil else { return nil }
            try table.update(complete)
            return complete
        }
        guard let adopted else { return nil }
        metrics.uploads[.deduplicated].increment()
        try await disk { try await files.remove(upload: artefact.id) }
        return adopted
    }

    /// Checks what has been uploaded, puts it in its place, and then says so.
    private func complete(_ uploaded: Artefact, _ claim: LeaseClaim) async throws -> Artefact {
        let (id, key) = (uploaded.id, uploaded.key)
        let hash = try await disk { try await files.hash(ofUpload: id, bytes: uploaded.file.bytes) }
        guard hash == key.sha256 else {
            try await database.write("tasks.drop_upload") { try ArtefactTable(connection: $0).delete(id) }
            metrics.uploads[.hashMismatch].increment()
            try await disk { try await files.remove(upload: id) }
            throw TaskRefusal.artefact(.hashMismatch)
        }
        try await disk { try await files.keep(upload: id, as: key) }
        var completed = uploaded
        completed.completedAt = tasks.store.clock.now
        let artefact = completed
        do {
            let stored = try await database.write("tasks.complete_upload") { connection in
                _ = try tasks.held(artefact.taskID, claim, connection)
                let table = ArtefactTable(connection: connection)
                try table.insert(key, bytes: artefact.file.bytes)
                try table.update(artefact)
                return try table.storedBytes()
            }
            metrics.uploads[.completed].increment()
            metrics.storedBytes.set(Double(stored))
            return artefact
        } catch {
            // Nobody refers to what was put in place; should this fail too, the next start finds it.
            try? await removeUnknown(key)
            throw error
        }
    }

    // MARK: The disk

    /// Runs something that waits for the disk, and has its errors as this module's.
    func disk<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as FileSystemError {
            metrics.diskFailed(error.code)
            throw TaskRefusal.artefact(error.code == .noSpace ? .diskFull : .disk(error.code))
        }
    }

    /// Removes a content that no row knows; the caller has the key.
    func removeUnknown(_ key: BlobKey) async throws {
        let isKnown = try await database.read("tasks.blob") { try ArtefactTable(connection: $0).blobBytes(key) != nil }
        if !isKnown { try await disk { try await files.remove(key) } }
    }
}

extension UploadPart {
    fileprivate static let nothing = UploadPart(count: 0) { try $0(UnsafeRawBufferPointer(start: nil, count: 0)) }
}
