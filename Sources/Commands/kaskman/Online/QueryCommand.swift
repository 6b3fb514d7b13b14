import ArgumentParser
import Basics
import Client
import JSON

/// The command `kaskman query`.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask the server with PromQL.",
        subcommands: [QueryInstantCommand.self, QueryRangeCommand.self]
    )

    /// Tells what the server remarks on an answer.
    static func remark(_ answer: QueryAnswer, _ environment: CommandEnvironment) {
        for text in answer.warnings + answer.infos { environment.message("kaskman: \(TextTable.visible(text))") }
    }
}

/// Times as the API takes them.
enum TimeText {
    /// RFC 3339, or seconds since the Unix epoch.
    static func time(_ text: String, _ option: String) throws(CommandFailure) -> Timestamp {
        if let seconds = Double(text), seconds.magnitude <= 1e12 { return Timestamp(seconds: seconds) }
        guard let time = Timestamp(rfc3339: text) else {
            throw .usage("\(option): '\(text)' is neither RFC 3339 nor seconds since the Unix epoch")
        }
        return time
    }

    /// `5m`, `1h30m`, or seconds.
    static func duration(_ text: String, _ option: String) throws(CommandFailure) -> Duration {
        if let seconds = Double(text), seconds > 0, seconds <= 1e12 { return .milliseconds(Int64(seconds * 1000)) }
        guard let milliseconds = PrometheusDuration.milliseconds(parsing: text), milliseconds > 0 else {
            throw .usage("\(option): '\(text)' is no duration like 5m or 1h30m")
        }
        return .milliseconds(milliseconds)
    }

    /// Seconds since the Unix epoch as RFC 3339.
    static func text(_ seconds: Double) -> String { Timestamp(seconds: seconds).rfc3339 }
}

/// The command `kaskman query instant`.
struct QueryInstantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instant",
        abstract: "Evaluate an expression at one time."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var format: OutputOptions

    @Option(help: "When: RFC 3339, or seconds since the Unix epoch; now when it is left out.")
    var time: String?

    @Argument(help: "The expression.")
    var expression: String

    func run() async throws {
        let environment = CommandEnvironment.current
        let at = try time.map { text throws(CommandFailure) in try TimeText.time(text, "--time") }
        let answer = try await connection.withClient(environment) { try await $0.query(expression, at: at) }
        QueryCommand.remark(answer, environment)
        environment.output(answer.data, as: format.output) {
            switch answer.kind {
            case .scalar, .string:
                var table = TextTable()
                if let point = answer.series.first?.points.first { table.append(point.value) }
                return table
            case .vector:
                var table = TextTable("SERIES", "VALUE")
                for series in answer.series { table.append(series.text, series.points.first?.value ?? "") }
                return table
            case .matrix: return SeriesTable.make(answer)
            }
        }
    }
}

/// Series with a line for each point.
enum SeriesTable {
    static func make(_ answer: QueryAnswer) -> TextTable {
        var table = TextTable("SERIES", "TIME", "VALUE")
        for series in answer.series {
            for point in series.points { table.append(series.text, TimeText.text(point.time), point.value) }
        }
        return table
    }
}

/// The command `kaskman query range`.
struct QueryRangeCommand: AsyncParsableCommand {
    /// How the answer is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case chart, table, json, yaml
    }

    static let configuration = CommandConfiguration(
        commandName: "range",
        abstract: "Evaluate an expression over a range of time.",
        discussion: "On a terminal the answer is a chart, elsewhere a table, unless -o says otherwise."
    )

    /// How many steps a range has when no step is given.
    private static let stepsDefault: Int64 = 240

    @OptionGroup var connection: ConnectionOptions

    @Option(name: .shortAndLong, help: "How the answer is written: chart, table, json or yaml.")
    var output: Format?

    @Option(help: "How far back the range begins.")
    var last = "1h"

    @Option(help: "The beginning, instead of --last: RFC 3339, or seconds since the Unix epoch.")
    var start: String?

    @Option(help: "The end; now when it is left out.")
    var end: String?

    @Option(help: "The distance of the points, like 15s; a suitable one when it is left out.")
    var step: String?

    @Argument(help: "The expression.")
    var expression: String

    func run() async throws {
        let environment = CommandEnvironment.current
        let through =
            try end.map { text throws(CommandFailure) in try TimeText.time(text, "--end") } ?? environment.clock.now
        let from: Timestamp
        if let start {
            from = try TimeText.time(start, "--start")
        } else {
            let length = try TimeText.duration(last, "--last")
            from = through.advanced(by: .zero - length)
        }
        guard from <= through else { throw CommandFailure.usage("the range ends before it begins") }
        let length = through.since(from).wholeMilliseconds
        let distance: Duration
        if let step {
            distance = try TimeText.duration(step, "--step")
        } else {
            // Whole seconds, so that the points lie on times that people can read.
            distance = .seconds(max(1, (length / Self.stepsDefault + 999) / 1000))
        }
        let answer = try await connection.withClient(environment) { client in
            try await client.query(expression, from: from, through: through, step: distance)
        }
        QueryCommand.remark(answer, environment)
        switch output ?? (environment.isOutputTerminal ? .chart : .table) {
        case .chart:
            let chart = RangeChart(
                answer.series.map { series in
                    RangeChart.Series(name: series.text, points: series.points.map { ($0.time, $0.number) })
                },
                from: from.seconds,
                through: through.seconds,
                step: distance.inSeconds
            )
            environment.write(
                chart.text(width: environment.width, height: environment.height, isColored: environment.isColored)
            )
        case .table: environment.write(SeriesTable.make(answer).text)
        case .json: environment.write(JSONText.pretty(answer.data))
        case .yaml: environment.write(YAMLText.document(answer.data))
        }
    }
}
