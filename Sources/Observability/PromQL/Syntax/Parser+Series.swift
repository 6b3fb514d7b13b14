import MetricModel

/// The grammar of series descriptions.
extension Parser {
    mutating func parseWholeSeries(valuesMax: Int) -> (labels: Labels, values: [SeriesValue])? {
        do throws(Interruption) {
            let labels = try parseMetric()
            var values: [SeriesValue] = []
            while true {
                do throws(Interruption) {
                    try parseSeriesItems(&values, max: valuesMax)
                    return (labels, values)
                } catch {
                    if error == .abort { throw error }
                    recover(context: "series values")
                }
            }
        } catch {
            finish(after: error)
            return nil
        }
    }

    // MARK: The metric

    private mutating func parseMetric() throws(Interruption) -> Labels {
        let name = peek().kind.isMetricName ? shift() : nil
        var builder = LabelsBuilder()
        if peek().kind == .leftBrace { try parseLabelSet(&builder) }
        if let name { builder.set(Label.metricName, name.text) }
        return builder.labels
    }

    private mutating func parseLabelSet(_ builder: inout LabelsBuilder) throws(Interruption) {
        shift()
        while true {
            let fits = try awaits { $0 == .identifier || $0 == .string || $0 == .rightBrace }
            if fits, peek().kind == .rightBrace {
                shift()
                return
            }
            if fits {
                try parseLabel(&builder)
            } else {
                recover(context: "label set", expected: "identifier or \"}\"")
            }
            while try !awaits({ $0 == .comma || $0 == .rightBrace }) {
                recover(context: "label set", expected: "\",\" or \"}\"")
            }
            if shift().kind == .rightBrace { return }
        }
    }

    private mutating func parseLabel(_ builder: inout LabelsBuilder) throws(Interruption) {
        let label = shift()
        let isQuoted = label.kind == .string
        let name = isQuoted ? StringLiteralText.text(unquoting: label.text) : label.text
        if isQuoted, peek().kind != .equal { return builder.set(Label.metricName, name) }
        guard try awaits({ $0 == .equal }) else { return recover(context: "label set", expected: "\"=\"") }
        shift()
        guard try awaits({ $0 == .string }) else { return recover(context: "label set", expected: "string") }
        builder.set(name, StringLiteralText.text(unquoting: shift().text))
    }

    // MARK: The values

    private mutating func parseSeriesItems(_ values: inout [SeriesValue], max: Int) throws(Interruption) {
        while true {
            guard try awaits({ $0 == .space || $0 == .endOfText || $0 == .error }) else { throw .syntaxError }
            if peek().kind != .space { return }
            shift()
            switch peek().kind {
            case .blank, .identifier, .number, .plus, .minus, .openHistogram: try parseSeriesItem(&values, max: max)
            default: break
            }
        }
    }

    private mutating func parseSeriesItem(_ values: inout [SeriesValue], max: Int) throws(Interruption) {
        switch peek().kind {
        case .blank:
            shift()
            if peek().kind != .repeats { return try append(.missing, 1, to: &values, max: max) }
            shift()
            try append(.missing, try parseCount(), to: &values, max: max)
        case .openHistogram: try parseHistogramItem(&values, max: max)
        default: try parseFloatItem(&values, max: max)
        }
    }

    private mutating func append(
        _ value: SeriesValue,
        _ count: UInt64,
        to values: inout [SeriesValue],
        max: Int
    ) throws(Interruption) {
        guard count <= UInt64(clamping: max - values.count) else {
            complain("series has more than \(max) values", lastToken.position)
            throw .abort
        }
        values.append(contentsOf: repeatElement(value, count: Int(count)))
    }

    private mutating func parseFloatItem(_ values: inout [SeriesValue], max: Int) throws(Interruption) {
        var value = SeriesValue.stale
        if peek().kind == .identifier {
            let word = shift()
            if word.text != "stale" {
                let described = word.describedForMessage
                complain("unexpected \(described) in series values, expected number or \"stale\"", word.position)
            }
        } else {
            value = .float(try parseSignedNumber())
        }
        switch peek().kind {
        case .repeats:
            shift()
            try append(value, try parseCount().addingClamped(1), to: &values, max: max)
        case .plus, .minus:
            let step = try parseSignedNumber()
            try require(.repeats)
            let count = try parseCount().addingClamped(1)
            let start = values.count
            try append(value, count, to: &values, max: max)
            // Repeated addition, as in Prometheus: the rounding errors belong to the expected values.
            guard case .float(var current) = value else { return }
            for index in start..<values.count {
                values[index] = .float(current)
                current += step
            }
        default: try append(value, 1, to: &values, max: max)
        }
    }

    private mutating func parseSignedNumber() throws(Interruption) -> Double {
        var isNegative = false
        if peek().kind == .plus || peek().kind == .minus { isNegative = shift().kind == .minus }
        guard try awaits({ $0 == .number }) else { throw .syntaxError }
        let value = number(shift())
        return isNegative ? -value : value
    }

