import JSON
import Records
import Testing

struct PageTests {
    @Test("a page names the next one, or null")
    func page() {
        struct Item: JSONWritable {
            func write(to json: inout JSONWriter) { json.integer(7) }
        }
        func f(_ cursor: String?, _ expected: String) {
            let bytes = JSONWriter.bytes(of: Page(items: [Item(), Item()], nextCursor: cursor))
            #expect(String(decoding: bytes, as: UTF8.self) == expected)
        }
        f(nil, #"{"items":[7,7],"next_cursor":null}"#)
        f("c", #"{"items":[7,7],"next_cursor":"c"}"#)
    }
}
