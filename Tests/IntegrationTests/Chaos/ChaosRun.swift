import Basics
import Foundation
import NIOHTTP1

/// One run: the load, the faults in it, and the wait for the end.
struct ChaosRun: Sendable {
    let plan: ChaosPlan
    let ledger: ChaosLedger
    let fleet: ChaosFleet
    let stores: ChaosStores

    private var scale: ChaosScale { ledger.scale }

    /// Makes all tasks and all faults beside each other; returns when all faults are made and mended, and all tasks made.
    func storm(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let (workerSeed, platformSeed) = (random.next(), random.next())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<ChaosScale.creators {
                group.addTask {
                    while case let index = ledger.nextGroup(), index < plan.groups.count {
                        for place in plan.groups[index] { try await create(place) }
                    }
                }
            }
            group.addTask { try await hurtWorkers(SeededGenerator(seed: workerSeed)) }
            group.addTask { try await hurtPlatform(SeededGenerator(seed: platformSeed)) }
            try await group.waitForAll()
        }
    }

    // MARK: The load

    /// Makes a task; a request that is not answered, or "not now", is sent again with the same key.
    private func create(_ place: Int) async throws {
        try await eventually("task \(place) may be made", within: .seconds(1200), every: .milliseconds(20)) {
            ledger.mayCreate(place)
        }
        let item = plan.items[place]
        let upstream = try item.dependencies.map { dependency in
            guard let id = ledger.id(at: dependency.place) else { throw Unexpected(text: "no id of \(dependency)") }
            return id
        }
        let body = try item.body(project: fleet.lab.project, ids: upstream)
        let fields = [Laboratory.admin, ("Content-Type", "application/json"), ("Idempotency-Key", "chaos-\(place)")]
        while true {
            if let answer = try? await WireClient.send(
                .post,
                "/api/v1/tasks",
                port: fleet.lab.port,
                headers: fields,
                body: body
            ) {
                if answer.status == 201, let id = answer.text.firstMatch(of: /"id":\s*"([^"]+)"/) {
                    let isReplay = answer.headers.contains(name: "Idempotency-Replayed")
                    ledger.created(place, String(id.1), isReplay: isReplay)
                    return
                }
                guard answer.status >= 500 || answer.status == 429 else {
                    throw Unexpected(text: "task \(place): \(answer.status) \(answer.text)")
                }
            }
            ledger.createdNot()
            try Task.checkCancellation()
            await last(for: .milliseconds(100))
        }
    }

    // MARK: The faults

    /// Kills and stops workers; half of the stops outlast a lease.
    private func hurtWorkers(_ seeded: SeededGenerator) async throws {
        var random = seeded
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<scale.workerFaults {
                await last(for: .milliseconds(Int.random(in: scale.workerPause, using: &random)))
                try Task.checkCancellation()
                let running = fleet.places.filter { !$0.isStopped }
                let isStop = Bool.random(using: &random)
                let isLong = Bool.random(using: &random)
                guard let place = running.randomElement(using: &random), place.child.isRunning else {
                    throw Unexpected(text: "a worker has ended by itself; its log says why")
                }
                // Some are to be left.
                if isStop, running.count > fleet.places.count / 2 {
                    let lease = ChaosScale.heartbeatSeconds * 1000
                    let length = Int.random(in: isLong ? lease + 500...lease + 3000 : 100...2000, using: &random)
                    ledger.stoppedWorker()
                    group.addTask { await place.stop(for: .milliseconds(length)) }
                } else {
                    try await place.kill(fleet.lab)
                    ledger.killedWorker()
                }
            }
            try await group.waitForAll()
        }
    }

    private enum PlatformFault: Sendable {
        case server
        case store(ChaosStores.Fault)
    }

    /// Kills the server, and hurts what it keeps its data in, one after the other: what cannot begin is no fault of its own.
    private func hurtPlatform(_ seeded: SeededGenerator) async throws {
        var random = seeded
        var faults = [PlatformFault](repeating: .server, count: scale.serverKills)
        for fault in stores.faults {
            faults += [PlatformFault](repeating: .store(fault), count: scale.storeFaultsOfAKind)
        }
        for fault in faults.shuffled(using: &random) {
            await last(for: .milliseconds(Int.random(in: scale.platformPause, using: &random)))
            try Task.checkCancellation()
            let begin = SystemClock().now
            switch fault {
            case .server:
                try await fleet.killServer()
                ledger.killedServer(at: begin)
            case .store(let fault):
                try await stores.make(fault)
                let isDatabase = fault == .postgresCrashed || fault == .postgresRestarted
                ledger.hurtStore(isDatabase ? begin...SystemClock().now : nil)
            }
        }
    }

    // MARK: The end

    /// Waits until every task has ended and every result has arrived, and lets the workers end.
    func settle() async throws {
        try await eventually("all \(plan.items.count) tasks end", within: scale.restMax, every: .milliseconds(250)) {
            let answer = try await fleet.lab.get("tasks/counts")
            let json = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
            let counts = json?["statuses"] as? [String: Int] ?? [:]
            let ended = ["succeeded", "dead", "skipped", "cancelled"].reduce(0) { $0 + (counts[$1] ?? 0) }
            guard ended == plan.items.count else { throw Unexpected(text: "\(counts)") }
            return true
        }
        try await eventually("every result is handed in", within: .seconds(60)) { fleet.undelivered == 0 }
        try await fleet.drain()
    }
}
