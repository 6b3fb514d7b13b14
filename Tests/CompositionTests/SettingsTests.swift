import Basics
import Foundation
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
        #expect(fault(file: "- a\n").contains("the file must be a mapping of keys"))
        #expect(fault(environment: ["KASKMAN_HTTP_PORT": "80x"]).contains("http.port must be a whole number"))
        #expect(fault(environment: ["KASKMAN_HTTP_PORT": "65536"]).contains("from 0 to 65535"))
        #expect(fault(environment: ["KASKMAN_SAMPLER_INTERVAL": "5"]).contains("sampler.interval must be a duration"))
        #expect(fault(environment: ["KASKMAN_LOG_LEVEL": "loud"]).contains("log.level must be one of trace, debug"))
    }

    @Test("A value of the wrong shape is a mistake; a section without keys is none")
    func shapes() {
        func f(_ file: String, _ expected: String) {
            #expect(fault(file: file) == "/etc/kaskman.yaml:" + expected, "\(file)")
        }
        f("http:\n  port: {a: 1}\n", "2:9: http.port must be a single value, not a mapping")
        f("http:\n  port: [1]\n", "2:9: http.port must be a single value, not a list")
        f("http:\n  port:\n    - 1\n", "3:5: http.port must be a single value, not a list")
        f("rules:\n  files: {}\n", "2:10: rules.files must be a single value or a list of single values, not a mapping")
        f("rules:\n  files: [[a]]\n", "2:10: rules.files must be a single value or a list of single values")
        #expect(fault(file: "http:\nrules:\n  files: a.yml\n") == "accepted")
    }

    @Test("The suggestion knows sections, and takes capitals for small letters")
    func suggestions() {
        func f(_ file: String, _ expected: String) {
            #expect(fault(file: file) == "/etc/kaskman.yaml:" + expected, "\(file)")
        }
        f("HTTP:\n  port: 1\n", "1:1: the key HTTP is unknown; did you mean http?")
        f("http2:\n  port: 1\n", "1:1: the key http2 is unknown; did you mean http?")
        f("http:\n  Port: 1\n", "2:3: the key http.Port is unknown; did you mean http.port?")
        f("Data_Dir: x\n", "1:1: the key Data_Dir is unknown; did you mean data_dir?")
        f("completely_else: x\n", "1:1: the key completely_else is unknown")
    }

    @Test("A file that is no YAML is told with line and column, in a sentence")
    func syntax() {
        func f(_ file: String, _ expected: String) {
            #expect(fault(file: file) == "/etc/kaskman.yaml" + expected, "\(file)")
        }
        f("http: [\n", ":2:1: no value where one is expected: is a list or mapping not closed?")
        f("http: [a\n", ":2:1: the list that begins on line 1 is not closed: a comma or ] is missing")
        f("http: {port: 1\n", ":2:1: the mapping that begins on line 1 is not closed: a comma or } is missing")
        f("a: 'b\n", ":2:1: the text in quotes that begins on line 1 is not closed")
        f("http:\n  port: 1\n  port: 2\n", ":2:3: the key port is given more than once")
        f(
            "a: b: c\n",
            ":1:5: a colon that cannot be a key's here: a text that holds one belongs in quotes, and keys of one section "
                + "are indented alike"
        )
        f(
            "http:\n\tport: 1\n",
            ":2:1: a character that cannot begin a value: blanks indent, not tabs; other texts that begin so belong in quotes"
        )
        f("http:\n  port: 1\n host: x\n", ":3:2: no key where one is expected: keys of one section are indented alike")
        f("a: \u{1}\n", ": the file is not YAML: it holds characters that YAML does not allow")
    }

    @Test("The address of a Redis is one, and a password in it is not told")
    func redis() throws {
        let url = "rediss://ann:s%40crt@h.example/2"
        #expect(try load(environment: ["KASKMAN_REDIS_URL": url]).settings.redis.url == url)
        #expect(try load().settings.redis.url == "")
        let text = fault(environment: ["KASKMAN_REDIS_URL": "redis://secret@h"])
        #expect(text.contains("redis.url has a user without a password"), "\(text)")
        #expect(!text.contains("secret"))
    }

    @Test("The address in links is an absolute web URL to which paths can be appended")
    func externalURL() {
        func f(_ url: String, _ expected: String) {
            let text = fault(environment: ["KASKMAN_EXTERNAL_URL": url])
            #expect(text == expected || (!expected.isEmpty && text.contains(expected)), "\(url)")
        }
        for url in ["", "http://h", "https://h.example:8443/kaskman/", "http://[::1]:80"] { f(url, "accepted") }
        for url in ["h", "h.example:80", "/x", "ftp://h", "http://", "http://h:port", "http://a b"] {
            f(url, "external_url must be an http or https URL with a host, such as https://h.example, not \"\(url)\"")
        }
        for url in ["http://h?a", "http://h/#b", "http://a:b@h"] {
            f(url, "external_url must have no user name, query or fragment, unlike \"\(url)\" (KASKMAN_EXTERNAL_URL)")
        }
    }

    @Test("Every mistake is reported in one run, in the file and elsewhere, each with its place")
    func allAtOnce() {
        let file = "http:\n  prot: 1\n  port: x\nlog:\n  level: loud\n  format: [json]\nhtpp: 1\n"
        let environment = ["KASKMAN_LOG_LEVEL": "quiet", "KASKMAN_HTTP_TRUSTED_PROXIES": "10.0.0.0/8, proxy"]
        #expect(
            fault(file: file, environment: environment).split(separator: "\n") == [
                "/etc/kaskman.yaml:2:3: the key http.prot is unknown; did you mean http.port?",
                "/etc/kaskman.yaml:6:11: log.format must be a single value, not a list",
                "/etc/kaskman.yaml:7:1: the key htpp is unknown; did you mean http?",
                "/etc/kaskman.yaml:3:9: http.port must be a whole number from 0 to 65535, not \"x\"",
                "http.trusted_proxies must be a list of addresses and CIDR ranges, which \"proxy\" is none of "
                    + "(KASKMAN_HTTP_TRUSTED_PROXIES)",
                "log.level must be one of trace, debug, info, notice, warning, error, critical, not \"quiet\" "
                    + "(KASKMAN_LOG_LEVEL)",
            ]
        )
    }

    @Test("An unknown variable is a warning with the nearest known one; those of other programs are none")
    func unknownVariables() throws {
        let loaded = try load(environment: ["KASKMAN_HTTP_PROT": "1", "KASKMAN_URL": "http://x", "PATH": "/bin"])
        #expect(loaded.warnings.count == 1)
        #expect(loaded.warnings.first?.contains("did you mean KASKMAN_HTTP_PORT?") ?? false)
    }

    @Test("make run hands the server no variable that it would warn of")
    func makefile() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Makefile"), encoding: .utf8)
        #expect(text.contains("\nexport SWIFT\n"))
        #expect(!text.contains(/(?m)^export +KASKMAN_/))
    }

    @Test("An empty file configures nothing; a missing one is an error")
    func files() throws {
        #expect(try load(file: "").settings.http.port == 8080)
        #expect(try load(file: "# nothing\n").settings.http.port == 8080)
        let error = #expect(throws: SettingsError.self) {
            try SettingsLoader.load(file: "/nowhere", flags: [:], environment: [:], fileSystem: FaultyFileSystem())
        }
        #expect(error?.faults.count == 1)
        #expect(error?.description.hasPrefix("cannot read /nowhere: ") == true)
    }

    @Test("A database is the data folder's or a PostgreSQL server, whose URL is a secret")
    func database() throws {
        let embedded = try load()
        #expect(embedded.settings.usesSQLite)
        let url = "postgresql://ada:s3cret@db.example/kask"
        let server = try load(environment: ["KASKMAN_DATABASE_URL": url])
        #expect(server.settings.databaseURL == url && !server.settings.usesSQLite)
        let other = try load(environment: ["KASKMAN_DATABASE_URL": "postgres://h/d"])
        #expect(server.origin.sha256 == other.origin.sha256)
        let wrong = fault(environment: ["KASKMAN_DATABASE_URL": "mysql://ada:s3cret@db.example/kask"])
        #expect(wrong == "database.url must be sqlite: or begin with postgresql:// (KASKMAN_DATABASE_URL)")
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
