import Basics
import JSON
import Projects
import Records
import Testing

@Suite struct ProjectValidationTests {
    private func fields(_ configure: (inout ProjectFields) -> Void) -> ProjectFields {
        var fields = ProjectFields(name: "Project", type: .research)
        configure(&fields)
        return fields
    }

    @Test func eachLimitHasItsViolation() throws {
        func f(_ pointers: [String], _ configure: (inout ProjectFields) -> Void) {
            #expect(fields(configure).violations.map(\.pointer) == pointers)
        }
        f([]) { _ in }
        f([]) { $0.name = String(repeating: "ä", count: ProjectLimits.nameLengthMax) }
        f(["/name"]) { $0.name = String(repeating: "ä", count: ProjectLimits.nameLengthMax + 1) }
        f(["/name"]) { $0.name = " \u{a0}" }
        f(["/name"]) { $0.name = "" }
        f(["/name"]) { $0.name = "two\nlines" }
        f([]) { $0.description = String(repeating: "x", count: ProjectLimits.descriptionBytesMax) }
        f(["/description"]) { $0.description = String(repeating: "x", count: ProjectLimits.descriptionBytesMax + 1) }
        f(["/description"]) { $0.description = "a\0b" }
        f(["/priority"]) { $0.priority = 0 }
        f([]) { $0.priority = 10 }
        f(["/priority"]) { $0.priority = 11 }
        f(["/objectives"]) { $0.objectives = Array(repeating: "o", count: ProjectLimits.objectivesMax + 1) }
        f(["/objectives/1"]) { $0.objectives = ["fine", ""] }
        f(["/success_criteria/0"]) { $0.successCriteria = [String(repeating: "x", count: 501)] }
        f([]) { $0.tags = ["ml", "a/b:c.d_e-f", "2026"] }
        f(["/tags/0", "/tags/1", "/tags/2"]) { $0.tags = ["ML", "-x", "ä"] }
        f(["/tags/2"]) { $0.tags = ["a", "b", "a"] }
        f(["/owner"]) { $0.owner = "" }
        f(["/assignees/1"]) { $0.assignees = ["ada", "ada"] }
        f(["/resources"]) { $0.resources = .array([]) }
        f(["/metadata"]) { $0.metadata = .object(["x": .string(String(repeating: "x", count: 17 << 10))]) }
        f(["/estimated_hours"]) { $0.estimatedHours = -1 }
        f(["/estimated_hours"]) { $0.estimatedHours = .nan }
        f(["/estimated_hours"]) { $0.estimatedHours = .infinity }
        f(["/due_at"]) { $0.dueAt = Timestamp(milliseconds: -1) }
        f(["/name", "/priority", "/due_at"]) {
            $0.name = ""
            $0.priority = 99
            $0.dueAt = Timestamp(milliseconds: .max)
        }
        var deep = JSONValue.emptyObject
        for _ in 0..<JSONLimits.stored.depthMax { deep = .object(["x": deep]) }
        f(["/metadata"]) { $0.metadata = deep }
    }

    @Test func theNumberOfViolationsIsBounded() {
        let bad = Array(repeating: "BAD", count: 30)
        let many = fields {
            $0.tags = bad
            $0.objectives = Array(repeating: "", count: 50)
        }
        #expect(many.violations.count == ViolationList.countMax)
    }

    @Test func aNewProjectIsPendingOrActive() {
        for status in ProjectStatus.allCases {
            let isAllowed = fields { $0.status = status }.creationViolations.isEmpty
            #expect(isAllowed == [.pending, .active].contains(status), "\(status)")
        }
    }

    @Test func aPatchSetsClearsAndKeeps() throws {
        let old = fields {
            $0.description = "text"
            $0.tags = ["a"]
            $0.owner = "ada"
            $0.priority = 9
            $0.estimatedHours = 3
            $0.metadata = .object(["keep": .boolean(true), "drop": .null, "change": .integer(1)])
        }
        var patch = ProjectPatch()
        patch.name = .set("New")
        patch.description = .clear
        patch.tags = .set(["b", "c"])
        patch.owner = .clear
        patch.priority = .clear
        patch.metadata = .set(try JSONValue(parsing: #"{"drop": null, "change": 2, "new": {"a": [1]}}"#))
        let (new, violations) = patch.applied(to: old)
        #expect(violations.isEmpty)
        #expect(new.name == "New")
        #expect(new.description == "")
        #expect(new.tags == ["b", "c"])
        #expect(new.owner == nil)
        #expect(new.priority == ProjectLimits.priorityDefault)
        #expect(new.estimatedHours == 3)
        #expect(JSONText.canonical(new.metadata) == #"{"change":2,"keep":true,"new":{"a":[1]}}"#)
        #expect(ProjectPatch().applied(to: old).fields == old)
    }

    @Test func requiredFieldsCannotBeCleared() {
        var patch = ProjectPatch()
        patch.name = .clear
        patch.type = .clear
        patch.status = .clear
        patch.priority = .set(0)
        let (_, violations) = patch.applied(to: fields { _ in })
        #expect(violations.map(\.pointer) == ["/name", "/type", "/status", "/priority"])
    }
}
