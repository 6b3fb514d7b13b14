import Basics
import ChaosTesting
import DatabaseTesting
import Projects
import Records
import Testing

@Suite struct ProjectSearchTests {
    @Test(arguments: TestBackend.allCases, Chaos.seeds(1...3))
    func findsWhatTheNaiveModelFinds(_ backend: TestBackend, _ seed: UInt64) async throws {
        try await ProjectFixture.withDatabase(on: backend, seed: seed) { fixture in
            var random = SeededGenerator(seed: seed)
            let syllables = ["al", "pha", "be", "ta", "Ä", "ß", "é", "x", "研", "la", "ser"]
            func word() -> String {
                (0..<Int.random(in: 1...3, using: &random)).map { _ in syllables.randomElement(using: &random) ?? "" }
                    .joined()
            }
            func text(_ words: ClosedRange<Int>) -> String {
                (0..<Int.random(in: words, using: &random)).map { _ in word() }.joined(
                    separator: [" ", "-", ", "].randomElement(using: &random) ?? " "
                )
            }
            var model: [(id: UUIDv7, words: Set<String>)] = []
            for index in 0..<60 {
                let project = try await fixture.create("p\(index) " + text(0...3)) { fields in
                    fields.description = text(0...80)
                    fields.objectives = [text(1...4)]
                    fields.tags = ["tag\(index % 7)"]
                    fields.successCriteria = ["unfindable"]
                }
                model.append((project.id, project.fields.searchWords))
            }
            for index in stride(from: 0, to: 60, by: 3) {
                var patch = ProjectPatch()
                patch.description = .set(text(0...60))
                let changed = try await fixture.projects.patch(model[index].id, patch, by: ProjectFixture.user)
                model[index].words = changed.fields.searchWords
            }
            for index in [58, 29, 5] {
                try await fixture.projects.delete(model[index].id, by: ProjectFixture.user)
                model.remove(at: index)
            }
            var found = 0
            for _ in 0..<150 {
                let asked = text(1...3)
                var query = ProjectListQuery()
                query.text = Bool.random(using: &random) ? String(asked.dropLast()) : asked
                query.limit = 200
                let expected = model.filter { SearchTokens.matches(query: query.text ?? "", words: $0.words) }
                let actual = try await fixture.projects.list(query).items.map(\.id)
                #expect(actual == expected.map(\.id).reversed(), "seed \(seed), query '\(query.text ?? "")'")
                found += actual.isEmpty || actual.count == model.count ? 0 : 1
            }
            #expect(found > 20, "seed \(seed): the queries tell the projects apart")
            #expect(try await fixture.names { $0.text = "unfindable" } == [])
            #expect(try await fixture.names { $0.text = "TAG3" }.count > 0)
        }
    }

    @Test(arguments: TestBackend.allCases) func likePatternsAndQuotesAreOrdinaryText(_ backend: TestBackend)
        async throws
    {
        try await ProjectFixture.withDatabase(on: backend) { fixture in
            try await fixture.create("100% sure")
            try await fixture.create("it's; DROP TABLE projects")
            #expect(try await fixture.names { $0.text = "%" }.count == 2)
            #expect(try await fixture.names { $0.text = "_ure" } == [])
            #expect(try await fixture.names { $0.text = "'s\" drop" } == ["it's; DROP TABLE projects"])
        }
    }

    @Test(arguments: TestBackend.allCases, Chaos.seeds(11...13))
    func pagesShowEveryRowOnceWhileOthersAreAdded(_ backend: TestBackend, _ seed: UInt64) async throws {
        try await ProjectFixture.withDatabase(on: backend, seed: seed) { fixture in
            var random = SeededGenerator(seed: seed)
            func add(_ count: Int) async throws -> [UUIDv7] {
                var ids: [UUIDv7] = []
                for _ in 0..<count {
                    let name = ["a", "b", "Ä", "z"].randomElement(using: &random) ?? ""
                    let priority = Int.random(in: 1...3, using: &random)
                    let due =
                        Bool.random(using: &random)
                        ? Timestamp(milliseconds: Int64.random(in: 1...3, using: &random)) : nil
                    ids.append(try await fixture.create(name) { ($0.priority, $0.dueAt) = (priority, due) }.id)
                    if Bool.random(using: &random) { fixture.clock.advance(by: .milliseconds(1)) }
                }
                return ids
            }
            for key in ProjectSort.Key.allCases {
                for isDescending in [true, false] {
                    let before = Set(try await fixture.projects.list(all()).items.map(\.id) + (try await add(12)))
                    var query = ProjectListQuery()
                    query.sort = ProjectSort(key, descending: isDescending)
                    query.limit = Int.random(in: 1...7, using: &random)
                    var seen: [UUIDv7] = []
                    repeat {
                        let page = try await fixture.projects.list(query)
                        seen += page.items.map(\.id)
                        query.cursor = page.nextCursor
                        if seen.count < 40 { _ = try await add(1) }
                    } while query.cursor != nil
                    let note = "seed \(seed), \(query.sort.text)"
                    #expect(Set(seen).count == seen.count, "\(note): none twice")
                    #expect(before.isSubset(of: seen), "\(note): none missing")
                }
            }
        }
    }

    private func all() -> ProjectListQuery {
        var query = ProjectListQuery()
        query.limit = ListLimits.pageItemsMax
        return query
    }
}
