import Testing

@testable import HTTP

struct ClientAddressTests {
    @Test("addresses are read and written")
    func addresses() {
        func f(_ text: String, _ expected: String?) { #expect(IPAddress(text)?.description == expected, "\(text)") }
        f("127.0.0.1", "127.0.0.1")
        f("::ffff:10.1.2.3", "10.1.2.3")
        f("::1", "0:0:0:0:0:0:0:1")
        f("[2001:db8::5]", "2001:db8:0:0:0:0:0:5")
        f("fe80::1%eth0", "fe80:0:0:0:0:0:0:1")
        f("256.0.0.1", nil)
        f("1.2.3", nil)
        f("", nil)
        f("host", nil)
    }

    @Test("ranges contain their addresses")
    func ranges() throws {
        func f(_ range: String, _ address: String, _ expected: Bool) throws {
            #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))) == expected)
        }
        try f("10.0.0.0/8", "10.255.0.1", true)
        try f("10.0.0.0/8", "11.0.0.1", false)
        try f("0.0.0.0/0", "8.8.8.8", true)
        try f("0.0.0.0/0", "::1", false)
        try f("192.168.1.7", "192.168.1.7", true)
        try f("192.168.1.7/32", "192.168.1.6", false)
        try f("fd00::/8", "fdff::1", true)
        try f("2001:db8::/64", "2001:db8::ffff:1", true)
        try f("2001:db8::/65", "2001:db8:0:0:8000::", false)
        try f("::/0", "1.2.3.4", true)
        for text in ["10.0.0.0/33", "10.0.0.0/-1", "::/129", "x/8", "10.0.0.0/"] { #expect(AddressRange(text) == nil) }
    }

    @Test("the client behind proxies is the nearest hop that is not trusted")
    func forwarded() throws {
        let proxies = ["10.0.0.0/8", "192.168.0.1"].compactMap(AddressRange.init)
        func f(_ peer: String, _ fields: [String], _ expected: String, proxies: [AddressRange]) throws {
            #expect(proxies.client(behind: try #require(IPAddress(peer)), forwardedFor: fields).description == expected)
        }
        try f("10.0.0.1", ["1.1.1.1"], "10.0.0.1", proxies: [])
        try f("8.8.8.8", ["1.1.1.1"], "8.8.8.8", proxies: proxies)
        try f("10.0.0.1", [], "10.0.0.1", proxies: proxies)
        try f("10.0.0.1", ["1.1.1.1"], "1.1.1.1", proxies: proxies)
        try f("10.0.0.1", ["6.6.6.6, 1.1.1.1, 192.168.0.1"], "1.1.1.1", proxies: proxies)
        try f("10.0.0.1", ["6.6.6.6", "1.1.1.1,10.9.9.9"], "1.1.1.1", proxies: proxies)
        try f("10.0.0.1", ["1.1.1.1, nonsense"], "10.0.0.1", proxies: proxies)
        try f("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2", proxies: proxies)
    }
}
