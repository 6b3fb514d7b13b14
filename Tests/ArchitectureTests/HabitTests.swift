import Foundation
import Testing

/// What a reviewer would say twice.
@Suite("Habits")
struct HabitTests {
    private struct Ban {
        /// A text that every violation contains: looked for first, since it is cheap.
        let text: String
        let pattern: Regex<Substring>
        let instead: String
        /// Files (by their end) where it may stand, with the reason in the code there.
        var allowed: [String] = []
        var wings: Set<String> = ["Core", "Observability", "Platform", "Research", "Service", "Commands"]
    }

    private func isComment(_ line: Substring) -> Bool {
        line.drop { $0 == " " }.hasPrefix("//")
    }

    @Test("Nothing reads the time, sleeps, rolls dice or prints behind the platform's back")
    func bans() throws {
        let bans = [
            Ban(
                text: "Task.sleep",
                pattern: /\bTask\.sleep\b/,
                instead: "the clock that was handed in",
                allowed: ["WallClock.swift"]
            ),
            Ban(text: "Date()", pattern: /\bDate\(\)/, instead: "the clock that was handed in"),
            Ban(text: "UUID()", pattern: /\bUUID\(\)/, instead: "UUIDv7Generator"),
            Ban(text: "try!", pattern: /\btry!/, instead: "a typed error"),
            Ban(
                text: "fatalError(",
                pattern: /\bfatalError\(/,
                instead: "precondition with a message that begins with BUG:"
            ),
            Ban(
                text: "print(",
                pattern: /(?:^|[^\w.])print\(/,
                instead: "the logger",
                wings: ["Core", "Observability", "Platform", "Research", "Service"]
            ),
            Ban(
                text: "Mutex<(",
                pattern: /\bMutex<\(.*->/,
                instead: "Callback: a bare function is wrapped at each read"
            ),
            Ban(text: "TODO", pattern: /\bTODO\b/, instead: "finishing it"),
            Ban(text: "FIXME", pattern: /\bFIXME\b/, instead: "finishing it"),
        ]
        for module in SourceTree.modules {
            for file in module.files {
                let text = try SourceTree.text(file)
                for ban in bans where ban.wings.contains(module.wing) && text.contains(ban.text) {
                    guard !ban.allowed.contains(where: { file.path.hasSuffix($0) }) else { continue }
                    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
                    for (number, line) in lines where line.contains(ban.text) && !isComment(line) {
                        #expect(
                            line.firstMatch(of: ban.pattern) == nil,
                            "\(SourceTree.name(file)):\(number + 1): use \(ban.instead)"
                        )
                    }
                }
            }
        }
    }

    @Test("Preconditions and their like say BUG, since only our own mistakes may trap")
    func traps() throws {
        for module in SourceTree.modules {
            for file in module.files {
                let text = try SourceTree.text(file)
                guard text.contains("preconditionFailure") else { continue }
                for match in text.matches(of: /preconditionFailure\(\s*"([^"]{0,4})/) {
                    #expect(match.1 == "BUG:", "\(SourceTree.name(file)): \(match.0)")
                }
            }
        }
    }

    @Test("Relative links in documents lead to files")
    func links() throws {
        let documents = SourceTree.files(below: ".").filter { file in
            file.pathExtension == "md" && !file.path.contains("/.build")
        }
        #expect(!documents.isEmpty)
        for document in documents {
            for match in try SourceTree.text(document).matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
                let target = String(match.1)
                guard !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
                let path = document.deletingLastPathComponent().appending(path: target).path
                #expect(FileManager.default.fileExists(atPath: path), "\(SourceTree.name(document)): \(target)")
            }
        }
    }
}
