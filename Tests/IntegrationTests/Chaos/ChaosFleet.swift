import Foundation
import Synchronization

/// The processes of a run: a server and its workers, each begun again when it was killed, as a supervisor would.
final class ChaosFleet: Sendable {
    /// The place of a worker: its agent and its work folder outlive the process.
    final class Place: Sendable {
        let name: String
        let agent: Laboratory.Agent
        private let state: Mutex<(child: ChildProcess, starts: Int, isStopped: Bool)>

        init(_ name: String, _ agent: Laboratory.Agent, _ lab: Laboratory) throws {
            self.name = name
            self.agent = agent
            state = Mutex((try Self.begin(name, agent, 1, lab), 1, false))
        }

        var child: ChildProcess { state.withLock { $0.child } }

        var isStopped: Bool { state.withLock { $0.isStopped } }

        private static func begin(
            _ name: String,
            _ agent: Laboratory.Agent,
            _ start: Int,
            _ lab: Laboratory
        ) throws -> ChildProcess {
            try lab.start(
                agent,
                name,
                [
                    "--concurrency", "\(ChaosScale.workerConcurrency)", "--pass-environment", "CHAOS_RUNS",
                    "--log-level", "info",
                ],
                // A file for each process, so that each run can be laid at the door of an agent.
                environment: ["CHAOS_RUNS": lab.path("runs/\(name)-\(start)")]
            )
        }

        /// `kill -9`, and a new process in the same folder.
        func kill(_ lab: Laboratory) async throws {
            child.signal(SIGKILL)
            _ = try await child.exit()
            let start = state.withLock { state in
                state.starts += 1
                return state.starts
            }
            let next = try Self.begin(name, agent, start, lab)
            state.withLock { $0.child = next }
        }

        /// Stops the process in the middle of whatever it does, for a while.
        func stop(for length: Duration) async {
            state.withLock { $0.isStopped = true }
            child.signal(SIGSTOP)
            await last(for: length)
            child.signal(SIGCONT)
            state.withLock { $0.isStopped = false }
        }
    }

    let lab: Laboratory
    let places: [Place]
    private let settings: [String: String]
    private let server: Mutex<ChildProcess>

    /// Begins the workers of a server that runs with the settings.
    init(_ lab: Laboratory, _ server: ChildProcess, _ settings: [String: String]) async throws {
        self.lab = lab
        self.server = Mutex(server)
        self.settings = settings
        try FileManager.default.createDirectory(atPath: lab.path("runs"), withIntermediateDirectories: true)
        var agents: [Laboratory.Agent] = []
        for number in 0..<ChaosScale.workers {
            agents.append(try await lab.agent("chaos-\(number)", concurrency: ChaosScale.agentConcurrency))
        }
        places = try agents.enumerated().map { try Place("w\($0.offset)", $0.element, lab) }
    }

    /// `kill -9` of the server, and a new one on the same data and port; returns when that one listens.
    func killServer() async throws {
        let old = server.withLock { $0 }
        guard old.isRunning else { throw Unexpected(text: "the server ended by itself: \(old.log.suffix(2000))") }
        old.signal(SIGKILL)
        _ = try await old.exit()
        let new = try await Server.start(in: lab.folder, settings)
        server.withLock { $0 = new }
        _ = try await Server.port(of: new)
    }

    /// Lets every worker hand in what it has, and end.
    func drain() async throws {
        for place in places { place.child.signal(SIGTERM) }
        for place in places {
            let exit = try await place.child.exit(within: .seconds(60))
            guard exit == .success else {
                throw Unexpected(text: "\(place.name) ended with \(exit): \(place.child.log.suffix(2000))")
            }
        }
    }

    func stopServer() async { await server.withLock { $0 }.stop() }

    /// Ends everything, however it stands.
    func end() async {
        for place in places {
            place.child.signal(SIGKILL)
            _ = try? await place.child.exit(within: .seconds(10))
        }
        await stopServer()
    }

    /// The results that wait for the server on the workers' disks.
    var undelivered: Int {
        places.reduce(0) { count, place in
            let files = try? FileManager.default.contentsOfDirectory(atPath: lab.path(place.name + "/outbox"))
            return count + (files?.count ?? 0)
        }
    }

    /// The logs of all processes of a kind, by the beginning of their files' names.
    func logs(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: lab.folder.path)
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".log") }.sorted()
            .map { try String(contentsOfFile: lab.path($0), encoding: .utf8) }
    }
}
