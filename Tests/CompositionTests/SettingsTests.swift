import Basics
import Testing

@testable import Composition

@Suite("Settings")
struct SettingsTests {
    private func load(
        file: String? = nil,
        flags: [String: String] = [:],
        environment: [String: String] = [:]
    ) throws -> SettingsLoader.Loaded {
        let fileSystem = FaultyFileSystem()
        try fileSystem.createDirectory("/etc", mode: .sharedDirectory)
        if let file { try fileSystem.writeAtomically(Array(file.utf8), to: "/etc/kaskman.yaml", mode: .shared) }
        return try SettingsLoader.load(
            file: file == nil ? nil : "/etc/kaskman.yaml",
            flags: flags,
            environment: environment,
            fileSystem: fileSystem
        )
    }

    private func fault(file: String? = nil, environment: [String: String] = [:]) -> String {
        do {
            _ = try load(file: file, environment: environment)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test("Without any configuration the server starts on 127.0.0.1:8080 with its data under ./data")
    func defaults() throws {
        let settings = try load().settings
        #expect(settings.http.host == "127.0.0.1" && settings.http.port == 8080)
        #expect(settings.dataDirectory == "./data")
        #expect(settings.samplerInterval == .seconds(5))
        #expect(settings.timeSeries.retention == .seconds(7200))
    }

    @Test("Flags override variables, which override the file, which overrides the defaults")
    func precedence() throws {
        let file = "http:\n  host: file.example\n  port: 1\nlog:\n  level: debug\n"
        let settings = try load(
            file: file,
            flags: ["http.host": "flag.example"],
            environment: ["KASKMAN_HTTP_HOST": "variable.example", "KASKMAN_HTTP_PORT": "2"]
        ).settings
        #expect(settings.http.host == "flag.example")
        #expect(settings.http.port == 2)
        #expect(settings.log.level == "debug")
    }

    @Test("Lists are YAML lists in the file and have commas elsewhere")
    func lists() throws {
        let fromFile = try load(file: "rules:\n  files:\n    - a.yml\n    - b/*.yml\n").settings
        #expect(fromFile.rules.files == ["a.yml", "b/*.yml"])
        let fromVariable = try load(environment: ["KASKMAN_RULES_FILES": "a.yml, b/*.yml"]).settings
        #expect(fromVariable.rules.files == ["a.yml", "b/*.yml"])
    }

    @Test("A mistake is an error that says where it stands and what was probably meant")
    func mistakes() {
        #expect(
            fault(file: "http:\n  prot: 1\n")
                == "/etc/kaskman.yaml:2:3: the key http.prot is unknown; did you mean http.port?"
        )
        #expect(fault(file: "htttp:\n  port: 1\n").contains("the key htttp is unknown"))
        #expect(fault(file: "http: 8080\n").contains("http is a section"))
        #expect(fault(file: "http:\n  port: {a: 1}\n").contains("http.port must be a single value or a list"))
        #expect(fault(file: "- a\n").contains("the file must be a mapping of keys"))
        #expect(fault(file: "http: [\n").contains("/etc/kaskman.yaml"))
        #expect(fault(environment: ["KASKMAN_HTTP_PORT": "80x"]).contains("http.port must be a whole number"))
        #expect(fault(environment: ["KASKMAN_HTTP_PORT": "65536"]).contains("from 0 to 65535"))
        #expect(fault(environment: ["KASKMAN_SAMPLER_INTERVAL": "5"]).contains("sampler.interval must be a duration"))
        #expect(fault(environment: ["KASKMAN_LOG_LEVEL": "loud"]).contains("log.level must be one of trace, debug"))
    }

    @Test("Every mistake is reported in one run")
    func allAtOnce() {
        let text = fault(environment: ["KASKMAN_HTTP_PORT": "x", "KASKMAN_LOG_FORMAT": "xml"])
        #expect(text.contains("http.port") && text.contains("log.format"))
    }

    @Test("An unknown variable is a warning with the nearest known one; those of other programs are none")
    func unknownVariables() throws {
        let loaded = try load(environment: ["KASKMAN_HTTP_PROT": "1", "KASKMAN_URL": "http://x", "PATH": "/bin"])
        #expect(loaded.warnings.count == 1)
        #expect(loaded.warnings.first?.contains("did you mean KASKMAN_HTTP_PORT?") ?? false)
    }

    @Test("An empty file configures nothing; a missing one is an error")
    func files() throws {
        #expect(try load(file: "").settings.http.port == 8080)
        #expect(try load(file: "# nothing\n").settings.http.port == 8080)
        #expect(throws: SettingsError.self) {
            try SettingsLoader.load(file: "/nowhere", flags: [:], environment: [:], fileSystem: FaultyFileSystem())
        }
    }

    @Test("The example file loads, and changes nothing")
    func example() throws {
        let settings = try load(file: ExampleConfiguration.text).settings
        #expect("\(settings)" == "\(try load().settings)")
        #expect(
            SettingsTable.all.allSatisfy {
                ExampleConfiguration.text.contains("\($0.key.split(separator: ".").last ?? ""):")
            }
        )
    }

    @Test("Edit distances are Levenshtein's")
    func distance() {
        func f(_ left: String, _ right: String, _ distance: Int) {
            #expect(NearestKey.distance(left, right) == distance)
        }
        f("", "", 0)
        f("abc", "", 3)
        f("kitten", "sitting", 3)
        f("port", "prot", 2)
        #expect(NearestKey.find("zzzzzz", among: ["http.port"]) == nil)
    }
}
