import APIModel
import HTTPTypes
import JSON
import Testing

@Suite("Monitoring and query routes")
struct MonitoringRoutesTests {
    @Test("The status says what is known, and has no member that stays empty")
    func status() async throws {
        try await APIHarness.run { api in
            let members = try await api.send(.get, "status").json?.object?.members ?? []
            #expect(members.map(\.name) == ["version", "started_at", "time", "uptime_seconds", "health"])
            #expect(members.allSatisfy { $0.value.string != "" })
            let build = try await api.send(.get, "/prometheus/api/v1/status/buildinfo").json?["data"]
            #expect(build?["branch"]?.string == "KaskManager 0.0.1")
        }
    }

    @Test("A query's timeout is a positive duration; another is the caller's mistake, and no time-out")
    func timeouts() async throws {
        try await APIHarness.run { api in
            func f(_ timeout: String, _ status: Int) async throws {
                for path in ["query?query=vector(1)", "query_range?query=vector(1)&start=1&end=2&step=1"] {
                    let reply = try await api.send(.get, "/prometheus/api/v1/\(path)&timeout=\(timeout)")
                    #expect(reply.status == status, "\(path) \(timeout): \(reply.text)")
                    #expect(status == 200 || reply.string("errorType") == "bad_data", "\(path) \(timeout)")
                }
            }
            try await f("5s", 200)
            try await f("0.5", 200)
            try await f("", 200)
            try await f("0", 400)
            try await f("-1", 400)
            try await f("1e-9", 400)
            try await f("soon", 400)
        }
    }
}
