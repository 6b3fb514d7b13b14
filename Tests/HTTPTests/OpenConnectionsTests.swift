import Testing

@testable import HTTP

@Suite("Open connections")
struct OpenConnectionsTests {
    private typealias Decision = OpenConnections.Decision

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func open(_ connections: inout OpenConnections, _ peers: [String], at seconds: Int = 0) throws -> [Decision]
    {
        try peers.map { connections.opened(from: try address($0), at: .seconds(seconds)) }
    }

    private func refused(_ limit: OpenConnections.Limit, isLogged: Bool = true) -> Decision {
        .refuse(limit, isAnswered: true, isLogged: isLogged)
    }

    @Test("What is beyond a limit is refused: of one address, of one /64, and of all; proxies have none of their own")
    func limits() throws {
        func f(_ peers: [String], _ expected: [Decision]) throws {
            let proxies = ["10.0.0.1"].compactMap(AddressRange.init)
            var connections = OpenConnections(max: 4, perAddressMax: 2, exempt: proxies)
            #expect(try open(&connections, peers) == expected, "\(peers)")
        }
        try f(["192.0.2.1", "192.0.2.1", "192.0.2.1"], [.serve, .serve, refused(.address)])
        try f(["192.0.2.1", "192.0.2.1", "192.0.2.2"], [.serve, .serve, .serve])
        try f(["2001:db8::1", "2001:db8::2", "2001:db8::3"], [.serve, .serve, refused(.address)])
        try f(["2001:db8::1", "2001:db8::2", "2001:db8:0:1::3"], [.serve, .serve, .serve])
        try f(["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"], [.serve, .serve, refused(.address)])
        try f(Array(repeating: "10.0.0.1", count: 5), Array(repeating: .serve, count: 4) + [refused(.all)])
        // Who is refused leaves the room to others.
        try f(
            ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3"],
            [.serve, .serve, refused(.address), refused(.address, isLogged: false), .serve, .serve, refused(.all)]
        )
    }

    @Test("A connection that closes makes room for another one")
    func closing() throws {
        var connections = OpenConnections(max: 2, perAddressMax: 1)
        let peers = ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]
        #expect(try open(&connections, peers) == [.serve, refused(.address), .serve, refused(.all)])
        connections.closed(refused(.address), from: try address("192.0.2.1"))
        #expect(try open(&connections, ["192.0.2.1"]) == [refused(.address, isLogged: false)])
        connections.closed(.serve, from: try address("192.0.2.1"))
        #expect(try open(&connections, ["192.0.2.1", "192.0.2.3"]) == [.serve, refused(.all, isLogged: false)])
    }

    @Test("The log is told of each limit once a minute")
    func log() throws {
        var connections = OpenConnections(max: 2, perAddressMax: 1)
        #expect(try open(&connections, ["192.0.2.1", "192.0.2.2"]) == [.serve, .serve])
        func f(_ seconds: Int, _ peer: String, _ limit: OpenConnections.Limit, _ isLogged: Bool) throws {
            #expect(try open(&connections, [peer], at: seconds) == [refused(limit, isLogged: isLogged)], "\(seconds)")
        }
        try f(5, "192.0.2.1", .address, true)
        try f(30, "192.0.2.2", .address, false)
        try f(40, "192.0.2.3", .all, true)
        try f(64, "192.0.2.1", .address, false)
        try f(65, "192.0.2.2", .address, true)
        try f(99, "192.0.2.3", .all, false)
        try f(100, "192.0.2.3", .all, true)
    }

    @Test("So many refusals are answered at once; further ones are closed without a word")
    func answers() throws {
        var connections = OpenConnections(max: 1, perAddressMax: 1)
        let peer = try address("192.0.2.1")
        let most = OpenConnections.answeredRefusalsMax
        let decisions = try open(&connections, Array(repeating: "192.0.2.1", count: most + 2))
        #expect(decisions.count { $0 == refused(.address, isLogged: false) } == most - 1)
        let last = try #require(decisions.last)
        #expect(last == .refuse(.address, isAnswered: false, isLogged: false))
        connections.closed(last, from: peer)
        #expect(try open(&connections, ["192.0.2.1"]) == [last])
        connections.closed(decisions[1], from: peer)
        #expect(try open(&connections, ["192.0.2.1"]) == [refused(.address, isLogged: false)])
    }
}
