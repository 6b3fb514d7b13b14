import APIModel
import Agents
import Basics
import Database
import Events
import HTTP
import HTTPTypes
import Identity
import Projects
import Records
import Tasks
import Testing

@testable import WebAPI

@Suite("Errors as problems")
struct ProblemMappingTests {
    private let secret = "SELECT secret FROM users at /var/lib/x"

    @Test("A database that is away is 503, with a time when that will pass; a fault of ours is left to be logged")
    func database() {
        let expected: [DatabaseError.Code: String?] = [
            .busy: "1", .overloaded: "1", .timeout: "1", .connection: "1", .full: "", .readOnly: "", .corrupted: "",
            .unknownCommit: "", .moved: "", .inputOutput: "", .cancelled: "", .constraint: nil, .syntax: nil,
            .decoding: nil,
            .tooLarge: nil,
            .other: nil,
        ]
        for code in DatabaseError.Code.allCases {
            let error = DatabaseError(code, secret)
            let forms: [any Error] = [error, ProjectError.database(error), AgentError.database(error)]
            for form in forms {
                let answer = ProblemMapping.problem(form)
                let retryAfter = answer.map { $0.headers[.retryAfter] ?? "" }
                #expect(retryAfter == expected[code] ?? nil, "\(code)")
                #expect(answer == nil || answer?.problem.type == .unavailable, "\(code)")
                #expect(answer?.problem.detail?.contains("SELECT") != true, "\(code)")
                #expect((retryAfter == "1") == error.isRetryable, "\(code)")
            }
        }
    }

    @Test("Every refusal has its problem")
    func refusals() throws {
        func f(_ error: any Error, _ type: ProblemType, _ place: Violation.Place? = nil) {
            let answer = ProblemMapping.problem(error)
            #expect(answer?.problem.type == type, "\(error)")
            #expect(answer?.problem.errors.first?.place == place, "\(error)")
        }
        let id = try #require(UUIDv7("018bcfe5-6800-7000-8000-000000000000"))
        for error in TokenError.allCases { f(error, .unauthenticated) }
        f(IdentityError.invalidCredentials, .unauthenticated)
        f(IdentityError.lockedOut(retryAfter: .seconds(5)), .rateLimited)
        f(IdentityError.overloaded(waitersMax: 1), .unavailable)
        f(IdentityError.password(.containsNUL), .validationFailed, .body(pointer: "/password"))
        f(IdentityError.invalidUsername("a b"), .validationFailed, .body(pointer: "/username"))
        f(IdentityError.usernameTaken("a"), .conflict, .body(pointer: "/username"))
        f(IdentityError.userNotFound, .notFound)
        f(IdentityError.versionConflict(current: 2), .preconditionFailed)
        f(IdentityError.lastAdministrator, .conflict)
        f(IdentityError.invalidRoles("r"), .validationFailed, .body(pointer: "/roles"))
        f(IdentityError.invalidDisplayName, .validationFailed, .body(pointer: "/display_name"))
        f(ProjectError.notFound(id), .notFound)
        f(ProjectError.invalid([FieldViolation("/a", "b")]), .validationFailed, .body(pointer: "/a"))
        f(ProjectError.invalidParameter(name: "q", reason: "r"), .invalidParameter, .query(name: "q"))
        f(
            ProjectError.invalidParameter(name: "Idempotency-Key", reason: "r"),
            .invalidParameter,
            .header(name: "Idempotency-Key")
        )
        f(ProjectError.invalidCursor(.malformed), .invalidParameter, .query(name: "cursor"))
        f(ProjectError.invalidCursor(.foreign), .invalidParameter, .query(name: "cursor"))
        f(ProjectError.versionMismatch(current: 2), .preconditionFailed)
        f(
            ProjectError.refused(.statusTransition(from: .pending, to: .paused)),
            .invalidTransition,
            .body(pointer: "/status")
        )
        f(ProjectError.idempotencyConflict(key: "k"), .idempotencyConflict)
        f(ProjectError.event(.dataTooLarge(bytes: 2, bytesMax: 1)), .payloadTooLarge)
        f(AgentError.notFound(id), .notFound)
        f(AgentError.invalid([FieldViolation("/a", "b")]), .validationFailed, .body(pointer: "/a"))
        f(AgentError.invalidParameter(name: "q", reason: "r"), .invalidParameter, .query(name: "q"))
        f(AgentError.invalidCursor(.foreign), .invalidParameter, .query(name: "cursor"))
        f(AgentError.versionMismatch(current: 2), .preconditionFailed)
        f(AgentError.refused(.nameTaken("a")), .conflict, .body(pointer: "/name"))
        f(AgentError.refused(.tooManyAgents(agentsMax: 1)), .conflict)
        f(TaskError.refused(.notPossible(from: .running)), .invalidTransition)
        for loss in [LeaseLoss.unknown, .foreign, .ended(.succeeded)] {
            f(TaskError.refused(.leaseLost(loss)), .leaseLost)
        }
        f(TaskError.refused(.cycle([id, id])), .dependencyCycle, .body(pointer: "/task_id"))
        f(TaskError.refused(.uniqueKeyTaken(by: id)), .conflict, .body(pointer: "/unique_key"))
        f(TaskError.refused(.tooManyDependents(of: id, dependentsMax: 1)), .conflict)
        f(TaskError.refused(.graphTooLarge(tasksMax: 1)), .conflict)
        f(EventError.dataTooDeep(depthMax: 1), .payloadTooLarge)
        f(EventError.tooManySubscribers(subscribersMax: 1), .unavailable)
        #expect(ProblemMapping.problem(CancellationError()) == nil)
    }

    @Test("Without the database every resource says so, and when to come back")
    func away() async throws {
        try await APIHarness.run { api in
            // Known for the next seconds, so that the routes themselves meet the database.
            #expect(try await api.send(.get, "users/me").status == 200)
            try await api.database.close()
            for path in [
                "projects", "agents", "users", "activities", "users/me",
                "projects/018bcfe5-6800-7000-8000-000000000000",
            ] {
                let reply = try await api.send(.get, path)
                #expect(reply.summary == "503 unavailable", "\(path)")
                #expect(reply["Retry-After"] == "1", "\(path)")
                #expect(!reply.text.contains("SELECT"), "\(path)")
            }
            let body = #"{"name":"P","type":"research"}"#
            #expect(try await api.send(.post, "projects", body).summary == "503 unavailable")
            let login = #"{"username":"viewer","password":"\#(APIHarness.password)"}"#
            #expect(try await api.send(.post, "auth/login", as: .nobody, login).summary == "503 unavailable")
            #expect(try await api.send(.get, "health/live", as: .nobody).status == 200)
        }
    }
}
