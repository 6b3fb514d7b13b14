import Agents
import Projects
import Supervision
import Tasks
import WebAPI

/// What the platform is for.
struct ResearchParts: Sendable {
    let projects: ProjectRepository
    let agents: AgentRepository
    let tasks: TaskRepository
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
        let tasks = TaskRepository(
            database: foundation.database,
            events: foundation.events,
            clock: clock,
            ids: ids,
            registry: registry,
            seed: .random(in: 0 ... .max),
            attemptEnded: AttemptRecords.handler(agents)
        )
        supervisor.add(.projects, dependsOn: [.database, .events]) { ProjectsComponent($0, repository: projects) }
        supervisor.add(.tasks, dependsOn: [.database, .events]) { TasksComponent($0, repository: tasks) }
        supervisor.add(.coordinator, dependsOn: [.database, .events, .projects, .tasks]) {
            CoordinatorComponent($0, repository: tasks)
        }
        supervisor.add(.agents, dependsOn: [.database, .events, .identity]) { AgentsComponent($0, repository: agents) }
        return ResearchParts(projects: projects, agents: agents, tasks: tasks)
    }
}