    /// Reads the number behind `x`.
    private mutating func parseCount() throws(Interruption) -> UInt64 {
        guard try awaits({ $0 == .number }) else { throw .syntaxError }
        let token = shift()
        if let count = UInt64(token.text) { return count }
        let isNumber = token.text.utf8.allSatisfy { (48...57).contains($0) }
        let problem = isNumber ? "value out of range" : "invalid syntax"
        let cause = "strconv.ParseUint: parsing \(QuotedText.quote(token.text)): \(problem)"
        complain("invalid repetition in series values: \(cause)", token.position)
        return 0
    }

    // MARK: Histograms

    private mutating func parseHistogramItem(_ values: inout [SeriesValue], max: Int) throws(Interruption) {
        let base = try parseHistogram()
        switch peek().kind {
        case .repeats:
            shift()
            try append(.histogram(base), try parseCount().addingClamped(1), to: &values, max: max)
        case .plus, .minus:
            let sign = shift().kind == .minus ? -1.0 : 1.0
            guard try awaits({ $0 == .openHistogram }) else { throw .syntaxError }
            let step = try parseHistogram()
            try require(.repeats)
            let count = try parseCount().addingClamped(1)
            let start = values.count
            try append(.histogram(base), count, to: &values, max: max)
            var current = base
            current.resetHint = step.resetHint
            values[start] = .histogram(current)
            for index in values.indices.dropFirst(start + 1) {
                do throws(HistogramLiteral.CombiningError) {
                    current = try current.adding(step, sign: sign)
                } catch {
                    return complain(error.message, lastToken.position)
                }
                values[index] = .histogram(current)
            }
        default: try append(.histogram(base), 1, to: &values, max: max)
        }
    }

    private mutating func parseHistogram() throws(Interruption) -> HistogramLiteral {
        shift()
        var histogram = HistogramLiteral()
        var seen: Set<HistogramKey> = []
        if peek().kind == .space {
            shift()
            try require(.closeHistogram)
            return histogram
        }
        if peek().kind == .closeHistogram {
            shift()
            return histogram
        }
        try parseHistogramPart(&histogram, &seen)
        while true {
            guard try awaits({ $0 == .space || $0 == .closeHistogram }) else {
                recover(
                    context: "histogram description",
                    expected: "histogram description key, e.g. buckets:[5 10 7]"
                )
                continue
            }
            if shift().kind == .closeHistogram { return histogram }
            if peek().kind == .closeHistogram {
                shift()
                return histogram
            }
            try parseHistogramPart(&histogram, &seen)
        }
    }

    private mutating func parseHistogramPart(
        _ histogram: inout HistogramLiteral,
        _ seen: inout Set<HistogramKey>
    ) throws(Interruption) {
        let token = try require(.histogramKey)
        try require(.colon)
        guard let key = HistogramKey(rawValue: token.text.lowercased()) else { throw .syntaxError }
        if !seen.insert(key).inserted {
            complain("duplicate key \"\(key.rawValue)\" in histogram", SourceRange(0, 0))
        }
        switch key {
        case .schema: histogram.schema = try parseInteger()
        case .offset: histogram.positiveOffset = try parseInteger()
        case .negativeOffset: histogram.negativeOffset = try parseInteger()
        case .sum: histogram.sum = try parseSignedNumber()
        case .count: histogram.count = try parseSignedNumber()
        case .zeroBucket: histogram.zeroCount = try parseSignedNumber()
        case .zeroWidth:
            guard try awaits({ $0 == .number }) else { throw .syntaxError }
            histogram.zeroThreshold = number(shift())
        case .buckets: histogram.positiveBuckets = try parseBuckets()
        case .negativeBuckets: histogram.negativeBuckets = try parseBuckets()
        case .customValues: histogram.customValues = try parseBuckets()
        case .resetHint:
            histogram.resetHint = HistogramLiteral.ResetHint(rawValue: try require(.resetHint).text.lowercased())
        }
    }

    /// Reads an integer; Prometheus cuts it to 32 bits, which is refused here.
    private mutating func parseInteger() throws(Interruption) -> Int32 {
        let isNegative = peek().kind == .minus
        if isNegative { shift() }
        let count = try parseCount()
        guard let value = Int32(exactly: count) else {
            complain("number in histogram description out of range", lastToken.position)
            return 0
        }
        return isNegative ? -value : value
    }

    private mutating func parseBuckets() throws(Interruption) -> [Double] {
        try require(.leftBracket)
        var buckets = [try parseSignedNumber()]
        while true {
            guard try awaits({ $0 == .space || $0 == .rightBracket }) else { throw .syntaxError }
            if shift().kind == .rightBracket { return buckets }
            if peek().kind == .rightBracket {
                shift()
                return buckets
            }
            buckets.append(try parseSignedNumber())
        }
    }
}

extension UInt64 {
    /// The sum, or the largest number when it does not fit.
    fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
