import Basics
import Notifications
import Rules

/// The file of routes and receivers that the settings name: read at the start and in each reload.
struct NotificationsFile: Sendable {
    /// What was read.
    struct Content: Sendable {
        let configuration: NotificationConfiguration
        /// Nil when no file is named.
        let loaded: LoadedNotifications?
    }

    /// Empty for none.
    let path: String
    let fileSystem: any FileSystem

    /// - Throws: ``SettingsError`` that lists every fault with its place.
    func read() throws(SettingsError) -> Content {
        // Without a file alerts are evaluated and shown; nobody is told.
        guard !path.isEmpty else {
            let nobody = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
            return Content(configuration: try parse(nobody, path: "the default"), loaded: nil)
        }
        guard (try? fileSystem.attributes(of: path))??.kind == .file else {
            throw SettingsError(faults: ["notifications.file: there is no file \(path)"])
        }
        let bytes: [UInt8]
        do throws(FileSystemError) {
            bytes = try fileSystem.read(path, bytesMax: YAMLLimits().bytesMax)
        } catch {
            throw SettingsError(faults: ["\(error)"])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError(faults: ["\(path): the file is not UTF-8"])
        }
        return Content(
            configuration: try parse(text, path: path),
            loaded: LoadedNotifications(file: path, sha256: OwnEvents.sha256(bytes))
        )
    }

    private func parse(_ text: String, path: String) throws(SettingsError) -> NotificationConfiguration {
        do {
            return try NotificationConfiguration(text: text, path: path)
        } catch {
            throw SettingsError(faults: ["\(error)"])
        }
    }
}

/// Which routes and receivers were read, and a name for that version of them.
struct LoadedNotifications: Sendable, Equatable {
    let file: String
    /// The SHA-256 of the file's content.
    let sha256: String
}
