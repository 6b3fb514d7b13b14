import APIModel
import Agents
import Basics
import Database
import Events
import HTTP
import HTTPTypes
import Identity
import Logging
import Projects
import Records
import Schedules
import Tasks

/// What the errors of every module become in the API: the one place that knows, so that none is forgotten and no detail of the inside leaks.
///
/// What is not named here is a fault of ours: it becomes `internal_error`, and the log has it.
enum ProblemMapping {
    /// After how many seconds a request that failed for a passing reason may be repeated.
    static let retryAfterSeconds = 1

    /// The answer to an error; nil for one that no caller can have caused or cured.
    static func problem(_ error: any Error) -> ProblemError? {
        switch error {
        case let error as ProblemError: error
        case let error as DatabaseError: problem(error)
        case let error as EventError: problem(error)
        case let error as TokenError: ProblemError(.unauthenticated, "\(error)")
        case let error as IdentityError: problem(error)
        case let error as ProjectError: problem(error, of: Project.table.one) { problem($0) }
        case let error as TaskError: problem(error, of: ProjectTask.table.one) { problem($0) }
        case let error as ScheduleError: problem(error, of: Schedule.table.one) { problem($0) }
        case let error as AgentError: problem(error, of: Agent.table.one) { problem($0) }
        default: nil
        }
    }

    private static func problem(_ error: DatabaseError) -> ProblemError? {
        switch error.code {
        case .busy, .overloaded, .timeout, .connection: unavailable("the database does not answer")
        case .full: ProblemError(.unavailable, "the database has no space left")
        case .readOnly: ProblemError(.unavailable, "the database can only be read")
        case .unknownCommit:
            ProblemError(.unavailable, "the database was lost during the change: look whether it was made")
        case .moved: ProblemError(.unavailable, "the database's file was moved or deleted")
        case .corrupted, .inputOutput: ProblemError(.unavailable, "the database cannot be used")
        case .cancelled: ProblemError(.unavailable, "the request was cancelled")
        case .constraint, .syntax, .decoding, .tooLarge, .other: nil
        }
    }

    private static func problem(_ error: EventError) -> ProblemError? {
        switch error {
        case .dataTooLarge, .dataTooDeep:
            ProblemError(.payloadTooLarge, "the change is too large to be noted in the log of activities")
        case .tooManySubscribers: unavailable("too many followers of events")
        }
    }

    private static func problem(_ error: IdentityError) -> ProblemError? {
        switch error {
        case .invalidCredentials: ProblemError(.unauthenticated, "\(error)")
        case .lockedOut(let retryAfter):
            ProblemError(.rateLimited, "\(error)", headers: [.retryAfter: String(seconds(retryAfter))])
        case .overloaded: unavailable("too many passwords are being checked")
        case .password(let fault): invalid("/password", "\(fault)")
        case .invalidUsername:
            invalid("/username", "must have 1 to \(UserLimits.usernameLengthMax) letters, digits, '.', '_', '@' or '-'")
        case .usernameTaken:
            ProblemError(.conflict, errors: [Violation(.body(pointer: "/username"), "is taken")])
        case .userNotFound: ProblemError(.notFound, "there is no such user")
        case .versionConflict(let current): outdated(current)
        case .lastAdministrator: ProblemError(.conflict, "\(error)")
        case .invalidRoles(let reason): invalid("/roles", reason)
        case .invalidDisplayName:
            invalid("/display_name", "must have at most \(UserLimits.displayNameLengthMax) characters")
        }
    }

    private static func problem<Refusal>(
        _ error: RecordError<Refusal>,
        of one: String,
        _ refused: (Refusal) -> ProblemError
    ) -> ProblemError? {
        switch error {
        case .notFound: ProblemError(.notFound, "there is no such \(one)")
        case .invalid(let violations): invalid(violations)
        case .invalidParameter(let name, let reason): invalidParameter(name, reason)
        case .invalidCursor(let error): invalidCursor(error)
        case .versionMismatch(let current): outdated(current)
        case .idempotencyConflict:
            ProblemError(.idempotencyConflict, "the key was used for a \(one) with another content")
        case .refused(let refusal): refused(refusal)
        case .event(let error): problem(error)
        case .database(let error): problem(error)
        }
    }

    private static func problem(_ refusal: ProjectRefusal) -> ProblemError {
        switch refusal {
        case .statusTransition(let from, let to):
            ProblemError(
                .invalidTransition,
                "a project that is \(from.rawValue) cannot become \(to.rawValue)",
                errors: [Violation(.body(pointer: "/status"), "may become \(words(from.successors.map(\.rawValue)))")]
            )
        }
    }

