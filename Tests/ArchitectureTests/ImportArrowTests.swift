import Foundation
import Testing

/// The import arrows: as ARCHITECTURE.md lists them, and never upwards.
@Suite("Import arrows")
struct ImportArrowTests {
    /// The table of ARCHITECTURE.md: `| Module | imports of ours | … |`.
    private func documented() throws -> [String: Set<String>] {
        let text = try SourceTree.text(SourceTree.root.appending(path: "ARCHITECTURE.md"))
        var arrows: [String: Set<String>] = [:]
        for line in text.split(separator: "\n") {
            guard let match = line.firstMatch(of: /^\| `([\w-]+)` \| ([^|]*) \|/) else { continue }
            let imports = match.2.matches(of: /`([\w-]+)`/).map { String($0.1) }
            arrows[String(match.1)] = Set(imports)
        }
        return arrows
    }

    private func actual() throws -> [String: Set<String>] {
        let ours = Set(SourceTree.order)
        return try Dictionary(
            uniqueKeysWithValues: SourceTree.modules.map { module in
                let imports = try module.files.reduce(into: Set<String>()) {
                    try $0.formUnion(SourceTree.imports(of: $1))
                }
                return (module.name, imports.intersection(ours).subtracting([module.name]))
            }
        )
    }

    @Test("ARCHITECTURE.md lists every module with exactly the imports that it has")
    func table() throws {
        let documented = try documented()
        let actual = try actual()
        #expect(Set(documented.keys) == Set(actual.keys))
        for (module, imports) in actual.sorted(by: { $0.key < $1.key }) {
            #expect(documented[module] == imports, "\(module): fix the import or, if it is meant, the table")
        }
    }

    @Test("A target imports only targets above its own; Observability and Platform do not import each other")
    func direction() throws {
        let order = SourceTree.order
        let wingOf = Dictionary(
            uniqueKeysWithValues: SourceTree.wings.flatMap { wing in
                wing.targets.map { ($0, wing.folder) }
            }
        )
        for (module, imports) in try actual() {
            for imported in imports {
                let place = try #require(order.firstIndex(of: module))
                let importedPlace = try #require(order.firstIndex(of: imported))
                #expect(importedPlace < place, "\(module) imports \(imported), which stands below it")
                let wings = Set([wingOf[module], wingOf[imported]])
                #expect(wings != ["Observability", "Platform"], "\(module) imports \(imported)")
                #expect(wingOf[imported] != "Commands", "\(module) imports the command \(imported)")
            }
        }
    }

    @Test("The light targets import nothing heavy")
    func weight() throws {
        let banned: [String: Set<String>] = [
            "APIModel": ["Hummingbird", "GRDB", "NIOCore", "Foundation"],
            "Client": ["Hummingbird", "GRDB"],
            "JSON": ["Foundation"], "MetricModel": ["Foundation"], "RegularExpressions": ["Foundation"],
            "Exposition": ["Foundation"], "PromQL": ["Foundation"], "TimeSeries": ["Foundation"],
        ]
        for module in SourceTree.modules {
            for file in module.files {
                let heavy = try SourceTree.imports(of: file).intersection(banned[module.name] ?? [])
                #expect(heavy.isEmpty, "\(SourceTree.name(file)) imports \(heavy)")
            }
        }
    }
}
