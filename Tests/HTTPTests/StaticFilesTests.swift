import Basics
import HTTPTypes
import Testing

@testable import HTTP

struct StaticFilesTests {
    private func disk(_ files: [String: String]) throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        for (path, text) in files {
            let folder = path.split(separator: "/").dropLast().joined(separator: "/")
            try disk.createDirectory("/" + folder, mode: .sharedDirectory)
            try disk.writeAtomically(Array(text.utf8), to: path, mode: .shared)
        }
        return disk
    }

    @Test("files are served from memory with their types and tags")
    func serving() async throws {
        let disk = try disk([
            "/web/index.html": "<p>", "/web/app.js": "let a", "/web/css/a.css": "p{}", "/web/.hidden": "x",
            "/usr/lib/chart.min.js": "chart",
        ])
        var files = StaticFiles()
        try files.add(directory: "/web", from: disk)
        try files.add(file: "/usr/lib/chart.min.js", at: "/vendor/chart.min.js", from: disk)
        #expect(files.paths == ["/", "/app.js", "/css/a.css", "/index.html", "/vendor/chart.min.js"])
        let harness = ServiceHarness([wordRoute(.get, "/api/v1/words")], files: files)
        func f(_ path: String, _ status: Int, _ type: String, _ text: String) async throws {
            let reply = try await harness.send(.get, path)
            #expect(reply.status == status, "\(path)")
            if status == 200 {
                #expect(reply["Content-Type"] == type)
                #expect(reply["Cache-Control"] == "no-cache")
                #expect(reply.text == text)
            }
        }
        try await f("/", 200, "text/html; charset=utf-8", "<p>")
        try await f("/index.html", 200, "text/html; charset=utf-8", "<p>")
        try await f("/app.js?v=1", 200, "text/javascript; charset=utf-8", "let a")
        try await f("/css/a.css", 200, "text/css; charset=utf-8", "p{}")
        try await f("/vendor/chart.min.js", 200, "text/javascript; charset=utf-8", "chart")
        for path in ["/.hidden", "/css", "/css/", "/../web/app.js", "/%2e%2e/web/app.js", "/css/../app.js", "//app.js"]
        {
            try await f(path, 404, "", "")
        }
        let tag = try #require(try await harness.send(.get, "/app.js")["ETag"])
        let again = try await harness.send(.get, "/app.js", [.ifNoneMatch: tag])
        #expect(again.status == 304)
        #expect(again["ETag"] == tag)
        #expect(again.text.isEmpty)
        #expect(try await harness.send(.get, "/index.html")["ETag"] != tag)
        #expect(try await harness.send(.post, "/app.js").status == 405)
        #expect(try await harness.send(.head, "/app.js")["Content-Length"] == "5")
        #expect(harness.metric("kaskman_http_requests_total", ["route": "[file]", "code": "304"]) == 1)
    }

    @Test("what cannot be served is refused at start")
    func refusals() throws {
        func f(_ files: [String: String], bytesMax: Int = 100, _ expected: String) throws {
            let disk = try disk(files)
            var served = StaticFiles(bytesMax: bytesMax)
            let error = #expect(throws: StaticFilesError.self) { try served.add(directory: "/web", from: disk) }
            #expect(error.map(String.init(describing:)) == expected)
        }
        try f(["/web/a.exe": ""], "static files: no content type is known for /a.exe")
        try f(["/web/a": ""], "static files: no content type is known for /a")
        try f(["/web/a.js": "123456", "/web/b.js": "12345"], bytesMax: 10, "static files: more than 10 bytes")
    }
}
