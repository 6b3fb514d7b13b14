package import JSON

/// The input of a task of the kind `shell`.
///
/// Pure.
package struct ShellInput: Hashable, Sendable {
    package static let argumentsMax = 1000
    package static let artefactsMax = 100

    package var program: String
    package var arguments: [String]
    package var environment: [String: String]
    /// Texts by the paths of the files that the program finds in its folder.
    package var files: [RelativePath: String]
    package var standardInput: String?
    /// Paths and patterns of the files that are kept.
    package var artefacts: [String]
    package var limits: ProgramLimits

    private static let members: Set<String> = [
        "program", "arguments", "environment", "files", "stdin", "artefacts", "limits",
    ]
    private static let limitMembers: Set<String> = [
        "seconds", "cpu_seconds", "memory_bytes", "output_bytes", "files_bytes", "processes",
    ]

    /// - Throws: ``InputError``.
    package init(_ json: JSONValue) throws(InputError) {
        let input = try InputReader(json, known: Self.members)
        guard let program = try input.text("program"), !program.isEmpty else { throw InputError("/program is missing") }
        self.program = program
        arguments = try input.texts("arguments", countMax: Self.argumentsMax)
        environment = [:]
        for (name, value) in try input.dictionary("environment") {
            guard Self.isVariable(name) else {
                throw InputError("/environment/\(name) must be a name of letters, digits and _, and not KASKMAN_...")
            }
            environment[name] = value
        }
        files = [:]
        for (name, text) in try input.dictionary("files") {
            guard let path = RelativePath(name) else {
                throw InputError("/files/\(name) must be a path below the work folder")
            }
            files[path] = text
        }
        standardInput = try input.text("stdin")
        artefacts = try input.texts("artefacts", countMax: Self.artefactsMax)
        for pattern in artefacts where RelativePath(pattern) == nil {
            throw InputError("/artefacts: \(pattern) must be a path below the work folder")
        }
        limits = try Self.limits(input.value("limits") ?? .emptyObject)
    }

    private static func limits(_ json: JSONValue) throws(InputError) -> ProgramLimits {
        let input = try InputReader(json, at: "/limits", known: limitMembers)
        var limits = ProgramLimits()
        limits.seconds = try input.number("seconds", 0.001...ProgramLimits.secondsMax)
        limits.cpuSeconds = try input.integer("cpu_seconds", 1...Int(ProgramLimits.secondsMax))
        limits.memoryBytes = try input.integer("memory_bytes", 1 << 20...1 << 50)
        limits.outputBytes = try input.integer("output_bytes", 0...1 << 40) ?? limits.outputBytes
        limits.filesBytes = try input.integer("files_bytes", 0...1 << 50)
        limits.processes = try input.integer("processes", 1...100_000) ?? limits.processes
        return limits
    }

    /// A name as shells take it (POSIX, 8.1); ours are the worker's to set.
    private static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), !name.hasPrefix("KASKMAN_") else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x5f
        }
    }
}
