import Basics
import Client
import JSON
import Testing
import Worker

@Suite("Outbox")
struct OutboxTests {
    private static let results = [
        AttemptResult(LeaseKey(taskID: "a1", token: 2), .completed(output: ["x": [1, 2.5, "ü"]])),
        AttemptResult(LeaseKey(taskID: "a1", token: 3), .failed(.exitCode, message: "exit code 1: \"no\"\n")),
        AttemptResult(LeaseKey(taskID: "../../etc/x", token: 1), .completed(output: .emptyObject)),
    ]

    @Test("What is put is there, for the next worker too, until it is removed")
    func life() throws {
        let disk = FaultyFileSystem()
        let outbox = try Outbox(folder: "/w/outbox", fileSystem: disk)
        for result in Self.results { try outbox.put(result) }
        let next = try Outbox(folder: "/w/outbox", fileSystem: disk)
        #expect(Set(try next.content().results) == Set(Self.results))
        #expect(try disk.list("/w/outbox").count == 3, "no name leads elsewhere")
        #expect(disk.mode(of: "/w/outbox/a1-2.result") == .ownerOnly)
        for result in Self.results { try outbox.remove(result.key) }
        #expect(try outbox.content().results.isEmpty && disk.list("/w/outbox").isEmpty)
    }

    @Test("The format, as it is written")
    func golden() throws {
        let bytes = OutboxFile.encode(Self.results[1])
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("kaskman-outbox 1 "))
        #expect(
            text.hasSuffix(
                "\n" + #"{"task_id":"a1","token":3,"error":{"class":"exit_code","message":"exit code 1: \"no\"\n"}}"#
                    + "\n"
            )
        )
        #expect(try OutboxFile.decode(bytes) == Self.results[1])
    }

    @Test("A file that was cut or changed anywhere is told, and stays")
    func damage() throws {
        let bytes = OutboxFile.encode(Self.results[0])
        for index in bytes.indices {
            #expect(throws: OutboxFile.Fault.self) { try OutboxFile.decode(Array(bytes[..<index])) }
            var changed = bytes
            changed[index] ^= 1
            #expect(throws: OutboxFile.Fault.self, "byte \(index)") { try OutboxFile.decode(changed) }
        }
        #expect(throws: OutboxFile.Fault.newerVersion) {
            try OutboxFile.decode(Array("kaskman-outbox 2 x\n{}".utf8))
        }
        let disk = FaultyFileSystem()
        let outbox = try Outbox(folder: "/w", fileSystem: disk)
        try disk.writeAtomically(Array(bytes.dropLast()), to: "/w/x-1.result", mode: .ownerOnly)
        try disk.writeAtomically([1], to: "/w/y-1.result.7.1.new", mode: .ownerOnly)
        let content = try outbox.content()
        #expect(content.results.isEmpty && content.damaged == ["/w/x-1.result"])
        #expect(try disk.list("/w") == ["x-1.result"], "what a crash left half written is gone")
    }

    @Test("A full disk is an error, and leaves what was there")
    func fullDisk() throws {
        let disk = FaultyFileSystem()
        let outbox = try Outbox(folder: "/w", fileSystem: disk)
        try outbox.put(Self.results[0])
        disk.setCapacity(0)
        #expect(throws: FileSystemError.self) { try outbox.put(Self.results[1]) }
        #expect(try outbox.content().results == [Self.results[0]])
    }
}
