/// What happened: the closed set of event kinds; the raw values are stored and never change.
package enum EventKind: String, Hashable, Sendable, CaseIterable, Codable {
    case projectCreated = "project.created"
    case projectUpdated = "project.updated"
    case projectStatusChanged = "project.status_changed"
    case projectDeleted = "project.deleted"
    case agentRegistered = "agent.registered"
    case agentUpdated = "agent.updated"
    case agentStatusChanged = "agent.status_changed"
    case agentTokenRotated = "agent.token_rotated"
    case agentRemoved = "agent.removed"
    case agentQuarantined = "agent.quarantined"
    case agentRestored = "agent.restored"
    case taskCreated = "task.created"
    case taskWaiting = "task.waiting"
    case taskQueued = "task.queued"
    case taskStarted = "task.started"
    case taskSucceeded = "task.succeeded"
    case taskAttemptFailed = "task.attempt_failed"
    case taskDead = "task.dead"
    case taskCancelled = "task.cancelled"
    case taskSkipped = "task.skipped"
    case taskPaused = "task.paused"
    case taskResumed = "task.resumed"
    case taskRetried = "task.retried"
    case taskDependencyAdded = "task.dependency_added"
    case taskAwaitingApproval = "task.awaiting_approval"
    case taskApproved = "task.approved"
    case taskRejected = "task.rejected"
    case taskDeleted = "task.deleted"
    case scheduleCreated = "schedule.created"
    case scheduleUpdated = "schedule.updated"
    case schedulePaused = "schedule.paused"
    case scheduleResumed = "schedule.resumed"
    case scheduleDeleted = "schedule.deleted"
    case scheduleRan = "schedule.ran"
    case scheduleSkipped = "schedule.skipped"
    case scheduleMissed = "schedule.missed"
    case userCreated = "user.created"
    case userUpdated = "user.updated"
    case userPasswordChanged = "user.password_changed"
    case userLogin = "user.login"
    case userLoginFailed = "user.login_failed"
    case userLockedOut = "user.locked_out"
    case userLogout = "user.logout"
    case sessionReuseDetected = "session.reuse_detected"
    case rulesLoaded = "rules.loaded"
    case configurationLoaded = "configuration.loaded"
    case alertFired = "alert.fired"
    case alertResolved = "alert.resolved"
    case systemStarted = "system.started"
    case systemStopped = "system.stopped"
    case componentHealthChanged = "component.health_changed"
}

/// The kinds of thing that an event is about.
package enum EventSubject: String, Hashable, Sendable, CaseIterable, Codable {
    case project, task, schedule, agent, user, session, rules, configuration, alert, component, system
}

/// Who did it.
package enum EventActor: Hashable, Sendable {
    /// A person, by the user's identifier.
    case user(String)
    /// An agent, by its identifier.
    case agent(String)
    /// The platform itself.
    case system
    /// Someone who has not proved who they are.
    case anonymous

    /// The stored name of the kind.
    package var kind: String {
        switch self {
        case .user: "user"
        case .agent: "agent"
        case .system: "system"
        case .anonymous: "anonymous"
        }
    }

    /// The identifier, for users and agents.
    package var id: String? {
        switch self {
        case .user(let id), .agent(let id): id
        case .system, .anonymous: nil
        }
    }

    init?(kind: String, id: String?) {
        switch (kind, id) {
        case ("user", let id?): self = .user(id)
        case ("agent", let id?): self = .agent(id)
        case ("system", _): self = .system
        case ("anonymous", _): self = .anonymous
        default: return nil
        }
    }
}
