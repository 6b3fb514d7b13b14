import Foundation
import Testing

@testable import Composition

/// The port that the system chooses for `http.port: 0`.
@Suite("Reserved ports")
struct ReservedPortTests {
    @Test("A port is chosen for each host that can be bound to, and another one each time")
    func choice() throws {
        func f(_ host: String, _ isChosen: Bool) {
            let port = ReservedPort(host: host)
            #expect((port != nil) == isChosen, "\(host)")
            #expect(port.map { $0.port > 1023 && $0.port < 65_536 } ?? true, "\(host)")
        }
        f("127.0.0.1", true)
        f("localhost", true)
        f("0.0.0.0", true)
        f("203.0.113.1", false)
        f("no such host.", false)
        let kept = try (0..<50).map { _ in try #require(ReservedPort(host: "127.0.0.1")) }
        #expect(Set(kept.map(\.port)).count == kept.count)
    }
}
