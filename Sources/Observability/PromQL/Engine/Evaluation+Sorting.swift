import MetricModel

extension Evaluation {
    /// The sort functions: in an instant query they order the series, that of a range query is always by labels.
    func sort(_ call: FunctionCall, on grid: TimeGrid) throws(QueryError) -> [VectorSeries] {
        var labels: [String] = []
        for argument in call.arguments.dropFirst() { labels.append(try string(argument, on: grid)) }
        let series = try vector(call.arguments[0], on: grid)
        if query.step > 0 {
            annotations.warn(
                "sort is ineffective for range queries since results are always ordered by labels",
                call.position
            )
        }
        guard grid.count == 1 else { return series }
        let present = series.filter { StepColumn.isPresent($0.column.values[0]) }
        switch call.function {
        case .sort: return stableSorted(present) { Self.precedes($0.column.values[0], $1.column.values[0]) }
        case .sortDescending: return stableSorted(present) { Self.precedes(-$0.column.values[0], -$1.column.values[0]) }
        case .sortByLabel: return present.sorted { Self.precedes($0.labels, $1.labels, by: labels) }
        default: return present.sorted { Self.precedes($1.labels, $0.labels, by: labels) }
        }
    }

    /// Ascending, NaN last.
    static func precedes(_ left: Double, _ right: Double) -> Bool {
        left < right || (!left.isNaN && right.isNaN)
    }

    private func stableSorted(
        _ series: [VectorSeries],
        _ precedes: (VectorSeries, VectorSeries) -> Bool
    ) -> [VectorSeries] {
        series.enumerated().sorted {
            if precedes($0.element, $1.element) { return true }
            if precedes($1.element, $0.element) { return false }
            return $0.offset < $1.offset
        }.map(\.element)
    }

    private static func precedes(_ left: Labels, _ right: Labels, by names: [String]) -> Bool {
        for name in names {
            let leftValue = left[name]
            let rightValue = right[name]
            if leftValue.utf8.elementsEqual(rightValue.utf8) { continue }
            return NaturalOrder.precedes(leftValue, rightValue)
        }
        return left < right
    }
}

/// The order in which `a2` comes before `a10`: runs of digits are compared as numbers.
enum NaturalOrder {
    static func precedes(_ left: String, _ right: String) -> Bool {
        let leftParts = parts(left)
        let rightParts = parts(right)
        for (index, leftPart) in leftParts.enumerated() {
            guard index < rightParts.count else { return false }
            let rightPart = rightParts[index]
            if let leftNumber = leftPart.number, let rightNumber = rightPart.number {
                if leftNumber != rightNumber { return leftNumber < rightNumber }
            } else if leftPart.bytes != rightPart.bytes {
                return leftPart.bytes.lexicographicallyPrecedes(rightPart.bytes)
            }
        }
        return leftParts.count < rightParts.count
    }

    private struct Part {
        var bytes: [UInt8]
        /// Nil for other than digits, and for numbers beyond 63 bits, which are compared as text.
        var number: Int?
    }

    private static func parts(_ text: String) -> [Part] {
        var parts: [Part] = []
        var current: [UInt8] = []
        var isDigits = false
        for byte in text.utf8 {
            let isDigit = (48...57).contains(byte)
            if isDigit != isDigits && !current.isEmpty {
                parts.append(part(current, isDigits))
                current = []
            }
            isDigits = isDigit
            current.append(byte)
        }
        if !current.isEmpty { parts.append(part(current, isDigits)) }
        return parts
    }

    private static func part(_ bytes: [UInt8], _ isDigits: Bool) -> Part {
        Part(bytes: bytes, number: isDigits ? Int(String(decoding: bytes, as: UTF8.self)) : nil)
    }
}
