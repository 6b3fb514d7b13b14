import Basics
import Testing

@Suite("Web URLs")
struct WebURLTests {
    @Test("A URL is taken apart")
    func parts() throws {
        func f(_ text: String, _ host: String, _ port: Int?, _ path: String, _ query: String?, _ fragment: String?) {
            let url = WebURL(text)
            #expect(url != nil, "\(text)")
            #expect(url?.host == host && url?.port == port && url?.path == path, "\(text)")
            #expect(url?.query == query && url?.fragment == fragment, "\(text)")
        }
        f("http://h", "h", nil, "", nil, nil)
        f("HTTPS://h.example:8443/a/b?c=d#e", "h.example", 8443, "/a/b", "c=d", "e")
        f("http://h/?#", "h", nil, "/", "", "")
        f("http://h?a/b", "h", nil, "", "a/b", nil)
        f("http://h#a?b", "h", nil, "", nil, "a?b")
        f("http://[::1]:80/x", "::1", 80, "/x", nil, nil)
        f("http://h:/", "h", nil, "/", nil, nil)
        f("http://name:pass@h", "h", nil, "", nil, nil)
        #expect(WebURL("http://name:pass@h")?.hasUserInformation == true)
        #expect(WebURL("http://h/@")?.hasUserInformation == false)
        #expect(WebURL("HTTP://h")?.scheme == "http")
    }

    @Test(
        "What is no absolute http or https URL with a host is none",
        arguments: [
            "", "h", "h:80", "//h", "http:", "http:/h", "http://", "http:///x", "http://?x", "http://#x", "http://:80",
            "http://a@", "ftp://h", "javascript://h", "http://h:x", "http://h:0", "http://h:65536", "http://h:80:90",
            "http://h:-1", "http://[::1", "http://[::1]x", "http://[]", "http://[h]", "http://a b", "http://h/a b",
            "http://h\n", "http://h/\u{7f}", "http://<h>", "http://h:٣",
        ]
    )
    func refused(_ text: String) {
        #expect(WebURL(text) == nil)
    }
}
