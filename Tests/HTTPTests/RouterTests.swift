import Basics
import ChaosTesting
import HTTPTypes
import Testing

@testable import HTTP

struct RouterTests {
    private func router(_ entries: [(HTTPRequest.Method, String)]) -> Router<String> {
        var router = Router<String>()
        for (method, path) in entries { router.add(method, PathTemplate(path), "\(method.rawValue) \(path)") }
        return router
    }

    private func text(_ match: Router<String>.Match) -> String {
        switch match {
        case .none: "none"
        case .otherMethods(let allowed): "allow " + allowed.joined(separator: ",")
        case .found(let endpoint, let captures): ([endpoint] + captures.map(String.init)).joined(separator: " | ")
        }
    }

    @Test("paths and what they lead to")
    func table() {
        let router = router([
            (.get, "/"), (.get, "/a"), (.post, "/a"), (.get, "/a/{id}"), (.put, "/a/{id}"), (.get, "/a/claim"),
            (.get, "/a/{id}/logs"), (.get, "/a/{id}/b/{other}"), (.post, "/a/claim/now"),
        ])
        func f(_ method: HTTPRequest.Method, _ path: String, _ expected: String) {
            #expect(text(router.match(method, path)) == expected, "\(path)")
        }
        f(.get, "/", "GET /")
        f(.get, "/a", "GET /a")
        f(.head, "/a", "GET /a")
        f(.post, "/a", "POST /a")
        f(.get, "/a/7", "GET /a/{id} | 7")
        f(.get, "/a/claim", "GET /a/claim")
        f(.get, "/a/claim/logs", "GET /a/{id}/logs | claim")
        f(.get, "/a/x/b/y", "GET /a/{id}/b/{other} | x | y")
        f(.put, "/a/claim", "PUT /a/{id} | claim")
        f(.get, "/a/%2F", "GET /a/{id} | %2F")
        f(.get, "/a/{id}", "GET /a/{id} | {id}")
        f(.delete, "/a", "allow GET,HEAD,OPTIONS,POST")
        f(.delete, "/a/7", "allow GET,HEAD,OPTIONS,PUT")
        f(.get, "/a/", "none")
        f(.get, "/a//", "none")
        f(.get, "/a/7/", "none")
        f(.get, "/A", "none")
        f(.get, "/b", "none")
        f(.get, "", "none")
        f(.get, "a", "none")
        f(.get, "//a", "none")
        f(.get, "/a/7/logs/x", "none")
    }

    @Test("random templates find their own paths", arguments: Chaos.seeds(1...3, times: 50))
    func properties(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var templates: Set<String> = []
        var shapes: Set<String> = []
        for _ in 0..<60 {
            let depth = Int.random(in: 1...5, using: &random)
            let segments = (0..<depth).map { level in
                Bool.random(using: &random) ? "{p\(level)}" : ["x", "y", "zz"][Int.random(in: 0..<3, using: &random)]
            }
            let shape = segments.map { $0.hasPrefix("{") ? "*" : $0 }.joined(separator: "/")
            if shapes.insert(shape).inserted { templates.insert("/" + segments.joined(separator: "/")) }
        }
        let router = router(templates.map { (.get, $0) })
        for template in templates {
            // Values that no literal has lead to the template itself, whatever else is registered.
            let path = template.split(separator: "/").map {
                $0.hasPrefix("{") ? "value-\($0.dropFirst().dropLast())" : String($0)
            }
            let captures = path.filter { $0.hasPrefix("value-") }
            let expected = (["GET \(template)"] + captures).joined(separator: " | ")
            #expect(text(router.match(.get, "/" + path.joined(separator: "/"))) == expected, "seed \(seed)")
            #expect(text(router.match(.get, "/" + path.joined(separator: "/") + "/")) == "none", "seed \(seed)")
        }
    }

    @Test("a long hostile path is refused quickly and without harm")
    func hostile() {
        let router = router([(.get, "/{a}/{b}/{c}/{d}/x"), (.get, "/{a}/{b}/c/{d}/y")])
        let path = String(repeating: "/c", count: 4000)
        #expect(text(router.match(.get, path)) == "none")
    }
}
