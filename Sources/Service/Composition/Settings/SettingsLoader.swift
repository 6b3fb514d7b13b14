package import Basics
import Configuration

/// Reads the settings: flags before environment variables before the YAML file before the defaults.
package enum SettingsLoader {
    /// What was read, with what is worth a warning.
    package struct Loaded: Sendable {
        package let settings: Settings
        package let origin: SettingsOrigin
        package let warnings: [String]
    }

    /// Reads and checks everything at once, so that one run shows every mistake.
    ///
    /// `file`: The path of the YAML file, or nil.
    /// `flags`: Values by key from the command line.
    /// `environment`: All variables; those that begin with `KASKMAN_` count.
    /// `fileSystem`: Where the file is read from.
    /// Throws: ``SettingsError`` that lists every fault, with file and line where there is one.
    package static func load(
        file: String?,
        flags: [String: String],
        environment: [String: String],
        fileSystem: any FileSystem
    ) throws(SettingsError) -> Loaded {
        var providers: [any ConfigProvider] = [
            InMemoryProvider(
                values: Dictionary(
                    uniqueKeysWithValues: flags.map { key, value in
                        (
                            AbsoluteConfigKey(key.split(separator: ".").map(String.init)),
                            ConfigValue(.string(value), isSecret: false)
                        )
                    }
                )
            ),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "kaskman"),
        ]
        let content = file.map { ConfigurationFile.read($0, known: SettingsTable.all, fileSystem: fileSystem) }
        if let content { providers.append(content.provider) }
        let reader = ConfigReader(providers: providers)
        var source = SettingsSource { key, isSecret in lookup(key, isSecret: isSecret, in: reader) }
        let settings = SettingsTable.settings(from: &source)
        let faults =
            (content?.faults ?? [])
            + source.faults.map { fault in
                let text = "\(fault.key) \(fault.reason)"
                // Who overrides the file is at fault, not the file.
                guard flags[fault.key] == nil else { return text }
                let variable = SettingDescription.variable(of: fault.key)
                guard environment[variable] == nil else { return "\(text) (\(variable))" }
                return content?.places[fault.key].map { "\($0): \(text)" } ?? text
            }
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
        let lines = source.openTexts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }
        let origin = SettingsOrigin(file: file, sha256: OwnEvents.sha256(lines.joined().utf8))
        return Loaded(settings: settings, origin: origin, warnings: unknownVariables(in: environment))
    }

    private static func lookup(_ key: String, isSecret: Bool, in reader: ConfigReader) -> SettingsSource.Answer {
        let configKey = ConfigKey(key)
        if let text = reader.string(forKey: configKey, isSecret: isSecret) { return .text(text) }
        // A YAML list; elsewhere lists are texts with commas.
        if let list = reader.stringArray(forKey: configKey, isSecret: isSecret) {
            return .text(list.joined(separator: ","))
        }
        return .missing
    }

    /// Variables that configure other parts of the product than the server.
    private static let foreignVariables: Set<String> = [
        "KASKMAN_URL", "KASKMAN_TOKEN", "KASKMAN_TOKEN_FILE", "KASKMAN_USER", "KASKMAN_PASSWORD", "KASKMAN_FORMAT",
        "KASKMAN_TIMEOUT", "KASKMAN_CONFORMANCE", "KASKMAN_WARNINGS_AS_ERRORS", "KASKMAN_CHAOS", "KASKMAN_CHAOS_SEED",
        "KASKMAN_TEST_DATABASE", "KASKMAN_SERVER", "KASKMAN_CHROMIUM", "KASKMAN_CHROMEDRIVER",
    ]

    private static func unknownVariables(in environment: [String: String]) -> [String] {
        let known = SettingsTable.all.map(\.variable)
        return environment.keys.filter { name in
            name.hasPrefix("KASKMAN_") && !known.contains(name) && !foreignVariables.contains(name)
        }.sorted().map { name in
            let nearest = NearestKey.find(name, among: known).map { "; did you mean \($0)?" } ?? ""
            return "the environment variable \(name) is unknown and has no effect\(nearest)"
        }
    }
}

/// Where the settings come from, and a name for this version of them.
package struct SettingsOrigin: Sendable, Equatable {
    /// The path of the configuration file; nil when there was none.
    package let file: String?
    /// The SHA-256 over all settings in force but the secret ones: a line `key=text` each, sorted by key.
    package let sha256: String
}

/// A configuration that cannot be used: every fault, in one message.
package struct SettingsError: Error, Sendable, CustomStringConvertible {
    package let faults: [String]

    package init(faults: [String]) {
        self.faults = faults
    }

    package var description: String { faults.joined(separator: "\n") }
}
