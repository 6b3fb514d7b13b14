package import Basics
import Database
import Events
import Identity
import Logging
import Supervision

extension Platform {
    /// Makes up a new password for the user admin in a data folder that no server uses, or in the PostgreSQL database: for
    /// the only administrator, who forgot it.
    ///
    /// `logOutput`: takes the log, a line a call.
    /// Returns the password; show it once.
    /// Throws: ``SettingsError`` when there is no database or it cannot be used; ``DataFolderError``, also while a server runs on the folder;
    ///   `DatabaseError`.
    package static func resetAdministratorPassword(
        settings: Settings,
        clock: any WallClock,
        fileSystem: any FileSystem = DiskFileSystem(),
        logOutput: @escaping @Sendable ([UInt8]) -> Void = StandardErrorOutput.write
    ) async throws -> String {
        let usesSQLite = settings.usesSQLite
        let path = DataFolder.databasePath(in: settings.dataDirectory)
        // A mistyped folder would become a second platform.
        guard try !usesSQLite || fileSystem.attributes(of: path) != nil else {
            throw SettingsError(faults: ["there is no database \(path); data_dir names the server's folder"])
        }
        let dataFolder = try DataFolder(settings.dataDirectory, fileSystem: fileSystem, hasDatabase: usesSQLite)
        defer { dataFolder.release() }
        let log = makeLog(settings, clock: clock, output: logOutput)
        let shipped = ShippedFiles(executable: nil, fileSystem: fileSystem)
        let wiring = Wiring(settings: settings, clock: clock, fileSystem: fileSystem, shipped: shipped, log: log)
        let database = try await wiring.openDatabase().database
        do {
            let events = EventLog(database: database, clock: clock, ids: wiring.ids, registry: wiring.registry)
            let password = try await wiring.identity(database, events).resetAdministrator()
            try await database.close()
            return password
        } catch {
            try? await database.close()
            throw error
        }
    }
}
