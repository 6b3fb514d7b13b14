import Basics
import MetricModel

extension ScriptLoad {
    /// The series of a load, without those that hold native histograms, and what is wrong with its lines.
    func read() -> (series: [SeriesColumns], problems: [ScriptError]) {
        var byLabels: [Labels: SeriesColumns] = [:]
        var order: [Labels] = []
        var problems: [ScriptError] = []
        var pending: StartTimestamps?
        for line in lines {
            do throws(ScriptError) {
                if let start = try StartTimestamps(line: line) {
                    if pending != nil { problems.append(ScriptError("two lines of start timestamps in a row")) }
                    pending = start
                    continue
                }
                let series = try ScriptSeries(line)
                if let start = pending {
                    pending = nil
                    try start.check(series)
                }
                if series.isHistogram { continue }
                // A metric that is written twice in a load: the last line counts.
                if byLabels.updateValue(columns(series), forKey: series.labels) == nil { order.append(series.labels) }
            } catch {
                problems.append(error)
            }
        }
        if pending != nil { problems.append(ScriptError("start timestamps without samples")) }
        return (order.compactMap { byLabels[$0] }, problems)
    }

    private func columns(_ series: ScriptSeries) -> SeriesColumns {
        var columns = SeriesColumns(labels: series.labels, timestamps: [], values: [])
        for (index, point) in series.points.enumerated() {
            guard let point else { continue }
            columns.timestamps.append(gap.multipliedReportingOverflow(by: Int64(index)).partialValue)
            columns.values.append(point)
        }
        return columns
    }
}

/// A line `metric@st item item …`: the start timestamps of the samples on the next line, as offsets from them.
struct StartTimestamps {
    var labels: Labels
    /// Milliseconds relative to the sample; nil for none.
    var offsets: [Int64?] = []

    /// Reads a line; nil when it is no line of start timestamps.
    init?(line: String) throws(ScriptError) {
        let words = ScriptReader.words(line)
        guard let first = words.first, first.hasSuffix("@st") else { return nil }
        labels = try ScriptSeries(first.dropLast(3) + " _").labels
        for word in words.dropFirst() { try append(word) }
    }

    /// Reads the items alone.
    init(items: String) throws(ScriptError) {
        labels = .empty
        for word in ScriptReader.words(items) { try append(word) }
    }

    /// The samples must be of the same series, and as many.
    func check(_ series: ScriptSeries) throws(ScriptError) {
        if series.labels != labels { throw ScriptError("start timestamps of another metric") }
        if !series.isHistogram && series.points.count != offsets.count {
            throw ScriptError("\(offsets.count) start timestamps for \(series.points.count) samples")
        }
    }

    private mutating func append(_ item: String) throws(ScriptError) {
        let invalid = ScriptError("invalid start timestamp \(QuotedText.quote(item))")
        var body = Substring(item)
        var repetitions: Int?
        if let index = item.lastIndex(of: "x") {
            guard let count = Int(item[item.index(after: index)...]), (0...1_000_000).contains(count) else {
                throw invalid
            }
            body = item[..<index]
            repetitions = count
        }
        if body == "_" {
            if repetitions == 0 { throw invalid }
            for _ in 0..<(repetitions ?? 1) { offsets.append(nil) }
            return
        }
        let operation = body.indices.dropFirst().first { body[$0] == "+" || body[$0] == "-" }
        guard let first = Self.duration(operation.map { body[..<$0] } ?? body) else { throw invalid }
        var change: Int64 = 0
        if let operation {
            guard repetitions != nil, let value = Self.duration(body[operation...]) else { throw invalid }
            change = value
        }
        var offset = first
        offsets.append(offset)
        for _ in 0..<(repetitions ?? 0) {
            offset = offset.addingReportingOverflow(change).partialValue
            offsets.append(offset)
        }
    }

    /// A duration of one unit with an optional sign.
    private static func duration(_ text: Substring) -> Int64? {
        var text = text
        var isNegative = false
        if text.hasPrefix("-") || text.hasPrefix("+") {
            isNegative = text.hasPrefix("-")
            text = text.dropFirst()
        }
        let unit = text.drop { $0.isNumber }
        guard ["y", "w", "d", "h", "m", "s", "ms", ""].contains(unit),
            let value = PrometheusDuration.milliseconds(parsing: text)
        else { return nil }
        return isNegative ? -value : value
    }
}
