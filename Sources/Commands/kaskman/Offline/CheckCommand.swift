import ArgumentParser
import Basics
import Exposition
import MetricModel
import Notifications
import PromQL
import Rules

/// The command `kaskman check`.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check files of the observability engine, without a server.",
        discussion:
            "Exit status 0 when all files are valid, 1 with 'FILE:LINE: reason' for each fault when one is not.",
        subcommands: [CheckRulesCommand.self, CheckMetricsCommand.self, CheckNotificationsCommand.self]
    )
}

/// How faults are written.
enum CheckText {
    /// A file that could not be read at all.
    static func unreadable(_ file: String, _ failure: CommandFailure) -> RuleFileErrors {
        RuleFileErrors(file: file, message: failure.message ?? "cannot be read")
    }

    /// The command `file:line: reason`.
    static func line(_ error: RuleFileError) -> String {
        error.position.map { "\(error.file):\($0.line): \(error.message)" } ?? "\(error.file): \(error.message)"
    }
}

/// The command `kaskman check rules`.
struct CheckRulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "Check rule files.",
        discussion: "Duplicates (rules with the same name and labels) are reported, and are faults with --lint-fatal."
    )

    @Flag(help: "Let rule files have fields that are not known.")
    var ignoreUnknownFields = false

    @Flag(help: "Treat duplicate rules as faults.")
    var lintFatal = false

    @Argument(help: "Rule files; '-' is the standard input.")
    var files: [String]

    func run() async throws {
        let environment = CommandEnvironment.current
        let parser = PromQLParser()
        let loader = RuleFileLoader(ignoresUnknownFields: ignoreUnknownFields) { try parser.parse($0) }
        var isValid = true
        for file in files {
            environment.output("Checking \(file)")
            do throws(RuleFileErrors) {
                let rules = try load(file, loader, environment)
                if rules.hasFurtherDocuments {
                    environment.message("kaskman: \(file): only the first of several YAML documents is used")
                }
                let count = rules.groups.reduce(0) { $0 + $1.rules.count }
                environment.output("  SUCCESS: \(count) \(count == 1 ? "rule" : "rules") found")
                let duplicates = duplicates(in: rules)
                for line in duplicates { environment.output(line) }
                if !duplicates.isEmpty && lintFatal { isValid = false }
            } catch {
                environment.output("  FAILED: \(error.errors.count) \(error.errors.count == 1 ? "error" : "errors")")
                for error in error.errors { environment.output(CheckText.line(error)) }
                isValid = false
            }
        }
        if !isValid { throw CommandFailure.failed() }
    }

    private func load(
        _ file: String,
        _ loader: RuleFileLoader,
        _ environment: CommandEnvironment
    ) throws(RuleFileErrors) -> RuleFile {
        guard file == "-" else { return try loader.load(file, from: environment.fileSystem) }
        let text: String
        do throws(CommandFailure) {
            text = try InputFiles.text(file, environment)
        } catch {
            throw CheckText.unreadable(file, error)
        }
        return try loader.load(text: text, path: file)
    }

    /// A line for each rule that has the name and labels of another one.
    private func duplicates(in file: RuleFile) -> [String] {
        let rules = file.groups.flatMap(\.rules)
        return file.duplicates.flatMap { name, labels in
            let same = rules.filter { $0.name == name && Labels($0.labels) == labels }
            return same.map { rule in
                "\(file.path):\(rule.position.line): duplicate rule: \(name) with the labels \(labels) "
                    + "stands here \(same.count) times"
            }
        }
    }
}

/// The command `kaskman check metrics`.
struct CheckMetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Check pages in the text format of Prometheus for faults and unwise names; '-' is the standard input."
    )

    @Argument(help: "Pages as /metrics serves them; without any the standard input is read.")
    var files: [String] = []

    func run() async throws {
        let environment = CommandEnvironment.current
        var isValid = true
        for file in files.isEmpty ? ["-"] : files {
            do {
                let page = try InputFiles.bytes(file, environment)
                let families = try ExpositionParser().parse(page)
                let findings = ExpositionLint.findings(in: families)
                let lines = findings.isEmpty ? [:] : FamilyLines.first(of: Set(findings.map(\.metric)), in: page)
                for finding in findings {
                    environment.output("\(file):\(lines[finding.metric] ?? 1): \(finding)")
                }
                if findings.isEmpty {
                    environment.message("\(file): SUCCESS: \(families.count) metrics found")
                } else {
                    isValid = false
                }
            } catch let error as ExpositionError {
                environment.output("\(file):\(error.line): \(error.message)")
                isValid = false
            } catch let failure as CommandFailure {
                environment.output("\(file): \(failure.message ?? "cannot be read")")
                isValid = false
            }
        }
        if !isValid { throw CommandFailure.failed() }
    }
}

/// Where families stand in a page.
enum FamilyLines {
    /// The first line (from 1) that names each metric in a HELP, TYPE or sample.
    static func first(of names: Set<String>, in page: [UInt8]) -> [String: Int] {
        var lines: [String: Int] = [:]
        for (index, line) in page.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let words = String(decoding: line, as: UTF8.self).split { " \t{\"},".contains($0) }
            let isComment = words.first == "#"
            if isComment && words.count > 1 && words[1] != "HELP" && words[1] != "TYPE" { continue }
            let position = isComment ? 2 : 0
            guard position < words.count else { continue }
            let name = String(words[position])
            for candidate in candidates(name) where names.contains(candidate) && lines[candidate] == nil {
                lines[candidate] = index + 1
            }
        }
        return lines
    }

    /// The families that a sample of this name may belong to.
    private static func candidates(_ name: String) -> [String] {
        [name]
            + ["_bucket", "_count", "_sum", "_total", "_created"].compactMap { suffix in
                name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : nil
            }
    }
}

/// The command `kaskman check notifications`.
struct CheckNotificationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifications",
        abstract: "Check configurations of notifications (the format of Alertmanager)."
    )

    @Argument(help: "Configuration files; '-' is the standard input.")
    var files: [String]

    func run() async throws {
        let environment = CommandEnvironment.current
        var isValid = true
        for file in files {
            environment.output("Checking \(file)")
            do {
                let text = try InputFiles.text(file, environment)
                let configuration = try NotificationConfiguration(text: text, path: file)
                let count = configuration.receivers.count
                environment.output("  SUCCESS: \(count) \(count == 1 ? "receiver" : "receivers") found")
            } catch let errors as NotificationConfigurationErrors {
                let count = errors.problems.count
                environment.output("  FAILED: \(count) \(count == 1 ? "error" : "errors")")
                for problem in errors.problems {
                    environment.output("\(file):\(problem.position.line): \(problem.message)")
                }
                isValid = false
            } catch let failure as CommandFailure {
                environment.output("  FAILED: 1 error")
                environment.output("\(file): \(failure.message ?? "cannot be read")")
                isValid = false
            }
        }
        if !isValid { throw CommandFailure.failed() }
    }
}
