import ArgumentParser
import Basics
import PromQL
import Rules

/// The command `kaskman test`.
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run tests of the observability engine's files, without a server.",
        subcommands: [TestPromQLCommand.self, TestRulesCommand.self]
    )
}

/// `kaskman test promql`: PromQL test scripts.
struct TestPromQLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promql",
        abstract: "Run PromQL test scripts (load and eval); '-' is the standard input.",
        discussion: """
            Writes 'FILE: N passed, N failed' for each file and 'N passed, N failed' at the end; a line of a script that cannot
            be read or loaded counts as failed. Exit status 1 when anything failed.
            The options of the engine are those of Prometheus' own scripts: everything experimental is on.
            """
    )

    @Flag(name: .shortAndLong, help: "Write each failure with its line and the reason.")
    var verbose = false

    @Flag(
        inversion: .prefixedNo,
        help: "Remove metric names when the query ends, and not at each operation that drops them."
    )
    var delayedNameRemoval = true

    @Argument(help: "Scripts.")
    var files: [String]

    func run() async throws {
        let environment = CommandEnvironment.current
        var options = ScriptOptions.upstream
        options.engine.delayedNameRemoval = delayedNameRemoval
        let progress = Progress(environment)
        var passed = 0
        var failed = 0
        for (index, file) in files.enumerated() {
            progress.show("\(index + 1)/\(files.count) \(file)")
            let counts: (passed: Int, failed: Int)
            var complaints: [ScriptReport.Failure] = []
            do throws(CommandFailure) {
                let report = ScriptRunner().run(try InputFiles.text(file, environment), options: options)
                complaints = (report.problems + report.failures).sorted { $0.line < $1.line }
                counts = (report.passed, report.failed + report.problems.count)
            } catch {
                progress.clear()
                environment.message("kaskman: \(error.message ?? file)")
                counts = (0, 1)
            }
            progress.clear()
            environment.output("\(file): \(counts.passed) passed, \(counts.failed) failed")
            if verbose {
                for complaint in complaints { environment.output("\(file):\(complaint.line): \(complaint.reason)") }
            }
            passed += counts.passed
            failed += counts.failed
        }
        environment.output("\(passed) passed, \(failed) failed")
        if failed > 0 { throw CommandFailure.failed() }
    }
}

/// `kaskman test rules`: unit tests of rules.
struct TestRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Run unit tests of rules, in the format of promtool.",
        discussion: """
            Writes 'FILE: SUCCESS' or 'FILE: FAILED' with 'FILE:LINE: reason' for each check that did not hold, and
            'N passed, N failed' (tests) at the end; a file that cannot be used counts as one failed test.
            """
    )

    @Option(name: .customLong("run"), help: "Run only tests whose name this regular expression fits; may be repeated.")
    var patterns: [String] = []

    @Flag(help: "Let rule files have fields that are not known.")
    var ignoreUnknownFields = false

    @Argument(help: "Test files.")
    var files: [String]

    func run() async throws {
        let environment = CommandEnvironment.current
        var options = RuleUnitTestOptions()
        options.namePatterns = patterns
        options.ignoresUnknownFields = ignoreUnknownFields
        let runner = RuleUnitTestRunner(options: options)
        let progress = Progress(environment)
        var passed = 0
        var failed = 0
        for file in files {
            do throws(RuleFileErrors) {
                let report = try runner.run(file, from: environment.fileSystem) { done, count in
                    progress.show("\(file): \(done)/\(count)")
                }
                progress.clear()
                for warning in report.warnings { environment.message("kaskman: \(file): \(warning)") }
                environment.output("\(file): \(report.isPassed ? "SUCCESS" : "FAILED")")
                for failure in report.failures {
                    let name = failure.test.isEmpty ? "" : "test \"\(failure.test)\": "
                    environment.output("\(file):\(failure.line): \(name)\(failure.reason)")
                }
                passed += report.passed
                failed += report.failed
            } catch {
                progress.clear()
                environment.output("\(file): FAILED")
                for error in error.errors { environment.output(CheckText.line(error)) }
                failed += 1
            }
        }
        environment.output("\(passed) passed, \(failed) failed")
        if failed > 0 { throw CommandFailure.failed() }
    }
}
