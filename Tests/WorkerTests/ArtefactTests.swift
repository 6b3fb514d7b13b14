import Basics
import Client
import Crypto
import Foundation
import Instruments
import JSON
import Synchronization
import Testing

@testable import Worker

/// A folder of a test on the real disk, since links are what this is about.
private final class Folder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "kaskman-worker-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/work", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var work: String { path + "/work" }

    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: target)
    }
}

@Suite("Artefacts")
struct ArtefactTests {
    @Test("Paths and patterns name files of the folder, each once")
    func find() throws {
        let folder = try Folder()
        for name in ["a.txt", "b.csv", "out/c.csv", "out/deep/d.csv", "out/deep/e.txt"] {
            try folder.write(name, to: "work/" + name)
        }
        func names(_ patterns: String...) throws -> [String] {
            try ArtefactFiles(folder: folder.work).find(patterns).map(\.name)
        }
        #expect(try names("a.txt") == ["a.txt"])
        #expect(try names("./out//c.csv", "out/c.csv") == ["out/c.csv"])
        #expect(try names("*") == ["a.txt", "b.csv"])
        #expect(try names("*/*.csv") == ["out/c.csv"])
        #expect(try names("**/*.csv") == ["b.csv", "out/c.csv", "out/deep/d.csv"])
        #expect(try names("out/**") == ["out/c.csv", "out/deep/d.csv", "out/deep/e.txt"])
        #expect(try names("none*") == [])
        #expect(throws: ArtefactFault.missing("none")) { try names("none") }
        #expect(throws: ArtefactFault.refused("out")) { try names("out") }
    }

    @Test("Nothing outside of the folder is taken: by no name, no link to a file, no link to a folder, no pipe")
    func escapes() throws {
        let folder = try Folder()
        try folder.write("secret", to: "secret.txt")
        try folder.write("x", to: "work/inside.txt")
        try folder.link("work/link.txt", to: "../secret.txt")
        try folder.link("work/up", to: "..")
        try folder.link("work/self.txt", to: "inside.txt")
        #expect(mkfifo(folder.work + "/pipe", 0o600) == 0)
        for pattern in [
            "../secret.txt", "/etc/passwd", "link.txt", "l*.txt", "up/secret.txt", "up/*", "self.txt", "pipe", "p*",
        ] {
            #expect(throws: ArtefactFault.self, "\(pattern)") { try ArtefactFiles(folder: folder.work).find([pattern]) }
        }
        #expect(try ArtefactFiles(folder: folder.work).find(["i*"]).map(\.name) == ["inside.txt"])
        // One that was exchanged for a link after it was found.
        let file = ArtefactFile(name: "link.txt", path: folder.work + "/link.txt")
        #expect(throws: ArtefactFault.self) { try ArtefactReader(file) }
    }

    /// A server of uploads in memory, which breaks off now and then.
    private final class Uploads: APITransport {
        private struct State {
            var content: [String: [UInt8]] = [:]
            var sizes: [String: (bytes: Int, digest: String)] = [:]
            var requests = 0
            var log: [String] = []
        }

        private let state = Mutex(State())
        private let takes: Int
        private let breaks: Int?

        /// - Parameters:
        ///   - takes: The most bytes that arrive of a part.
        ///   - breaks: Each so-manieth request has no answer.
        init(takes: Int, breaks: Int?) {
            self.takes = takes
            self.breaks = breaks
        }

        var content: [String: [UInt8]] { state.withLock { $0.content } }
        var log: [String] { state.withLock { $0.log } }

        func send(_ request: APIRequest, to: ServerAddress, timeout: Duration) async throws(ClientError) -> APIResponse
        {
            let (answer, isBroken) = state.withLock { state in
                state.requests += 1
                state.log.append("\(request.method.rawValue) \(request.header("Upload-Offset") ?? "")")
                return (handle(request, &state), breaks.map { state.requests % $0 == 0 } ?? false)
            }
            if isBroken { throw .unreachable("the connection broke") }
            return answer
        }

        private func handle(_ request: APIRequest, _ state: inout State) -> APIResponse {
            if request.method == .post {
                guard let json = try? JSONValue(parsing: request.body), let name = json["name"]?.string,
                    let bytes = json["bytes"]?.integer, let digest = json["sha256"]?.string
                else { return .json("{}", status: 422) }
                state.sizes[name] = (Int(bytes), digest)
                if state.content[name] == nil { state.content[name] = [] }
                return record(name, &state)
            }
            let name = String(request.target.split(separator: "/").last?.split(separator: "?").first ?? "")
            guard request.method == .patch else { return record(name, &state) }
            let offset = Int(request.header("Upload-Offset") ?? "") ?? -1
            let have = state.content[name]?.count ?? 0
            guard offset == have else {
                return .json("{}", status: 409, headers: [APIRequest.Header("Upload-Offset", String(have))])
            }
            state.content[name, default: []] += request.body.prefix(takes)
            return record(name, &state)
        }

        private func record(_ name: String, _ state: inout State) -> APIResponse {
            let have = state.content[name] ?? []
            guard let wanted = state.sizes[name] else { return .json("{}", status: 404) }
            let isComplete = have.count == wanted.bytes
            if isComplete, SHA256.hash(data: have).hexadecimal != wanted.digest { return .json("{}", status: 422) }
            return .json(#"{"id":"\#(name)","name":"\#(name)","offset":\#(have.count),"complete":\#(isComplete)}"#)
        }
    }

    private func upload(_ transport: any APITransport, _ clock: any WallClock) -> ArtefactUpload {
        ArtefactUpload(
            lease: LeaseKey(taskID: "t", token: 1),
            client: AgentClient(address: .standard, transport: transport, token: "k"),
            clock: clock,
            metrics: WorkerMetrics(Registry(), concurrency: 1),
            stop: Latch(),
            notTaken: {}
        )
    }

    @Test("Files arrive whole, in parts, whatever breaks", arguments: [nil, 2, 3, 5] as [Int?])
    func sending(breaks: Int?) async throws {
        let folder = try Folder()
        let text = String(repeating: "0123456789", count: 1000)
        try folder.write(text, to: "work/long.txt")
        try folder.write("", to: "work/empty.txt")
        let files = try ArtefactFiles(folder: folder.work).find(["*"])
        let transport = Uploads(takes: 3000, breaks: breaks)
        let end = try await upload(transport, InstantClock()).send(files)
        #expect(end == .sent)
        #expect(transport.content == ["long.txt": Array(text.utf8), "empty.txt": []], "\(transport.log)")
    }

    @Test("A server without the route, one that refuses, and a lost lease are told apart")
    func ends() async throws {
        let folder = try Folder()
        try folder.write("x", to: "work/x")
        let files = try ArtefactFiles(folder: folder.work).find(["x"])
        for (status, expected) in [
            (404, ArtefactUpload.End.notTaken), (409, .stopped), (422, .refused("refused with status 422: T")),
        ] {
            let transport = StubTransport { _ in .json(#"{"title":"T"}"#, status: status) }
            #expect(try await upload(transport, InstantClock()).send(files) == expected)
            #expect(transport.sent.count == 1)
        }
    }
}
