import Testing

@testable import Supervision

@Suite("Which turns of a component's life are told")
struct ComponentChangeTests {
    @Test(
        "Failures always, other statuses when they change, start-up and drain never",
        arguments: [
            ("waiting, starting, running, draining, ended", ""),
            ("starting, running, running degraded, running degraded, running", "healthy>degraded, degraded>healthy"),
            ("running, running unhealthy, draining unhealthy", "healthy>unhealthy"),
            (
                "starting, restarting, starting unhealthy, restarting, starting unhealthy, running",
                "healthy>unhealthy!, unhealthy>unhealthy!, unhealthy>healthy"
            ),
            (
                "running degraded, restarting, quarantined, ended",
                "healthy>degraded, degraded>unhealthy!, unhealthy>unhealthy!"
            ),
        ]
    )
    func table(life: String, expected: String) throws {
        var told = ToldHealth()
        var changes: [String] = []
        for step in life.split(separator: ", ") {
            let words = step.split(separator: " ").map(String.init)
            var progress = Supervisor.Progress()
            progress.state = try #require(HealthReport.RunState(rawValue: words[0]))
            let isFailure = [.restarting, .quarantined].contains(progress.state)
            let status = words.count > 1 ? words[1] : isFailure ? "unhealthy" : "healthy"
            progress.health = Health(try #require(Health.Status(rawValue: status)))
            progress.lastError = "fault"
            guard let change = told.change(to: progress, of: .rules) else { continue }
            #expect(change.kind == .rules && change.state == progress.state)
            changes.append("\(change.from)>\(change.health.status)" + (change.error.isEmpty ? "" : "!"))
        }
        #expect(changes.joined(separator: ", ") == expected, "\(life)")
    }
}
