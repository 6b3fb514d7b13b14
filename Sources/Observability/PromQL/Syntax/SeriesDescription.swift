public import MetricModel

/// One value of a described series.
public enum SeriesValue: Sendable, Equatable {
    /// No sample (`_`).
    case missing
    case float(Double)
    /// A staleness marker (`stale`).
    case stale
    case histogram(HistogramLiteral)

    /// Floats are equal when their bits are (so NaN equals itself).
    public static func == (left: SeriesValue, right: SeriesValue) -> Bool {
        switch (left, right) {
        case (.missing, .missing), (.stale, .stale): true
        case (.float(let left), .float(let right)): left.bitPattern == right.bitPattern
        case (.histogram(let left), .histogram(let right)): left == right
        default: false
        }
    }
}

/// The series of rule unit tests and test scripts: `metric{label="value"} 1 2+3x4 _ stale`.
///
/// Source: the "series" notation of Prometheus' unit tests for rules.
public enum SeriesDescription {
    /// How many values a line may describe, repetitions counted.
    public static let defaultValuesMax = 1_000_000

    /// Reads one line, which may describe up to `valuesMax` values, repetitions counted.
    ///
    /// - Throws: ``ParseError``; the messages are those of Prometheus.
    public static func parse(
        _ line: String,
        valuesMax: Int = defaultValuesMax
    ) throws(ParseError) -> (labels: Labels, values: [SeriesValue]) {
        let options = ParserOptions()
        guard line.utf8.count <= options.textBytesMax else {
            let message = "series description is longer than \(options.textBytesMax) bytes"
            throw ParseError(text: line, issues: [.init(message, SourceRange(0, line.utf8.count))])
        }
        var parser = Parser(line, options: options, isSeriesDescription: true)
        let series = parser.parseWholeSeries(valuesMax: valuesMax)
        guard let series, parser.errors.isEmpty else { throw ParseError(text: line, issues: parser.finalIssues) }
        return series
    }
}
