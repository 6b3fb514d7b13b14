import Basics
import Foundation

/// Everything that the platform and the workers have on record after a run.
struct ChaosRecords: Sendable {
    /// An attempt, by the task's identifier and the number that is its fencing token.
    struct AttemptKey: Hashable, Sendable {
        let task: Substring
        let number: Int
    }

    struct Task: Sendable {
        let id: Substring
        let name: String
        let status: Substring
        let token: Int
        let failures: Int
    }

    struct Attempt: Sendable {
        let agent: Substring
        let startedAt: Int64
        /// The last sign of life that was noted.
        let heardAt: Int64
        let endedAt: Int64?
        let outcome: Substring
        let errorClass: Substring
    }

    struct Event: Sendable {
        let task: Substring
        let kind: Substring
        /// The number of the attempt, where the event changed it.
        let attempt: Int?
    }

    private(set) var tasks: [Task] = []
    private(set) var attempts: [AttemptKey: Attempt] = [:]
    /// In the order of the log.
    private(set) var events: [Event] = []
    /// How often each attempt's program ran, and for which agents, as the programs noted it.
    private(set) var runs: [AttemptKey: [Substring]] = [:]
    /// How often workers were told that a result was accepted.
    private(set) var accepted: [AttemptKey: Int] = [:]
    /// Since when the servers counted silence, each time that they began to, in milliseconds.
    private(set) var listeningSince: [Int64] = []

    /// Reads the records of a run whose workers have ended.
    init(_ fleet: ChaosFleet, _ stores: ChaosStores) async throws {
        let data = fleet.lab.path("data")
        for row in try await stores.query("SELECT id, name, status, token, failures FROM tasks", data: data) {
            tasks.append(
                Task(
                    id: row[0],
                    name: String(row[1]),
                    status: row[2],
                    token: Int(row[3]) ?? 0,
                    failures: Int(row[4]) ?? 0
                )
            )
        }
        let attempts = """
            SELECT task_id, number, agent_id, started_at, heartbeat_at, ended_at, outcome, error_class FROM task_attempts
            """
        for row in try await stores.query(attempts, data: data) {
            self.attempts[AttemptKey(task: row[0], number: Int(row[1]) ?? 0)] = Attempt(
                agent: row[2],
                startedAt: Int64(row[3]) ?? 0,
                heardAt: Int64(row[4]) ?? 0,
                endedAt: Int64(row[5]),
                outcome: row[6],
                errorClass: row[7]
            )
        }
        let events = """
            SELECT subject_id, kind, \(stores.eventAttempt) FROM events WHERE subject_type = 'task' ORDER BY position
            """
        for row in try await stores.query(events, data: data) {
            self.events.append(Event(task: row[0], kind: row[1], attempt: Int(row[2])))
        }
        try readRuns(fleet)
        try readLogs(fleet)
    }

    private mutating func readRuns(_ fleet: ChaosFleet) throws {
        let agents = Dictionary(uniqueKeysWithValues: fleet.places.map { ($0.name, $0.agent.id) })
        for file in try FileManager.default.contentsOfDirectory(atPath: fleet.lab.path("runs")) {
            let name = String(file.prefix { $0 != "-" })
            guard let agent = agents[name] else { throw Unexpected(text: "a run of nobody: \(file)") }
            let text = try String(contentsOfFile: fleet.lab.path("runs/" + file), encoding: .utf8)
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 2, let number = Int(words[1]) else { throw Unexpected(text: "a run: \(line)") }
                runs[AttemptKey(task: words[0], number: number), default: []].append(agent[...])
            }
        }
    }

    private mutating func readLogs(_ fleet: ChaosFleet) throws {
        for log in try fleet.logs("w") {
            for line in log.split(separator: "\n") where line.contains("a result was accepted") {
                guard let task = Self.value("task_id", in: line), let attempt = Self.value("attempt", in: line) else {
                    throw Unexpected(text: "\(line)")
                }
                accepted[AttemptKey(task: task, number: Int(attempt) ?? 0), default: 0] += 1
            }
        }
        for log in try fleet.logs("server") {
            for line in log.split(separator: "\n") where line.contains("the silence of agents counts from now on") {
                guard let time = Self.value("since", in: line).flatMap({ Timestamp(rfc3339: String($0)) }) else {
                    throw Unexpected(text: "\(line)")
                }
                listeningSince.append(time.milliseconds)
            }
        }
        listeningSince.sort()
    }

    /// The value of a field in a line of logfmt that needs no quotes.
    private static func value(_ name: String, in line: Substring) -> Substring? {
        guard let range = line.range(of: " \(name)=") else { return nil }
        return line[range.upperBound...].prefix { $0 != " " }
    }
}
