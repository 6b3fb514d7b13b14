import APIModel
import Basics
import HTTPTypes
import KeyValue
import Testing

@testable import HTTP

struct FieldTests {
    @Test("whether a media type is accepted")
    func accept() {
        func f(_ fields: [String], _ type: MediaType, _ expected: Bool) {
            #expect(type.isAccepted(by: fields) == expected, "\(fields)")
        }
        f([], .json, true)
        f(["*/*"], .json, true)
        f(["text/html, application/json;q=0.9"], .json, true)
        f(["application/*"], .json, true)
        f(["text/*"], .json, false)
        f(["text/html"], .json, false)
        f(["application/json;q=0, */*"], .json, false)
        f(["*/*;q=0"], .json, false)
        f(["text/html", "APPLICATION/JSON"], .json, true)
        f([""], .json, false)
    }

    @Test("media types of bodies")
    func contentType() {
        func f(_ text: String, _ expected: MediaType?) { #expect(MediaType(contentType: text) == expected) }
        f("application/json", .json)
        f(" Application/JSON ; charset=utf-8", .json)
        f("", nil)
        f("json", nil)
        f("/json", nil)
        f("application/", nil)
    }

    @Test("If-None-Match and If-Match")
    func preconditions() throws {
        let tag = EntityTag(version: 7)
        func modified(_ text: String, _ expected: Bool) {
            #expect(Preconditions.isNotModified([.ifNoneMatch: text], tag) == !expected, "\(text)")
        }
        modified("\"7\"", false)
        modified("W/\"7\"", false)
        modified("\"6\", \"7\"", false)
        modified("*", false)
        modified("\"6\"", true)
        modified("7", true)
        func match(_ fields: HTTPFields, _ expected: ProblemType?) {
            var type: ProblemType?
            do throws(ProblemError) { try Preconditions.requireMatch(fields, tag) } catch { type = error.problem.type }
            #expect(type == expected, "\(fields)")
        }
        match([.ifMatch: "\"7\""], nil)
        match([.ifMatch: "\"1\",\"7\""], nil)
        match([.ifMatch: "*"], nil)
        match([.ifMatch: "W/\"7\""], .preconditionFailed)
        match([.ifMatch: "\"8\""], .preconditionFailed)
        match([.ifMatch: "7"], .malformedRequest)
        match([:], .preconditionRequired)
    }

    @Test("idempotency keys")
    func idempotency() throws {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        func f(_ text: String, _ expected: String?) {
            #expect((try? IdempotencyKey([name: text]))?.value == expected, "\(text)")
        }
        f("abc-1", "abc-1")
        f("\"abc\"", "abc")
        f("\"\"", nil)
        f("a b", nil)
        f("a\"b", nil)
        f(String(repeating: "a", count: 256), nil)
        #expect(try IdempotencyKey([:]) == nil)
    }

    @Test("identifiers of requests that may stand in a log")
    func requestIDs() throws {
        let name = try #require(RequestID.field)
        func f(_ text: String, _ isValid: Bool) {
            #expect((RequestID.valid([name: text]) != nil) == isValid, "\(text)")
        }
        f("abc-123_X.y:z", true)
        f("", false)
        f("a b", false)
        f("a\"b", false)
        f(String(repeating: "a", count: 129), false)
    }

    @Test("percent-encoding")
    func percent() {
        func f(_ text: String, _ expected: String?) { #expect(PercentDecoding.decode(text) == expected, "\(text)") }
        f("a+b", "a+b")
        f("%41%c5%be", "Až")
        f("%", nil)
        f("%4", nil)
        f("%zz", nil)
        f("%00", nil)
        f("%ff", nil)
        #expect(PercentDecoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
    }

    @Test("queries")
    func queries() throws {
        func f(_ text: String, _ expected: [String]?) {
            #expect(
                (try? QueryItems(parsing: text[...]))?.items.map { "\($0.name)=\($0.value)" } == expected,
                "\(text)"
            )
        }
        f("", [])
        f("a=1&b=2&a=3", ["a=1", "b=2", "a=3"])
        f("match%5B%5D=up%7Ba%3D%22b%22%7D&&x", ["match[]=up{a=\"b\"}", "x="])
        f("a=b=c", ["a=b=c"])
        f("a=%", nil)
        f(Array(repeating: "a", count: 1001).joined(separator: "&"), nil)
    }

    @Test("dates as header fields have them")
    func dates() {
        func f(_ second: Int64, _ expected: String) { #expect(HTTPDate.text(ofSecond: second) == expected) }
        f(0, "Thu, 01 Jan 1970 00:00:00 GMT")
        f(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT")
        f(951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT")
        f(1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT")
    }

    @Test("a burst up to the quota passes, then the rate holds")
    func rateLimit() {
        let clock = ManualClock()
        let store = InProcessRateLimitStore(seed: 1)
        let quota = Quota(3, perSeconds: 6).rate
        func f(_ key: String, _ isAllowed: Bool, _ remaining: Int, _ reset: Int) {
            let decision = store.decide(key, quota: quota, now: clock.now)
            #expect(decision.isAllowed == isAllowed && decision.remaining == remaining)
            #expect(decision.resetSeconds == reset)
        }
        f("a", true, 2, 2)
        f("a", true, 1, 4)
        f("a", true, 0, 6)
        f("a", false, 0, 2)
        f("b", true, 2, 2)
        clock.advance(by: .milliseconds(100))
        f("a", false, 0, 2)
        clock.advance(by: .milliseconds(900))
        f("a", false, 0, 1)
        clock.advance(by: .seconds(1))
        f("a", true, 0, 6)
        f("a", false, 0, 2)
        clock.advance(by: .seconds(60))
        f("a", true, 2, 2)
    }
}
