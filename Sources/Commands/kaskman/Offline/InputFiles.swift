import Basics

/// The files that a command is given.
enum InputFiles {
    /// The largest file that is read, in bytes.
    static let bytesMax = 64 << 20

    /// A file's bytes; `-` is the standard input.
    /// - Throws: ``CommandFailure``.
    static func bytes(_ path: String, _ environment: CommandEnvironment) throws(CommandFailure) -> [UInt8] {
        if path == "-" {
            guard let bytes = environment.readInput(bytesMax) else {
                throw .failed("the standard input has more than \(bytesMax) bytes")
            }
            return bytes
        }
        do throws(FileSystemError) {
            return try environment.fileSystem.read(path, bytesMax: bytesMax)
        } catch {
            throw .failed(error.description)
        }
    }

    /// A file's text.
    /// - Throws: ``CommandFailure``, also for what is no UTF-8.
    static func text(_ path: String, _ environment: CommandEnvironment) throws(CommandFailure) -> String {
        guard let text = String(validating: try bytes(path, environment), as: UTF8.self) else {
            throw .failed("\(path): the text is not UTF-8")
        }
        return text
    }
}
