import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Composition

/// The port that the server will listen on.
@Suite("Reserved ports")
struct ReservedPortTests {
    @Test("A port is chosen for each host that can be bound to, and another one each time")
    func choice() throws {
        func f(_ host: String) throws {
            let port = try ReservedPort(host: host, port: 0).port
            #expect(port > 1023 && port < 65_536, "\(host)")
        }
        try f("127.0.0.1")
        try f("localhost")
        try f("0.0.0.0")
        let kept = try (0..<50).map { _ in try ReservedPort(host: "127.0.0.1", port: 0) }
        #expect(Set(kept.map(\.port)).count == kept.count)
        let same = try ReservedPort(host: "127.0.0.1", port: kept[0].port)
        #expect(same.port == kept[0].port)
    }

    @Test("An address that cannot be had is refused with the address, the reason and what helps")
    func refusals() async throws {
        let squatter = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0).get()
        let taken = try #require(squatter.localAddress?.port)
        func f(_ host: String, _ port: Int, _ reason: ListenError.Reason, _ text: String) {
            let error = #expect(throws: ListenError(host: host, port: port, reason)) {
                try ReservedPort(host: host, port: port)
            }
            #expect(error?.description == "cannot listen on \(host):\(port): \(text)")
        }
        f(
            "127.0.0.1",
            taken,
            .portInUse,
            "another process listens there; end it, or choose another port (http.port, KASKMAN_HTTP_PORT, --http-port)"
        )
        f(
            "203.0.113.1",
            8080,
            .addressNotHere,
            "this machine has no such address; choose another one (http.host, KASKMAN_HTTP_HOST, --http-host)"
        )
        f(
            "no such host.",
            8080,
            .hostUnknown,
            "the name leads to no address; choose another one (http.host, KASKMAN_HTTP_HOST, --http-host)"
        )
        #expect(ListenError(host: "::1", port: 1, .other("x")).description.hasPrefix("cannot listen on [::1]:1: x;"))
        try await squatter.close()
    }
}
