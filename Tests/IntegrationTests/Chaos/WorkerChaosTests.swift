import Basics
import ChaosTesting
import DatabaseTesting
import Foundation
import RedisTesting
import Testing

extension Integration {
    /// The promise of tasks and leases under fire: `make chaos` makes 300 faults of workers and 50 of the server under a load of 10,000
    /// tasks with dependencies, `make test` a tenth of each.
    @Suite(
        "Chaos of workers and servers",
        .serialized,
        .onSQLite("it goes through both by itself"),
        .timeLimit(.minutes(15))
    )
    struct WorkerChaosTests {
        private static let seed = Chaos.seeds(11...11, times: 2).last ?? 11

        @Test("SQLite: every task ends as it must, each attempt with one result at most, and nothing is lost")
        func sqlite() async throws {
            try await ChaosStores.inProcess { try await Self.run("SQLite", $0) }
        }

        @Test(
            "PostgreSQL and Redis, which are killed, frozen and restarted too: the same",
            .enabled(if: RedisServer.isInstalled)
        )
        func postgresql() async throws {
            try await ChaosStores.servers { try await Self.run("PostgreSQL", $0) }
        }

        private static func run(_ name: String, _ stores: ChaosStores) async throws {
            let begin = ContinuousClock.now
            let scale = ChaosScale.chosen
            var random = SeededGenerator(seed: seed)
            let plan = ChaosPlan(tasks: scale.tasks, &random)
            let ledger = ChaosLedger(scale)
            let folder = try TemporaryFolder()
            print("chaos on \(name): seed \(seed)")
            var settings = Laboratory.settings.merging(stores.settings) { $1 }
            settings["http.port"] = String(try await FreePort.find())
            settings["log.level"] = "notice"
            let server = try await Server.start(in: folder, settings)
            let fleet: ChaosFleet
            do {
                let lab = try await Laboratory.with(try await Server.port(of: server), folder)
                fleet = try await ChaosFleet(lab, server, settings)
            } catch {
                await server.stop()
                throw error
            }
            let run = ChaosRun(plan: plan, ledger: ledger, fleet: fleet, stores: stores)
            do {
                try await run.storm(seed: random.next())
                try await run.settle()
                try await expectSeen(plan, ledger, fleet.lab)
                let records = try await ChaosRecords(fleet, stores)
                let verdict = ChaosVerdict(records, plan: plan, ledger: ledger)
                #expect(verdict.faults.isEmpty, "seed \(seed): \(verdict.faults.prefix(20).joined(separator: "\n"))")
                #expect(verdict.lost == 0 && verdict.doubled == 0)
                #expect(ledger.ids.count == scale.tasks && verdict.leasesExpired > 0)
                let seconds = (ContinuousClock.now - begin).components.seconds
                print(
                    """
                    chaos on \(name), seed \(seed): tasks \(records.tasks.count), attempts \(records.attempts.count), \
                    \(ledger.summary), leases expired \(verdict.leasesExpired), lost \(verdict.lost), doubled \(verdict.doubled), \
                    ran more than once \(verdict.ranTwice), longest overrun of a lease \(verdict.overrun) ms, \(seconds) s
                    """
                )
                if let postgres = stores.postgres {
                    let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'kask'"
                    let count = try await postgres.psql(sql).split(separator: "\n").first ?? ""
                    print("chaos on \(name): deadlocks since its last start \(count)")
                }
                await fleet.stopServer()
            } catch {
                for log in (try? fleet.logs("server")) ?? [] {
                    Attachment.record(String(log.suffix(100_000)), named: "server.log")
                }
                await fleet.end()
                throw error
            }
        }

        /// The API shows every task that it said it made, as it ended.
        private static func expectSeen(_ plan: ChaosPlan, _ ledger: ChaosLedger, _ lab: Laboratory) async throws {
            struct Page: Decodable {
                struct Item: Decodable {
                    let id: String
                    let status: String
                }

                let items: [Item]
                let nextCursor: String?
            }
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            var statuses: [String: String] = [:]
            var cursor = ""
            repeat {
                let answer = try await lab.get("tasks?limit=200\(cursor)")
                let page = try decoder.decode(Page.self, from: Data(answer.body))
                for item in page.items { statuses[item.id] = item.status }
                cursor = page.nextCursor.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(statuses.count == plan.items.count)
            for (place, id) in ledger.ids where statuses[id] != plan.ends[place] {
                Issue.record(
                    "\(plan.items[place].name) is shown as \(statuses[id] ?? "nothing"), not \(plan.ends[place])"
                )
            }
        }
    }
}
