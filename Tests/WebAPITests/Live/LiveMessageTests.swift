import Basics
import HTTP
import HTTPTypes
import JSON
import Testing

@testable import WebAPI

@Suite("Live messages and tickets")
struct LiveMessageTests {
    private struct Somebody: HTTP.Principal {
        let id: String
        var name: String { id }
        var permissions: Set<String> = []

        func allows(_ permission: HTTP.Permission) -> Bool { permissions.contains(permission.rawValue) }
    }

    @Test("What clients say, and what of it is refused")
    func requests() {
        func f(_ text: String, _ expected: LiveRequest) {
            #expect((try? LiveRequest(parsing: Array(text.utf8))) == expected)
        }
        func g(_ text: String, _ expected: LiveRequestError) {
            #expect(throws: expected) { try LiveRequest(parsing: Array(text.utf8)) }
        }
        f(#"{"type":"ping"}"#, .ping)
        f(#"{"type":"get_status"}"#, .getStatus)
        f(#"{"type":"subscribe","topics":["projects","tasks"]}"#, .subscribe([.projects, .tasks]))
        f(#"{"type":"subscribe","data":{"topics":["agents"]}}"#, .subscribe(.agents))
        f(#"{"type":"unsubscribe","topics":["metrics"]}"#, .unsubscribe(.metrics))
        f(#"{"type":"auth","token":"t"}"#, .auth(token: "t"))
        f(#"{"type":"resume","after":7}"#, .resume(after: 7))
        g("[]", .noType)
        g(#"{"type":1}"#, .noType)
        g(#"{"type":"dance"}"#, .unknownType("dance"))
        g(#"{"type":"subscribe"}"#, .badTopics)
        g(#"{"type":"subscribe","topics":[]}"#, .badTopics)
        g(#"{"type":"subscribe","topics":[1]}"#, .badTopics)
        g(#"{"type":"subscribe","topics":["moon"]}"#, .unknownTopic("moon"))
        g(#"{"type":"auth"}"#, .missing(member: "token"))
        g(#"{"type":"auth","token":""}"#, .missing(member: "token"))
        g(#"{"type":"resume","after":-1}"#, .missing(member: "after"))
        g(#"{"type":"resume","after":"1"}"#, .missing(member: "after"))
        for text in ["", "{", "nonsense", "\u{0}", String(repeating: "[", count: 100)] {
            #expect(throws: LiveRequestError.self) { try LiveRequest(parsing: Array(text.utf8)) }
        }
    }

    @Test("A ticket is good once, for its time, and for whom it was given")
    func tickets() {
        func caller(_ id: String) -> LiveCaller {
            LiveCaller(principal: Somebody(id: id), expires: Timestamp(milliseconds: 1_000_000))
        }
        func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }
        var store = TicketStore(ticketsMax: 4, perCallerMax: 2, lifetime: .seconds(30))
        #expect(store.issue("a", to: caller("ann"), at: at(0)) == true)
        #expect(store.redeem("a", at: at(29))?.principal.id == "ann")
        #expect(store.redeem("a", at: at(29)) == nil)
        #expect(store.redeem("never", at: at(0)) == nil)
        #expect(store.issue("b", to: caller("ann"), at: at(0)) == true)
        #expect(store.redeem("b", at: at(30)) == nil)
        // Of one caller the oldest goes; of all nobody gets another.
        for name in ["c", "d", "e"] { #expect(store.issue(name, to: caller("ann"), at: at(40)) == true) }
        #expect(store.redeem("c", at: at(41)) == nil)
        #expect(store.issue("f", to: caller("bob"), at: at(41)) == true)
        #expect(store.issue("g", to: caller("cy"), at: at(41)) == true)
        #expect(store.issue("h", to: caller("dan"), at: at(41)) == false)
        #expect(store.count == 4)
        // What has expired makes room.
        #expect(store.issue("h", to: caller("dan"), at: at(71)) == true)
        #expect(store.redeem("d", at: at(71)) == nil)
        #expect(store.count == 1)
    }

    @Test("A ticket opens a stream once, and nothing else; without credentials there is none")
    func ticketRoute() async throws {
        try await APIHarness.run { api in
            #expect(try await api.send(.post, "auth/tickets", as: .nobody).status == 401)
            let reply = try await api.send(.post, "auth/tickets", as: .viewer)
            #expect(reply.status == 201)
            #expect(reply.json?["expires_in"]?.integer == 30)
            let ticket = try #require(reply.json?["ticket"]?.string)
            // Not for anything but streams.
            #expect(try await api.send(.get, "projects?ticket=\(ticket)", as: .nobody).status == 401)
            #expect(try await api.send(.get, "events?ticket=\(ticket)", as: .nobody).status == 200)
            #expect(try await api.send(.get, "events?ticket=\(ticket)", as: .nobody).status == 401)
            // An agent may sign in, and still not read what happens.
            let agents = try #require(try await api.send(.post, "auth/tickets", as: .agent).json?["ticket"]?.string)
            #expect(try await api.send(.get, "events?ticket=\(agents)", as: .nobody).status == 403)
        }
    }

    @Test("A handshake is granted, told what it lacks, or refused for its origin")
    func handshake() async throws {
        try await APIHarness.run { api in
            func f(_ changes: [String: String?], _ expected: Int, _ place: SourceLocation = #_sourceLocation)
                async throws
            {
                var fields = [
                    "Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                ]
                for (name, value) in changes { fields[name] = value }
                var all = HTTPFields()
                for (name, value) in fields { if let name = HTTPField.Name(name) { all[name] = value } }
                let reply = try await api.send(.get, "/ws/projects", as: .viewer, nil, all)
                #expect(reply.status == expected, sourceLocation: place)
                if expected == 101 { #expect(reply["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") }
                if expected == 426 { #expect(reply["Sec-WebSocket-Version"] == "13") }
            }
            try await f([:], 101)
            try await f(["Upgrade": "WebSocket"], 101)
            try await f(["Upgrade": nil], 426)
            try await f(["Upgrade": "h2c"], 426)
            try await f(["Connection": "close"], 426)
            try await f(["Sec-WebSocket-Version": "8"], 426)
            try await f(["Sec-WebSocket-Key": "short"], 400)
            try await f(["Sec-WebSocket-Key": nil], 400)
            try await f(["Origin": "http://h"], 101)
            try await f(["Origin": "https://H"], 101)
            try await f(["Origin": "http://evil.example"], 403)
            try await f(["Origin": "null"], 403)
            try await f(["Origin": "http://h.evil.example"], 403)
            #expect(
                try await api.send(.get, "events", as: .viewer, nil, Self.origin("http://evil.example")).status == 403
            )
        }
    }

    private static func origin(_ text: String) -> HTTPFields {
        guard let name = HTTPField.Name("Origin") else { return [:] }
        return [name: text]
    }
}
