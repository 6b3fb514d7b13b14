public import MetricModel

/// A series that cannot be written as text.
public enum OpenMetricsDumpError: Error, Hashable, Sendable {
    /// The series has no metric name.
    case unnamedSeries(Labels)
}

/// Writes stored samples as a page of OpenMetrics 1.0 with all timestamps, for `promtool tsdb create-blocks-from
/// openmetrics`.
///
/// A store knows no families, so each metric name is a family of its own, of unknown type. Stale markers are left
/// out, since the format has no word for them: there a series ends when it has been silent for the look-back delta.
/// Names beyond the classic character set are quoted inside the braces, which Prometheus reads from version 3 on
/// only.
public enum OpenMetricsDump {
    /// Appends a whole page: sorted by metric name, then labels, then time, with `# EOF`.
    ///
    /// - Throws: ``OpenMetricsDumpError``; then `output` is unchanged.
    public static func write(_ series: [SeriesColumns], into output: inout [UInt8]) throws(OpenMetricsDumpError) {
        var named: [(name: [UInt8], columns: SeriesColumns)] = []
        named.reserveCapacity(series.count)
        for columns in series {
            guard let range = columns.labels.valueRange(of: Array(Label.metricName.utf8)) else {
                throw .unnamedSeries(columns.labels)
            }
            named.append((Array(columns.labels.packed[range]), columns))
        }
        named.sort {
            $0.name == $1.name ? $0.columns.labels < $1.columns.labels : $0.name.lexicographicallyPrecedes($1.name)
        }
        var family: [UInt8] = []
        for (name, columns) in named where columns.values.contains(where: { !StaleMarker.isStale($0) }) {
            if name != family {
                family = name
                output.append(contentsOf: "# TYPE ".utf8)
                TextExposition.appendName(String(decoding: name, as: UTF8.self), to: &output)
                output.append(contentsOf: " unknown\n".utf8)
            }
            write(columns, into: &output)
        }
        output.append(contentsOf: "# EOF\n".utf8)
    }

    private static func write(_ columns: SeriesColumns, into output: inout [UInt8]) {
        let prefix = ExpositionText.prefix(of: columns.labels)
        for (index, value) in columns.values.enumerated() where !StaleMarker.isStale(value) {
            output.append(contentsOf: prefix)
            NumberText.append(value, to: &output)
            output.append(UInt8(ascii: " "))
            appendSeconds(columns.timestamps[index], to: &output)
            output.append(UInt8(ascii: "\n"))
        }
    }

    /// Appends a time in seconds with three decimals.
    ///
    /// Readers that multiply the floating-point number by 1000 and cut off the rest, as Prometheus does, would miss
    /// some milliseconds by one; those get a microsecond on top (away from zero), which is cut off again.
    static func appendSeconds(_ milliseconds: Int64, to output: inout [UInt8]) {
        if milliseconds < 0 { output.append(UInt8(ascii: "-")) }
        let (seconds, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        NumberText.append(Int64(clamping: seconds), to: &output)
        let fraction = UInt16(rest)
        output.append(UInt8(ascii: "."))
        for digit in [fraction / 100, fraction / 10 % 10, fraction % 10] { output.append(48 + UInt8(digit)) }
        // The quotient is the number nearest to the text, since both are the nearest to the same fraction.
        guard let exact = Double(exactly: milliseconds.magnitude) else { return }
        if (exact / 1000 * 1000).rounded(.towardZero) < exact { output.append(contentsOf: "001".utf8) }
    }
}
