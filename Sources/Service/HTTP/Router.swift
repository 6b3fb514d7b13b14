import HTTPTypes

/// Finds what is registered for a path, in time that depends on the path alone.
///
/// A literal segment wins over a named one. Paths without names are found by one dictionary look-up; the others walk a
/// tree of segments over the path's bytes. Matching is exact: no slash is added or removed, and case counts.
struct Router<Endpoint: Sendable>: Sendable {
    /// What a path and method lead to.
    enum Match {
        /// The raw values of the template's names follow their order.
        case found(Endpoint, captures: [Substring])
        /// The path is known, but not with this method; `allowed` is sorted.
        case otherMethods(allowed: [String])
        case none
    }

    /// The endpoints of one path by method; few, so a list.
    private struct Methods: Sendable {
        var endpoints: [(method: HTTPRequest.Method, endpoint: Endpoint)] = []

        var allowed: [String] {
            var names = Set(endpoints.map(\.method.rawValue))
            if names.contains("GET") { names.insert("HEAD") }
            names.insert("OPTIONS")
            return names.sorted()
        }

        func endpoint(for method: HTTPRequest.Method) -> Endpoint? {
            if let exact = endpoints.first(where: { $0.method == method }) { return exact.endpoint }
            guard method == .head else { return nil }
            return endpoints.first { $0.method == .get }?.endpoint
        }
    }

    private struct Node: Sendable {
        var literals: [(text: [UInt8], node: Int)] = []
        var capture: Int?
        var methods: Methods?
    }

    private var literal: [String: Methods] = [:]
    private var nodes: [Node] = [Node()]

    init() {}

    /// Registers an endpoint.
    /// - Precondition: the method and the path, whatever its names, are not registered yet.
    mutating func add(_ method: HTTPRequest.Method, _ path: PathTemplate, _ endpoint: Endpoint) {
        if path.captureNames.isEmpty {
            Self.insert(method, path, endpoint, into: &literal[path.description, default: Methods()])
            return
        }
        var index = 0
        for segment in path.segments { index = child(of: index, for: segment) }
        var methods = nodes[index].methods ?? Methods()
        Self.insert(method, path, endpoint, into: &methods)
        nodes[index].methods = methods
    }

    private static func insert(
        _ method: HTTPRequest.Method,
        _ path: PathTemplate,
        _ endpoint: Endpoint,
        into methods: inout Methods
    ) {
        precondition(
            !methods.endpoints.contains { $0.method == method },
            "BUG: \(method.rawValue) \(path) is registered twice"
        )
        methods.endpoints.append((method, endpoint))
    }

    private mutating func child(of index: Int, for segment: PathTemplate.Segment) -> Int {
        switch segment {
        case .capture:
            if let known = nodes[index].capture { return known }
            nodes.append(Node())
            nodes[index].capture = nodes.count - 1
        case .literal(let text):
            let bytes = Array(text.utf8)
            if let known = nodes[index].literals.first(where: { $0.text == bytes }) { return known.node }
            nodes.append(Node())
            nodes[index].literals.append((bytes, nodes.count - 1))
        }
        return nodes.count - 1
    }

    /// Finds the endpoint of a path without its query.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        var allowed: [String] = []
        if let methods = literal[path] {
            if let endpoint = methods.endpoint(for: method) { return .found(endpoint, captures: []) }
            allowed = methods.allowed
        }
        guard path.utf8.first == UInt8(ascii: "/") else { return .none }
        var walk = Walk(path: path, method: method, allowed: allowed)
        let start = path.utf8.index(after: path.startIndex)
        if let endpoint = descend(0, from: start, &walk) { return .found(endpoint, captures: walk.captures) }
        return walk.allowed.isEmpty ? .none : .otherMethods(allowed: walk.allowed)
    }

    private struct Walk {
        let path: String
        let method: HTTPRequest.Method
        var allowed: [String]
        var captures: [Substring] = []
    }

    /// Tries the literal child first and the named one next; the depth is that of the tree.
    private func descend(_ index: Int, from start: String.Index, _ walk: inout Walk) -> Endpoint? {
        let bytes = walk.path.utf8[start...]
        let end = bytes.firstIndex(of: UInt8(ascii: "/"))
        let segment = bytes[..<(end ?? bytes.endIndex)]
        guard !segment.isEmpty else { return nil }
        if let child = nodes[index].literals.first(where: { segment.elementsEqual($0.text) }),
            let endpoint = visit(child.node, after: end, &walk)
        {
            return endpoint
        }
        guard let child = nodes[index].capture else { return nil }
        walk.captures.append(walk.path[segment.startIndex..<segment.endIndex])
        if let endpoint = visit(child, after: end, &walk) { return endpoint }
        walk.captures.removeLast()
        return nil
    }

    private func visit(_ index: Int, after end: String.Index?, _ walk: inout Walk) -> Endpoint? {
        if let end { return descend(index, from: walk.path.utf8.index(after: end), &walk) }
        guard let methods = nodes[index].methods else { return nil }
        if let endpoint = methods.endpoint(for: walk.method) { return endpoint }
        if walk.allowed.isEmpty { walk.allowed = methods.allowed }
        return nil
    }
}
