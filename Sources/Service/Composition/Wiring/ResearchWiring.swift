import Agents
import Projects
import Supervision
import WebAPI

/// What the platform is for.
struct ResearchParts: Sendable {
    let projects: ProjectRepository
    let agents: AgentRepository
}

extension Wiring {
    func research(_ foundation: FoundationParts) -> ResearchParts {
        let agents = AgentRepository(
            database: foundation.database,
            events: foundation.events,
            tokens: foundation.identity,
            clock: clock,
            ids: ids,
            registry: registry
        )
        let projects = ProjectRepository(
            database: foundation.database,
            events: foundation.events,
            people: KnownPeople(identity: foundation.identity, agents: agents),
            clock: clock,
            ids: ids,
            registry: registry
        )
        supervisor.add(.projects, dependsOn: [.database, .events]) { ProjectsComponent($0, repository: projects) }
        supervisor.add(.agents, dependsOn: [.database, .events, .identity]) { AgentsComponent($0, repository: agents) }
        return ResearchParts(projects: projects, agents: agents)
    }
}
