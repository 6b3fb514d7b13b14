import Agents
import Projects
import Schedules
import Supervision
import Tasks
import WebAPI

/// What the platform is for.
struct ResearchParts: Sendable {
    let projects: ProjectRepository
    let agents: AgentRepository
    let tasks: TaskRepository
    let artefacts: ArtefactRepository
    let schedules: ScheduleRepository
    let samples: TaskSamples
}

extension Wiring {
    func research(_ foundation: FoundationParts, _ observability: ObservabilityParts) -> ResearchParts {
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
        let samples = TaskSamples(
            store: observability.head,
            clock: clock,
            registry: registry,
            seriesMax: settings.tasks.metricSeriesMax
        )
        let tasks = TaskRepository(
            database: foundation.database,
            events: foundation.events,
            clock: clock,
            ids: ids,
            registry: registry,
            seed: .random(in: 0 ... .max),
            reportLimits: taskReportLimits,
            attemptEnded: AttemptRecords.handler(agents) { samples.end($0) }
        )
        let artefacts = ArtefactRepository(
            tasks: tasks,
            fileSystem: fileSystem,
            folder: settings.dataDirectory + "/artefacts",
            registry: registry
        )
        let schedules = ScheduleRepository(
            database: foundation.database,
            events: foundation.events,
            tasks: tasks,
            clock: clock,
            ids: ids,
            registry: registry
        )
        supervisor.add(.projects, dependsOn: [.database, .events]) { ProjectsComponent($0, repository: projects) }
        supervisor.add(.tasks, dependsOn: [.database, .events]) {
            TasksComponent($0, repository: tasks, artefacts: artefacts)
        }
        supervisor.add(.coordinator, dependsOn: [.database, .events, .projects, .tasks]) {
            CoordinatorComponent($0, repository: tasks)
        }
        supervisor.add(.schedules, dependsOn: [.database, .events, .projects, .tasks]) {
            SchedulesComponent($0, repository: schedules)
        }
        supervisor.add(.agents, dependsOn: [.database, .events, .identity]) { AgentsComponent($0, repository: agents) }
        return ResearchParts(
            projects: projects,
            agents: agents,
            tasks: tasks,
            artefacts: artefacts,
            schedules: schedules,
            samples: samples
        )
    }

    private var taskReportLimits: TaskReportLimits {
        var limits = TaskReportLimits()
        limits.logBytesMax = settings.tasks.logBytesMax
        limits.logRetention = settings.tasks.logRetention
        limits.artefactRetention = settings.tasks.artefactRetention
        limits.artefactBytesMax = settings.tasks.artefactBytesMax
        limits.artefactTotalBytesMax = settings.tasks.artefactTotalBytesMax
        return limits
    }
}
