import KeyValue
import Testing

@Suite struct RedisEndpointTests {
    @Test("URLs and what they say")
    func urls() throws {
        func expect(
            _ url: String,
            _ address: RedisEndpoint.Address,
            user: String = "",
            password: String = "",
            database: Int = 0,
            shown: String
        ) throws {
            let endpoint = try RedisEndpoint(url: url)
            #expect(endpoint.address == address, "\(url)")
            #expect(endpoint.user == user && endpoint.password == password && endpoint.database == database, "\(url)")
            #expect(endpoint.redacted == shown)
        }
        func host(_ name: String, _ port: Int = 6379, tls: Bool = false) -> RedisEndpoint.Address {
            .host(name, port: port, isEncrypted: tls)
        }
        try expect("redis://db.example", host("db.example"), shown: "redis://db.example:6379/0")
        try expect("redis://h:7000/3", host("h", 7000), database: 3, shown: "redis://h:7000/3")
        try expect("REDIS://h/", host("h"), shown: "redis://h:6379/0")
        try expect("rediss://:s%40c@h", host("h", tls: true), password: "s@c", shown: "rediss://h:6379/0")
        try expect(
            "redis://u:p:q@[::1]:1/2",
            host("::1", 1),
            user: "u",
            password: "p:q",
            database: 2,
            shown: "redis://[::1]:1/2"
        )
        try expect(
            "redis+unix:///run/r%20s.sock?db=4",
            .socket(path: "/run/r s.sock"),
            database: 4,
            shown: "redis+unix:///run/r s.sock?db=4"
        )
        try expect("redis+unix://u:p@/s", .socket(path: "/s"), user: "u", password: "p", shown: "redis+unix:///s?db=0")
    }

    @Test(
        "What is no URL of a Redis is refused, and not quoted",
        arguments: [
            "", "h:6379", "http://secret@h", "redis://", "redis://:6379", "redis://h:0", "redis://h:65536",
            "redis://h:+1", "redis://h:x", "redis://h/x", "redis://h/70000", "redis://h/1/2", "redis://h?db=1",
            "redis://secret@h", "redis://u:%zz@h", "redis://u:%ff@h", "redis://u:%00@h", "redis://[::1",
            "redis://[::1]x",
            "redis://h/#secret", "redis://u:se cret@h", "redis+unix://h/s", "redis+unix://", "redis+unix:///",
            "redis+unix:///s?db=-1", "redis+unix:///s?secret",
        ]
    )
    func refusals(url: String) {
        do throws(RedisEndpoint.Fault) {
            let endpoint = try RedisEndpoint(url: url)
            Issue.record("\(url): \(endpoint)")
        } catch {
            #expect(!error.reason.contains("secret"))
        }
    }
}
