import Basics
import Testing

@testable import Composition

@Suite("Rules and dashboard on the disk")
struct ShippedFilesTests {
    private func disk(_ files: [String]) throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        for file in files {
            let slash = file.lastIndex(of: "/") ?? file.startIndex
            try disk.createDirectory(String(file[..<slash]), mode: .sharedDirectory)
            try disk.writeAtomically([], to: file, mode: .shared)
        }
        return disk
    }

    @Test("They are looked for in the working folder, beside the executable, and where that was built")
    func places() throws {
        func f(_ executable: String?, _ folders: [String]) {
            #expect(ShippedFiles(executable: executable, fileSystem: FaultyFileSystem()).folders == folders)
        }
        f(nil, ["."])
        f("/usr/bin/kaskman-server", [".", "/usr/share/kaskman"])
        f("/kaskman-server", [".", "/share/kaskman"])
        f("/r/.build/x86/debug/kaskman-server", [".", "/r/.build/x86/share/kaskman", "/r"])
    }

    @Test("The first place that has some is taken; a folder without the page's index is none")
    func first() throws {
        func f(_ files: [String], rules: [String], web: String?) throws {
            let shipped = ShippedFiles(executable: "/usr/bin/kaskman-server", fileSystem: try disk(files))
            #expect(shipped.rules == rules, "\(files)")
            #expect(shipped.web == web, "\(files)")
        }
        try f([], rules: [], web: nil)
        let installed = ["/usr/share/kaskman/alerts/a.yml", "/usr/share/kaskman/web/index.html"]
        try f(installed, rules: [installed[0]], web: "/usr/share/kaskman/web")
        try f(
            installed + ["./alerts/b.yml", "./alerts/c.yml", "./alerts/d.txt", "./web/other.html"],
            rules: ["./alerts/b.yml", "./alerts/c.yml"],
            web: "/usr/share/kaskman/web"
        )
        try f(installed + ["./web/index.html"], rules: [installed[0]], web: "./web")
    }

    @Test("A pattern is a path, or has *, ? and [...] in its last part")
    func patterns() throws {
        let disk = try disk(["/r/a1.yml", "/r/a2.yml", "/r/b.yml", "/r/odd[1].yml", "/r/sub.yml/x"])
        func f(_ pattern: String, _ expected: [String]) throws {
            #expect(try PathPattern.paths(matching: pattern, in: disk) == expected.map { "/r/" + $0 }, "\(pattern)")
        }
        try f("/r/b.yml", ["b.yml"])
        try f("/r/missing.yml", [])
        try f("/r/*.yml", ["a1.yml", "a2.yml", "b.yml", "odd[1].yml"])
        try f("/r/a?.yml", ["a1.yml", "a2.yml"])
        try f("/r/[ab][2-9].yml", ["a2.yml"])
        try f("/r/odd[1].yml", ["odd[1].yml"])
        try f("/r/sub.yml", [])
        try f("/nowhere/*.yml", [])
    }
}
