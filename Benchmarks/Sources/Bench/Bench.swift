import Foundation

/// `Bench REPOSITORY [PATTERN]`: measures, prints a row a measurement, and last `N met, N short`.
///
/// The pattern is a part of the ids that are wanted. The programs are the optimised builds in the repository.
@main
struct Bench {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let repository = arguments.first else {
            FileHandle.standardError.write(Data("usage: Bench REPOSITORY [PATTERN]\n".utf8))
            exit(2)
        }
        // A peer that ends early, or a connection that breaks, is an error and not the end.
        signal(SIGPIPE, SIG_IGN)
        let pattern = arguments.dropFirst().first ?? ""
        /// Whether a row, or a group of rows named by the beginning of their ids, is wanted or holds one that is.
        func isWanted(_ id: String) -> Bool { pattern.isEmpty || id.contains(pattern) || pattern.hasPrefix(id) }
        var report = Report()
        report.begin()
        report.note("ratio: how many times better ours is than the peer's figure, measured in the same run")
        if isWanted("metrics") {
            let peers = GoPeer(folder: repository + "/Benchmarks/Peers", buildFolder: try buildFolder())
            InstrumentBenchmarks(isWanted: isWanted, theirs: peers.figures("client_golang")).run(&report)
        }
        if ["server", "http"].contains(where: isWanted) {
            try ServerBenchmarks(
                executable: repository + "/.build/release/kaskman-server",
                repository: repository,
                isWanted: isWanted
            ).run(&report)
        }
        if isWanted("tasks") { try TaskBenchmarks(repository: repository, isWanted: isWanted).run(&report) }
        if ["postgresql", "redis"].contains(where: isWanted) {
            try AdapterBenchmarks(repository: repository, isWanted: isWanted).run(&report)
        }
        if isWanted("live") { try LiveBenchmarks(repository: repository).run(&report) }
        if isWanted("idle") { try IdleBenchmarks(repository: repository).run(&report) }
        report.end()
    }

    private static func buildFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.path + "/kaskman-bench-peers"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }
}
