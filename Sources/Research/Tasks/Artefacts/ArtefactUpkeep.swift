internal import Basics
internal import Database
internal import Instruments
internal import Records

/// What keeps the disk in order.
extension ArtefactRepository {
    /// How many artefacts one transaction removes.
    package static let pruningMax = 200

    /// Removes uploads whose attempts have ended, artefacts whose retention is over, and contents that nobody has any
    /// more.
    /// - Returns: how many artefacts were removed.
    /// - Throws: ``TaskError``: `artefact` (`disk`), `database`.
    @discardableResult
    package func prune() async throws(TaskError) -> Int {
        try await tasks.store.perform(.pruneArtefacts) {
            let database = tasks.store.database
            let oldest = tasks.store.clock.now.advanced(by: .zero - limits.artefactRetention)
            var removed = 0
            while true {
                let gone = try await database.write("tasks.prune_artefacts") { connection in
                    let table = ArtefactTable(connection: connection)
                    var gone = try table.abandoned(limit: Self.pruningMax)
                    gone += try table.expired(before: oldest, limit: Self.pruningMax)
                    for artefact in gone { try table.delete(artefact.id) }
                    return gone
                }
                for artefact in gone where !artefact.isComplete {
                    metrics.uploads[.abandoned].increment()
                    try await disk { try await files.remove(upload: artefact.id) }
                }
                for key in Set(gone.filter(\.isComplete).map(\.key)) { try await removeUnused(key) }
                metrics.pruned.increment(by: gone.count { $0.isComplete })
                removed += gone.count
                if gone.isEmpty { break }
            }
            let stored = try await database.read("tasks.stored_bytes") { connection in
                try ArtefactTable(connection: connection).storedBytes()
            }
            metrics.storedBytes.set(Double(stored))
            return removed
        }
    }

    private func removeUnused(_ key: BlobKey) async throws {
        try await turnstile.pass(key) {
            let isGone = try await tasks.store.database.write("tasks.remove_blob") { connection in
                try ArtefactTable(connection: connection).removeUnused(key)
            }
            if isGone { try await disk { try await files.remove(key) } }
        }
    }

    /// Removes files that no row knows: what a crash has left between the disk and the database.
    /// - Returns: how many were removed.
    /// - Throws: ``TaskError``: `artefact` (`disk`), `database`.
    @discardableResult
    package func removeOrphans() async throws(TaskError) -> Int {
        try await tasks.store.perform(.pruneArtefacts) {
            let database = tasks.store.database
            var removed = 0
            let uploads = try await disk { try await files.uploadsOnDisk() }
            for id in uploads {
                let artefact = try await database.read("tasks.artefact") { connection in
                    try ArtefactTable(connection: connection).find(id)
                }
                if let artefact, !artefact.isComplete { continue }
                try await disk { try await files.remove(upload: id) }
                removed += 1
            }
            let projects = try await disk { try await files.projectsOnDisk() }
            for project in projects {
                let keys = try await disk { try await files.contents(of: project) }
                for key in keys {
                    if try await removeOrphan(key) { removed += 1 }
                }
            }
            return removed
        }
    }

    /// Removes a content that no row knows; returns whether it did.
    private func removeOrphan(_ key: BlobKey) async throws -> Bool {
        try await turnstile.pass(key) {
            let bytes = try await tasks.store.database.read("tasks.blob") { connection in
                try ArtefactTable(connection: connection).blobBytes(key)
            }
            if bytes != nil { return false }
            try await disk { try await files.remove(key) }
            return true
        }
    }
}