    private static func problem(_ refusal: TaskRefusal) -> ProblemError {
        switch refusal {
        case .notPossible(let status):
            ProblemError(.invalidTransition, "a task that is \(status.rawValue) does not allow that")
        case .leaseLost(.unknown): ProblemError(.leaseLost, "no attempt of the task has this token")
        case .leaseLost(.foreign): ProblemError(.leaseLost, "the attempt is another agent's")
        case .leaseLost(.ended(let outcome)):
            ProblemError(.leaseLost, "the attempt has ended already: \(outcome.rawValue)")
        case .cycle(let tasks):
            ProblemError(
                .dependencyCycle,
                tasks.map(\.description).joined(separator: " depends on "),
                errors: [Violation(.body(pointer: "/task_id"), "closes a cycle")]
            )
        case .uniqueKeyTaken(let holder):
            ProblemError(
                .conflict,
                errors: [Violation(.body(pointer: "/unique_key"), "is that of the open task \(holder)")]
            )
        case .projectDeleted: ProblemError(.conflict, "the project of the task was deleted")
        case .tooManyDependents(let id, let dependentsMax):
            ProblemError(.conflict, "\(dependentsMax) tasks depend on task \(id), which is as many as may")
        case .graphTooLarge(let tasksMax):
            ProblemError(.conflict, "more than \(tasksMax) tasks would have to be looked at for a cycle")
        case .noCoordinator: ProblemError(.conflict, "the task is not the coordinator of a plan")
        case .tooManyChildren(let childrenMax):
            ProblemError(.conflict, "a coordinator makes at most \(childrenMax) tasks")
        case .tooManyFollowers: unavailable("too many requests wait for log lines")
        case .artefact(let refusal): ArtefactProblems.problem(refusal)
        }
    }

    /// A refusal in words, where it is one of many.
    static func text(_ refusal: TaskRefusal) -> String {
        if case .uniqueKeyTaken(let holder) = refusal { return "its unique key is that of the open task \(holder)" }
        let answer = problem(refusal).problem
        return answer.detail ?? answer.type.title
    }

    private static func problem(_ refusal: ScheduleRefusal) -> ProblemError {
        switch refusal {
        case .tooManySchedules(let schedulesMax):
            ProblemError(.conflict, "there are \(schedulesMax) schedules, which is as many as may be")
        case .unreadable(let violation):
            ProblemError(.conflict, "this server cannot read when it is due: \(violation)")
        case .task(let refusal): problem(refusal)
        }
    }

    private static func problem(_ refusal: AgentRefusal) -> ProblemError {
        switch refusal {
        case .nameTaken:
            ProblemError(.conflict, errors: [Violation(.body(pointer: "/name"), "is taken by another agent")])
        case .tooManyAgents(let agentsMax):
            ProblemError(.conflict, "\(agentsMax) agents are registered, which is as many as may be")
        }
    }

    // MARK: Answers

    static func unavailable(_ detail: String) -> ProblemError {
        ProblemError(.unavailable, detail, headers: [.retryAfter: String(retryAfterSeconds)])
    }

    static func invalid(_ pointer: String, _ detail: String) -> ProblemError {
        ProblemError(.validationFailed, errors: [Violation(.body(pointer: pointer), detail)])
    }

    private static func invalid(_ violations: [FieldViolation]) -> ProblemError {
        ProblemError(
            .validationFailed,
            errors: violations.map { Violation(.body(pointer: $0.pointer), $0.message) }
        )
    }

    static func invalidParameter(_ name: String, _ reason: String) -> ProblemError {
        // The one parameter of a repository that is no parameter of a query.
        let place: Violation.Place = name == "Idempotency-Key" ? .header(name: name) : .query(name: name)
        return ProblemError(.invalidParameter, errors: [Violation(place, reason)])
    }

    private static func invalidCursor(_ error: PageCursorError) -> ProblemError {
        switch error {
        case .malformed: invalidParameter("cursor", "is not a cursor of this list")
        case .foreign: invalidParameter("cursor", "belongs to a list with other filters or another order")
        }
    }

    /// The version is told, so that the client knows what to read again.
    private static func outdated(_ current: Int64) -> ProblemError {
        ProblemError(
            .preconditionFailed,
            "its version is \(current) by now",
            headers: [.eTag: EntityTag(version: current).description]
        )
    }

    /// Whole seconds, rounded up, so that who waits for so long is not refused again.
    private static func seconds(_ duration: Duration) -> Int64 {
        max(1, duration.components.seconds + (duration.components.attoseconds > 0 ? 1 : 0))
    }

    private static func words(_ values: [String]) -> String { values.sorted().joined(separator: " or ") }
}

extension Route {
    /// The same route, with the errors of its handler as the API answers them; what the database did is logged.
    var mappingErrors: Route {
        var route = self
        let handler = handler
        route.handler = { request in
            do {
                return try await handler(request)
            } catch {
                guard let problem = ProblemMapping.problem(error) else { throw error }
                if problem.problem.type == .unavailable {
                    request.logger.warning("request not served", metadata: ["error": "\(error)"])
                }
                throw problem
            }
        }
        return route
    }
}
