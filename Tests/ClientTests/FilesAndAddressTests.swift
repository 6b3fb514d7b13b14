import Basics
import Client
import Foundation
import Testing

@Suite("Addresses and files")
struct FilesAndAddressTests {
    @Test(
        "Addresses are read and normalised",
        arguments: [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTPS://Lab.Example/", "https://lab.example"),
            ("https://lab.example/Kask//", "https://lab.example/Kask"),
            ("http://[::1]:80", "http://[::1]:80"), ("http://[::1]", "http://[::1]"),
        ]
    )
    func addresses(text: String, expected: String) throws {
        #expect(try ServerAddress(text).description == expected)
    }

    @Test(
        "What is no plain address is refused",
        arguments: [
            "", "localhost:8080", "ftp://a", "http://", "http://:80", "http://u:p@host", "http://h/?q", "http://h#f",
            "http://h:0", "http://h:65536", "http://h:x", "http://a b", "http://h\\@evil",
            "http://" + String(repeating: "a", count: 3000),
        ]
    )
    func refused(text: String) {
        #expect(throws: ClientError.self) { try ServerAddress(text) }
    }

    @Test("Text in URLs")
    func percent() {
        #expect(PercentEncoding.encode("a-b_c.~/?&=+ ä\n") == "a-b_c.~%2F%3F%26%3D%2B%20%C3%A4%0A")
        #expect(PercentEncoding.target("/p", []) == "/p")
        #expect(PercentEncoding.form([("a", "1&2"), ("b", "")]) == "a=1%262&b=")
    }

    @Test(
        "The folder follows XDG",
        arguments: [
            (["XDG_CONFIG_HOME": "/x", "HOME": "/h"], "/x/kaskman"),
            (["XDG_CONFIG_HOME": "relative", "HOME": "/h"], "/h/.config/kaskman"),
            (["HOME": "/h"], "/h/.config/kaskman"), ([:], nil),
        ] as [([String: String], String?)]
    )
    func folder(environment: [String: String], expected: String?) {
        #expect(ConfigurationFiles.folder(environment: environment) == expected)
    }

    @Test("Tokens are kept by server, and come back")
    func credentials() throws {
        let files = ConfigurationFiles(folder: "/c/kaskman", fileSystem: FaultyFileSystem())
        let (one, two) = (try ServerAddress("http://one"), try ServerAddress("http://two"))
        #expect(try files.tokens(for: one) == nil)
        let tokens = Tokens(access: "a", refresh: "r", expiresAt: Timestamp(milliseconds: 1000), username: "ada")
        try files.replace(tokens, for: one)
        try files.replace(Tokens(access: "b"), for: two)
        #expect(try files.tokens(for: one) == tokens)
        #expect(try files.tokens(for: two) == Tokens(access: "b"))
        try files.replace(nil, for: one)
        #expect(try files.tokens(for: one) == nil)
        #expect(try files.tokens(for: two) == Tokens(access: "b"))
    }

    @Test("Contexts come back")
    func contexts() throws {
        let files = ConfigurationFiles(folder: "/c/kaskman", fileSystem: FaultyFileSystem())
        #expect(try files.contexts() == ConfigurationFiles.Contexts())
        let contexts = ConfigurationFiles.Contexts(current: "lab", addresses: ["lab": .standard])
        try files.write(contexts)
        #expect(try files.contexts() == contexts)
    }

    @Test("Files on a disk are for the owner alone")
    func modes() throws {
        let root = FileManager.default.temporaryDirectory.appending(
            path: "kaskman-\(ProcessInfo.processInfo.processIdentifier)-modes"
        )
        defer { try? FileManager.default.removeItem(at: root) }
        let files = ConfigurationFiles(folder: root.path + "/kaskman", fileSystem: DiskFileSystem())
        try files.replace(Tokens(access: "secret"), for: .standard)
        try files.write(ConfigurationFiles.Contexts(addresses: ["lab": .standard]))
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: root.path + path)[.posixPermissions] as? Int
        }
        #expect(try mode("/kaskman/credentials.json") == 0o600)
        #expect(try mode("/kaskman/contexts.json") == 0o600)
        #expect(try mode("/kaskman") == 0o700)
    }

    @Test("A damaged file is an error with its name, never a crash or an empty file")
    func damaged() throws {
        let fileSystem = FaultyFileSystem()
        try fileSystem.createDirectory("/c/kaskman", mode: .ownerOnlyDirectory)
        try fileSystem.writeAtomically(Array("{".utf8), to: "/c/kaskman/credentials.json", mode: .ownerOnly)
        let files = ConfigurationFiles(folder: "/c/kaskman", fileSystem: fileSystem)
        #expect(throws: ClientError.files("/c/kaskman/credentials.json: unexpected end at byte 1")) {
            try files.tokens(for: .standard)
        }
    }
}
