public import Basics
import MetricModel
import PromQL
import RegularExpressions

/// Runs unit tests of rules: the same evaluation as in production, under a clock that the test turns.
///
/// From a test's start to its latest check, at every evaluation interval, the samples up to that moment are stored and all
/// groups are evaluated. Source: the documentation of Prometheus, "Unit testing for rules".
///
/// Concurrency: stateless; runs on the calling thread.
public struct RuleUnitTestRunner: Sendable {
    private let options: RuleUnitTestOptions

    /// Makes a runner.
    public init(options: RuleUnitTestOptions = RuleUnitTestOptions()) {
        self.options = options
    }

    /// Reads a test file and the rule files that it names, and runs its tests.
    ///
    /// `progress`: Told how many tests are done, and of how many.
    /// Throws: ``RuleFileErrors`` when the test file or a rule file cannot be used.
    public func run(
        _ path: String,
        from files: any FileSystem,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(RuleFileErrors) -> RuleUnitTestReport {
        let file = try read(path, from: files)
        var report = RuleUnitTestReport()
        let groups = try ruleGroups(of: file, from: files, &report)
        let selected = try selectedTests(of: file)
        for (index, test) in selected.enumerated() {
            progress(index, selected.count)
            var run = RuleUnitTestRun(file: file, test: test, options: options)
            let failures = run.failures(groups)
            if failures.isEmpty { report.passed += 1 } else { report.failed += 1 }
            report.failures += failures
        }
        progress(selected.count, selected.count)
        return report
    }

    /// Reads a test file alone.
    /// - Throws: ``RuleFileErrors`` with everything that is wrong.
    public func read(_ path: String, from files: any FileSystem) throws(RuleFileErrors) -> RuleUnitTestFile {
        let bytes: [UInt8]
        do throws(FileSystemError) {
            bytes = try files.read(path, bytesMax: options.yamlLimits.bytesMax)
        } catch {
            throw RuleFileErrors(errors: [RuleFileError(file: path, position: nil, message: error.description)])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RuleFileErrors(errors: [RuleFileError(file: path, position: nil, message: "yaml: invalid UTF-8")])
        }
        let document: YAMLDocument
        do throws(YAMLProblem) {
            document = try YAMLDocument(text, limits: options.yamlLimits)
        } catch {
            throw RuleFileErrors(errors: [Self.error(path, error)])
        }
        var reader = RuleUnitTestReader(path: path, options: options)
        let file = reader.file(document.root)
        guard reader.problems.isEmpty else {
            throw RuleFileErrors(errors: reader.problems.map { Self.error(path, $0) })
        }
        return file
    }

    private static func error(_ path: String, _ problem: YAMLProblem) -> RuleFileError {
        RuleFileError(file: path, position: problem.position, message: problem.message)
    }

    // MARK: Parts

    private func ruleGroups(
        of file: RuleUnitTestFile,
        from files: any FileSystem,
        _ report: inout RuleUnitTestReport
    ) throws(RuleFileErrors) -> [RuleGroupDefinition] {
        let folder = file.path.lastIndex(of: "/").map { String(file.path[...$0]) } ?? ""
        let loader = RuleFileLoader(
            ignoresUnknownFields: options.ignoresUnknownFields,
            yamlLimits: options.yamlLimits,
            readExpression: { [options] in try options.readExpression($0) }
        )
        var groups: [RuleGroupDefinition] = []
        var errors: [RuleFileError] = []
        var loaded: Set<String> = []
        for pattern in file.rulePatterns {
            let full = pattern.hasPrefix("/") ? pattern : folder + pattern
            let paths = FilePattern(full).paths(in: files)
            if paths.isEmpty { report.warnings.append("no file matches the pattern \(pattern)") }
            for path in paths where loaded.insert(path).inserted {
                do throws(RuleFileErrors) {
                    groups += try loader.load(path, from: files).groups
                } catch {
                    errors += error.errors
                }
            }
        }
        guard errors.isEmpty else { throw RuleFileErrors(errors: errors) }
        return ordered(groups, file.groupOrder)
    }

    /// The groups that are named first, in that order; the others behind them as they stand in the files.
    private func ordered(_ groups: [RuleGroupDefinition], _ names: [String]) -> [RuleGroupDefinition] {
        names.flatMap { name in groups.filter { $0.name == name } } + groups.filter { !names.contains($0.name) }
    }

    private func selectedTests(of file: RuleUnitTestFile) throws(RuleFileErrors) -> [RuleUnitTest] {
        if options.namePatterns.isEmpty { return file.tests }
        do throws(RegularExpressionError) {
            let pattern = try RegularExpression(options.namePatterns.joined(separator: "|"))
            return file.tests.filter { pattern.matches($0.name) }
        } catch {
            let error = RuleFileError(file: file.path, position: nil, message: "pattern of test names: \(error)")
            throw RuleFileErrors(errors: [error])
        }
    }
}
