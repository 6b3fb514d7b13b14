import Basics
import HTTPTypes
import JSON
import Testing

/// Requests whose cursors, parameters, paths, tokens or header fields are mutated.
struct FuzzEdges {
    struct Request: CustomStringConvertible {
        var method = HTTPRequest.Method.get
        var path: String
        var who = Who.administrator
        var fields: HTTPFields = [:]
        var body: String?

        var description: String {
            "\(method) \(path) as \(who) \(fields.map { "\($0.name): \($0.value)" }) \(body ?? "")"
        }
    }

    private var random: JSONMutator
    private var cursors: [(list: String, cursor: String)] = []
    private var ids: [String] = []
    private let tokens: [String]

    /// Makes what the requests are about.
    init(_ api: APIHarness, seed: UInt64) async throws {
        random = JSONMutator(random: SeededGenerator(seed: seed))
        tokens = [Who.administrator, .viewer, .agent].compactMap { api.authorization($0)[.authorization] }
        for number in 0..<30 {
            let project = try await api.send(.post, "projects", #"{"name":"P\#(number)","type":"research"}"#)
            ids.append(try #require(project.string("id")))
            try await api.send(.post, "agents", #"{"name":"fuzz\#(number)","type":"coder"}"#)
        }
        for list in ["projects", "agents", "users", "activities"] {
            let page = try await api.send(.get, "\(list)?limit=2")
            cursors.append((list, try #require(page.string("next_cursor"))))
        }
    }

    mutating func next() -> Request {
        switch Int.random(in: 0..<9, using: &random.random) {
        case 0, 1:
            let (list, cursor) = random.pick(cursors)
            return Request(path: "\(list)?limit=2&cursor=\(FuzzTargets.escaped(changed(cursor, seldom: true)))")
        case 2, 3: return Request(path: list())
        case 4: return Request(path: "projects/" + FuzzTargets.escaped(changed(random.pick(ids), seldom: true)))
        case 5:
            let token = String(decoding: changed(random.pick(tokens), seldom: false), as: UTF8.self)
            return Request(path: "projects?limit=1", who: .nobody, fields: fields([(.authorization, token)]))
        case 6: return preconditions()
        case 7: return types()
        default: return query()
        }
    }

    /// A list with a parameter or two, of which one may be changed.
    private mutating func list() -> String {
        let parameters = [
            "limit=10", "status=active", "type=research", "q=p1", "sort=name", "sort=-created_at", "priority_min=1",
            "priority_max=9", "tag=a", "owner=ada", "cursor=", "limit=10&limit=11", "nothing=1", "q=%22a%22+b",
        ]
        var text = random.pick(parameters)
        if random.chance(2) { text += "&" + random.pick(parameters) }
        var bytes = Array(text.utf8)
        if random.chance(3) { random.damage(&bytes) }
        let raw = bytes.map {
            $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") ? String(Unicode.Scalar($0)) : "%\(hex($0))"
        }
        return random.pick(["projects", "projects", "agents", "activities"]) + "?" + raw.joined()
    }

    private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    private mutating func preconditions() -> Request {
        let tag = random.pick(["\"1\"", "W/\"1\"", "*", "\"1\", \"2\"", "\"", "1", "\"99999999999999999999\"", ""])
        let key = random.pick(["a", "0190-x", String(repeating: "k", count: 300), "é", " ", "\"q\""])
        if random.chance(2) {
            return Request(
                method: .patch,
                path: "projects/\(random.pick(ids))",
                fields: fields([(.ifMatch, tag)]),
                body: #"{"priority":3}"#
            )
        }
        let name = HTTPField.Name("Idempotency-Key") ?? .eTag
        let body = #"{"name":"idempotent","type":"research"}"#
        return Request(method: .post, path: "projects", fields: fields([(name, key)]), body: body)
    }

    private mutating func types() -> Request {
        let types = [
            "application/json", "application/json; charset=utf-8", "text/plain", "*/*", ";", "a/b;q=9", "", "é/é",
        ]
        let body = #"{"name":"typed","type":"research"}"#
        let all = [
            (HTTPField.Name.contentType, random.pick(types)), (.accept, random.pick(types + ["text/html;q=0.1"])),
        ]
        return Request(method: .post, path: "projects", fields: fields(random.chance(2) ? all : [all[0]]), body: body)
    }

    /// A look-up in the query API, whose times and selectors may be anything.
    private mutating func query() -> Request {
        let times = [
            "1700000000", "0", "-1", "1e3", "1e400", "NaN", "x", "2023-11-14T22:13:20Z", "9223372036854775807", "",
        ]
        let steps = ["15", "1s", "1m", "0", "-1", "1e-9", "1e99", "x", "0x10"]
        let selectors = ["up", "{job=\"a\"}", "{__name__=~\".+\"}", "{", "m_total{zone!=\"\"}", "up{", "{}", "é"]
        func pair(_ name: String, _ value: String) -> String { "\(name)=\(FuzzTargets.escaped(Array(value.utf8)))" }
        let window = "\(pair("start", random.pick(times)))&\(pair("end", random.pick(times)))"
        let path =
            switch Int.random(in: 0..<5, using: &random.random) {
            case 0: "series?\(pair("match[]", random.pick(selectors)))" + (random.chance(3) ? "&\(window)" : "")
            case 1: "labels?" + (random.chance(2) ? window : pair("match[]", random.pick(selectors)))
            case 2:
                "label/\(random.pick(["job", "__name__", "U__a_2e_b", "%22", "U__"]))/values?limit=\(random.pick(["1", "0", "-1", "x"]))"
            case 3: "query_range?query=up&\(window)&\(pair("step", random.pick(steps)))"
            default: "query?query=up&\(pair("time", random.pick(times)))&\(pair("timeout", random.pick(steps)))"
            }
        return Request(path: "/prometheus/api/v1/" + path)
    }

    /// The text with some bytes changed; `seldom`: half of the time as it is.
    private mutating func changed(_ text: String, seldom: Bool) -> [UInt8] {
        var bytes = Array(text.utf8)
        if !seldom || random.chance(2) { random.damage(&bytes) }
        return bytes
    }

    /// The fields that a connection would let through.
    private func fields(_ all: [(HTTPField.Name, String)]) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in all { fields.append(HTTPField(name: name, value: value)) }
        return fields
    }
}
