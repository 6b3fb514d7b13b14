/// What came of a test script.
public struct ScriptReport: Sendable, Hashable {
    /// Something that went wrong, and the line (from 1) of the command that it went wrong in.
    public struct Failure: Sendable, Hashable, CustomStringConvertible {
        /// From 1.
        public let line: Int
        /// What went wrong.
        public let reason: String

        /// Makes a failure.
        public init(line: Int, reason: String) {
            self.line = line
            self.reason = reason
        }

        /// The line and the reason.
        public var description: String { "line \(line): \(reason)" }
    }

    /// How many `eval` commands gave what they promise.
    public internal(set) var passed = 0
    /// How many did not.
    public internal(set) var failed = 0
    /// One for each `eval` that failed.
    public internal(set) var failures: [Failure] = []
    /// What is wrong with the script itself: lines that are no commands, loads that cannot be stored.
    public internal(set) var problems: [Failure] = []

    /// Makes an empty report.
    public init() {}

    /// Whether the script is right and everything in it held.
    public var isPassed: Bool { failed == 0 && problems.isEmpty }
}

/// How scripts are run.
public struct ScriptOptions: Sendable {
    /// For the evaluation.
    public var engine: EngineOptions
    /// For reading queries.
    public var parser: ParserOptions

    /// Makes options.
    public init(engine: EngineOptions, parser: ParserOptions) {
        self.engine = engine
        self.parser = parser
    }

    /// Everything on, as the scripts of Prometheus expect it.
    public static let upstream = ScriptOptions(
        engine: EngineOptions(samplesMax: 10_000, delayedNameRemoval: true),
        parser: ParserOptions(
            experimentalFunctions: true,
            durationExpressions: true,
            extendedRangeSelectors: true,
            fillModifiers: true
        )
    )
}

/// A reason why a line or a command of a script is wrong or does not hold.
struct ScriptError: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
