import Foundation
import NIOCore
import Supervision

/// The faults, one for every component.
enum Faults {
    /// How many connections a test opens; a rule that asks for half of them is switched on and off by it.
    private static let crowd = 20
    private static let crowded = "on() (kaskman_http_connections > \(crowd / 2))"

    static let rows: [FaultRow] = [
        // Who signs in meanwhile is answered 503: identity's alert and HTTP's tell what the callers feel.
        FaultRow(
            component: .database,
            fault: "another process holds the database (BEGIN EXCLUSIVE)",
            rule: "DatabaseErrors",
            consequences: ["LoginsNotAnswered", "HTTPErrors"]
        ) { scene in
            try await Intruder.run(["BEGIN EXCLUSIVE"], on: scene) {
                await repeatedly(every: .milliseconds(500)) { try await signIn(scene, "someone") }
            }
        },
        FullDisk.row,
        // The statement that fails is the database's error too, and whoever follows the log is behind: the coordinator and
        // the live streams.
        FaultRow(
            component: .events,
            fault: "another process renames the table of events",
            rule: "EventLogUnreadable",
            consequences: ["DatabaseErrors", "ComponentUnhealthy", "LiveFollowerBehind"]
        ) { scene in
            try await Intruder.run(["ALTER TABLE events RENAME TO events_away"], on: scene) {
                await repeatedly(every: .milliseconds(200)) {}
            }
            try await Task {
                try await Intruder.run(["ALTER TABLE events_away RENAME TO events"], on: scene) {}
            }.value
        },
        // The statement that fails is the database's error too, and its answer a 500.
        FaultRow(
            component: .projects,
            fault: "another process renames the table of projects",
            rule: "ProjectOperationsFailing",
            consequences: ["DatabaseErrors", "HTTPErrors"]
        ) { scene in
            try await Intruder.run(["ALTER TABLE projects RENAME TO projects_away"], on: scene) {
                await repeatedly(every: .milliseconds(200)) {
                    _ = try await scene.server.get("/api/v1/projects", headers: [administrator])
                }
            }
            try await Task {
                try await Intruder.run(["ALTER TABLE projects_away RENAME TO projects"], on: scene) {}
            }.value
        },
        // As above; the sweeper meets it by itself.
        FaultRow(
            component: .tasks,
            fault: "another process renames the table of tasks",
            rule: "TaskOperationsFailing",
            consequences: ["DatabaseErrors"]
        ) { scene in
            try await Intruder.run(["ALTER TABLE tasks RENAME TO tasks_away"], on: scene) {
                await repeatedly(every: .milliseconds(200)) {}
            }
            try await Task {
                try await Intruder.run(["ALTER TABLE tasks_away RENAME TO tasks"], on: scene) {}
            }.value
        },
        // The statement that fails is the database's error too, and the agent's answer a 500.
        FaultRow(
            component: .coordinator,
            fault: "another process renames the table of held concurrency keys",
            rule: "CoordinatorLeasesFailing",
            consequences: ["DatabaseErrors", "HTTPErrors", "TaskOperationsFailing"]
        ) { scene in
            let agent = try await register(scene)
            let answer = try await post("/api/v1/projects", #"{"name": "keys", "type": "research"}"#, scene)
            guard let project = answer.text.firstMatch(of: /"id":\s*"([^"]+)"/) else {
                throw Unexpected(text: answer.text)
            }
            let task =
                #"{"project_id": "\#(project.1)", "kind": "shell", "concurrency_keys": [{"key": "k", "limit": 1}]}"#
            let made = try await post("/api/v1/tasks", task, scene)
            guard made.status == 201 else { throw Unexpected(text: made.text) }
            try await Intruder.run(["ALTER TABLE task_key_holds RENAME TO task_key_holds_away"], on: scene) {
                await repeatedly(every: .milliseconds(200)) {
                    _ = try await post("/api/v1/agents/\(agent)/leases", "{}", scene)
                }
            }
            try await Task {
                try await Intruder.run(["ALTER TABLE task_key_holds_away RENAME TO task_key_holds"], on: scene) {}
            }.value
        },
        // As with projects; the loop that looks for due schedules meets it by itself.
        FaultRow(
            component: .schedules,
            fault: "another process renames the table of schedules",
            rule: "ScheduleOperationsFailing",
            consequences: ["DatabaseErrors", "HTTPErrors"]
        ) { scene in
            try await Intruder.run(["ALTER TABLE schedules RENAME TO schedules_away"], on: scene) {
                await repeatedly(every: .milliseconds(200)) {
                    _ = try await scene.server.get("/api/v1/schedules", headers: [administrator])
                }
            }
            try await Task {
                try await Intruder.run(["ALTER TABLE schedules_away RENAME TO schedules"], on: scene) {}
            }.value
        },
        FaultRow(
            component: .agents,
            fault: "the only agent dies",
            rule: "AgentsSilent"
        ) { scene in
            let agent = try await register(scene)
            try await beat(agent, scene)
            await repeatedly(every: .milliseconds(200)) {}
            try await Task { try await beat(agent, scene) }.value
        },
        // Slowly enough that admission has nothing to say.
        FaultRow(
            component: .identity,
            fault: "someone tries passwords",
            rule: "PasswordGuessing"
        ) { scene in
            await repeatedly(every: .milliseconds(1500)) { try await signIn(scene, "mallory") }
        },
        FaultRow(
            component: .admission,
            fault: "one address sends far more than its limit",
            rule: "CallersLimited",
            settings: ["limits.address_requests_per_minute": "1200"]
        ) { scene in
            await repeatedly(every: .milliseconds(100)) {
                try await WireClient.withConnection(port: scene.server.port, from: attacker) { connection in
                    while !Task.isCancelled {
                        let answer = try await connection.send(.get, "/api/v1/health/live")
                        if answer.status == 429 { await last(for: .milliseconds(50)) }
                    }
                }
            }
        },
        // An alert that is for the receiver that died is what shows its death.
        FaultRow(
            component: .notifications,
            fault: "the webhook receiver dies; another one gets the news",
            rule: "NotificationsRetrying",
            consequences: ["TestCrowded"],
            rules: """
                groups:
                  - name: test
                    rules:
                      - alert: TestCrowded
                        expr: sum by (part) (label_replace(kaskman_component_up, "part", "$1", "component", "(.+)")) and \(crowded)
                """
        ) { scene in
            try await scene.receiver.stop()
            try await openConnections(scene)
            try await Task { try await scene.receiver.restart() }.value
        },
        FaultRow(
            component: .http,
            fault: "clients that send their requests slowly",
            rule: "HTTPSlow"
        ) { scene in
            await repeatedly(every: .milliseconds(100)) {
                _ = try await WireClient.withConnection(port: scene.server.port) { connection in
                    try await connection.send(
                        .post,
                        "/prometheus/api/v1/query",
                        headers: [
                            Server.basic("admin", scene.server.password),
                            ("Content-Type", "application/x-www-form-urlencoded"),
                        ],
                        body: Array("query=vector(1)".utf8),
                        slowly: .milliseconds(1500)
                    )
                }
            }
        },
        FaultRow(
            component: .queries,
            fault: "a panel whose query needs too many samples",
            rule: "QueriesFailing",
            settings: ["query.samples_max": "1000000"]
        ) { scene in
            await repeatedly(every: .milliseconds(200)) {
                _ = try await scene.server.prometheus.instant(
                    #"sum(count_over_time({__name__=~"kaskman_.+"}[1m:10ms]))"#
                )
            }
        },
        FaultRow(
            component: .rules,
            fault: "a rule whose sides match many-to-many",
            rule: "RuleFailing",
            rules: """
                groups:
                  - name: test
                    rules:
                      - record: test_many_to_many
                        expr: (kaskman_component_up and \(crowded)) * on() (kaskman_component_up and \(crowded))
                """,
            cause: openConnections
        ),
        // A rule whose samples are refused counts as failing. The alerts' own series have room that is kept for them; what
        // else is new while the store is full is refused until the series that the rule made are past the retention.
        FaultRow(
            component: .timeSeries,
            fault: "a rule that makes more series than time_series.series_max",
            rule: "SeriesLimitReached",
            consequences: ["RuleFailing"],
            settings: ["time_series.series_max": "6000", "time_series.retention": "1m"],
            rules: """
                groups:
                  - name: test
                    interval: 3s
                    rules:
                      - record: test_explosion
                        expr: label_replace({__name__=~"kaskman_.+"} and \(crowded), "made_from", "$1", "__name__", "(.+)")
                """,
            cause: openConnections
        ),
        FaultRow(
            component: .live,
            fault: "clients that open streams and keep them",
            rule: "LiveConnectionsNearLimit",
            settings: ["live.connections_max": "\(crowd)"]
        ) { scene in
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<crowd {
                    group.addTask {
                        await repeatedly(every: .milliseconds(500)) {
                            let target = "/api/v1/events"
                            _ = try await WireClient.send(
                                .get,
                                target,
                                port: scene.server.port,
                                headers: [administrator]
                            )
                        }
                    }
                }
            }
        },
        // Short stops: the sampler, which has little time, misses its turn; the rules, which have more, do not.
        FaultRow(
            component: .sampler,
            fault: "a process that gets no processor for moments (SIGSTOP, SIGCONT)",
            rule: "SamplerMissing",
            settings: ["sampler.interval": "200ms", "rules.evaluation_interval": "2s"]
        ) { scene in
            await repeatedly(every: .milliseconds(300)) {
                scene.server.child.signal(SIGSTOP)
                await last(for: .milliseconds(700))
                scene.server.child.signal(SIGCONT)
            }
            scene.server.child.signal(SIGCONT)
        },
    ]

    /// Where floods and guesses come from.
    private static let attacker = "127.66.0.1"

    /// Signs in with a wrong password.
    private static func signIn(_ scene: FaultScene, _ name: String) async throws {
        _ = try await WireClient.send(
            .get,
            "/prometheus/api/v1/labels",
            port: scene.server.port,
            headers: [Server.basic(name, "wrong")],
            from: attacker
        )
    }

    static let administrator = Server.basic("admin", Server.password)

    static func post(_ path: String, _ json: String, _ scene: FaultScene) async throws -> WireAnswer {
        let headers = [administrator, ("Content-Type", "application/json")]
        return try await WireClient.send(
            .post,
            path,
            port: scene.server.port,
            headers: headers,
            body: Array(json.utf8)
        )
    }

    /// Registers an agent; returns its identifier.
    private static func register(_ scene: FaultScene) async throws -> String {
        let json = #"{"name": "worker", "type": "coder", "heartbeat_timeout_seconds": 10}"#
        let answer = try await post("/api/v1/agents", json, scene)
        guard let id = answer.text.firstMatch(of: /"id":\s*"([^"]+)"/) else { throw Unexpected(text: answer.text) }
        return String(id.1)
    }

    /// Lets an agent say that it lives.
    private static func beat(_ agent: String, _ scene: FaultScene) async throws {
        let answer = try await post("/api/v1/agents/\(agent)/heartbeat", "{}", scene)
        guard answer.status == 200 else { throw Unexpected(text: answer.text) }
    }

    /// Holds more connections open than the server is used to.
    @Sendable
    private static func openConnections(_ scene: FaultScene) async throws {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<crowd {
                group.addTask {
                    try? await WireClient.withConnection(port: scene.server.port) { connection in
                        while !Task.isCancelled {
                            _ = try await connection.send(.get, "/api/v1/health/live")
                            await last(for: .milliseconds(500))
                        }
                    }
                }
            }
        }
    }
}
