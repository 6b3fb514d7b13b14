import HTTPTypes
import Rules
import Testing

@Suite("Links in notifications")
struct GraphRoutesTests {
    @Test("A link as templates make it leads to the page with the same expression")
    func links() async throws {
        try await APIHarness.run { api in
            func f(_ path: String, _ location: String) async throws {
                let reply = try await api.send(.get, path, as: .nobody)
                #expect(reply.status == 302, "\(path): \(reply.text)")
                #expect(reply["Location"] == location)
            }
            try await f("/graph", "./#/query")
            try await f("/graph?g0.expr=&g0.tab=1", "./#/query")
            try await f(URLText.tableLink("up == 0"), "./#/query?expr=up%20%3D%3D%200&tab=table")
            try await f(
                URLText.graphLink(#"rate(a{b="&#é"}[5m])"#),
                "./#/query?expr=rate%28a%7Bb%3D%22%26%23%C3%A9%22%7D%5B5m%5D%29"
            )
            try await f("/graph?g0.expr=up&g0.range_input=1h&g1.expr=down", "./#/query?expr=up")
            try await f("/graph?g0.expr=a%0D%0AX:%20y", "./#/query?expr=a%0D%0AX%3A%20y")
            try await f("/alerts", "./#/alerts")
        }
    }
}
