import Basics

/// Series over time as lines of braille dots: two columns and four rows of dots in each character.
struct RangeChart {
    /// A line of the chart; values that are not finite are gaps.
    struct Series {
        let name: String
        /// Seconds since the Unix epoch, increasing, and values.
        let points: [(time: Double, value: Double)]
    }

    /// How many series are drawn; the legend says how many there are beyond.
    static let seriesMax = 12
    /// The least and greatest number of lines of the drawing itself.
    private static let heightRange = 4...20
    private static let widthMin = 10
    private static let widthMax = 200
    /// The colours of the lines, as ANSI codes, in turn.
    private static let colors = [36, 33, 32, 35, 34, 31]

    private let series: [Series]
    private let hiddenCount: Int
    private let start: Double
    private let end: Double
    private let step: Double

    init(_ series: [Series], from start: Double, through end: Double, step: Double) {
        self.series = Array(series.prefix(Self.seriesMax))
        hiddenCount = max(0, series.count - Self.seriesMax)
        self.start = start
        self.end = max(end, start + 1e-3)
        self.step = step
    }

    /// The chart for a terminal of this size, with a legend.
    func text(width: Int, height: Int, isColored: Bool) -> String {
        let values = series.flatMap { $0.points.map(\.value) }.filter(\.isFinite)
        guard let least = values.min(), let greatest = values.max() else { return "no data\n" }
        // A flat line runs through the middle.
        let margin = least == greatest ? max(abs(least) * 0.1, 1) : 0
        let (low, high) = (least - margin, greatest + margin)
        let rows = min(max(height - 6 - series.count, Self.heightRange.lowerBound), Self.heightRange.upperBound)
        let labels = (0..<rows).map { Self.axisLabel(row: $0, of: rows, low, high) }
        let labelWidth = labels.map(\.count).max() ?? 0
        let columns = min(max(width - labelWidth - 3, Self.widthMin), Self.widthMax)
        var canvas = BrailleCanvas(columns: columns, rows: rows)
        for (index, one) in series.enumerated() { draw(one, index, low, high, on: &canvas) }
        var text = ""
        for row in 0..<rows {
            let label = labels[row]
            text += String(repeating: " ", count: labelWidth - label.count) + label + (label.isEmpty ? " │" : " ┤")
            text += canvas.line(row, colors: isColored ? Self.colors : []) + "\n"
        }
        text += String(repeating: " ", count: labelWidth + 1) + "└" + String(repeating: "─", count: columns) + "\n"
        text += timeAxis(indent: labelWidth + 2, columns: columns) + "\n"
        return text + legend(isColored: isColored)
    }

    // MARK: Lines

    private func draw(_ one: Series, _ index: Int, _ low: Double, _ high: Double, on canvas: inout BrailleCanvas) {
        var previous: (time: Double, x: Int, y: Int)?
        for point in one.points {
            guard point.value.isFinite, point.time >= start - step, point.time <= end + step else {
                previous = nil
                continue
            }
            let x = Self.position((point.time - start) / (end - start), canvas.dotColumns)
            // Halves keep the difference of the greatest finite numbers finite.
            let share = (point.value / 2 - low / 2) / (high / 2 - low / 2)
            let y = canvas.dotRows - 1 - Self.position(share, canvas.dotRows)
            // A point that is missing leaves a gap.
            if let last = previous, point.time - last.time <= step * 1.5 {
                canvas.line(from: (last.x, last.y), to: (x, y), series: index)
            } else {
                canvas.dot(x, y, series: index)
            }
            previous = (point.time, x, y)
        }
    }

    private static func position(_ share: Double, _ count: Int) -> Int {
        let scaled = (share * Double(count - 1)).rounded()
        return scaled.isFinite ? min(max(Int(max(-1, min(scaled, Double(count)))), 0), count - 1) : 0
    }

    // MARK: Axes

    private static func axisLabel(row: Int, of rows: Int, _ low: Double, _ high: Double) -> String {
        if row == 0 { return number(high) }
        if row == rows - 1 { return number(low) }
        if row == (rows - 1) / 2 && rows % 2 == 1 { return number(low / 2 + high / 2) }
        return ""
    }

    /// Four significant digits, with the shortest text.
    static func number(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return FloatText.shortest(value) }
        var scale = 1.0
        var magnitude = abs(value)
        // At most some 300 turns each.
        while magnitude >= 10_000 { (magnitude, scale) = (magnitude / 10, scale * 10) }
        while magnitude < 1000 && scale > 1e-300 { (magnitude, scale) = (magnitude * 10, scale / 10) }
        let digits = magnitude.rounded()
        // Dividing by the reciprocal, a whole number, gives the nearest short decimal.
        let rounded = scale >= 1 ? digits * scale : digits / (1 / scale).rounded()
        return FloatText.shortest(value < 0 ? -rounded : rounded)
    }

    private func timeAxis(indent: Int, columns: Int) -> String {
        let isLong = end - start >= 86_400
        func label(_ seconds: Double) -> String {
            let text = Timestamp(seconds: seconds).rfc3339
            // `2026-11-23 08:15` or `08:15:30`.
            return isLong
                ? String(text.prefix(10) + " " + text.dropFirst(11).prefix(5)) : String(text.dropFirst(11).prefix(8))
        }
        let (first, last) = (label(start), label(end) + " UTC")
        let gap = columns - first.count - last.count
        if gap < 1 { return String(repeating: " ", count: indent) + first }
        return String(repeating: " ", count: indent) + first + String(repeating: " ", count: gap) + last
    }

    private func legend(isColored: Bool) -> String {
        var text = ""
        for (index, one) in series.enumerated() {
            let last = one.points.last.map { FloatText.shortest($0.value) } ?? "no data"
            let mark = isColored ? "\u{1b}[\(Self.colors[index % Self.colors.count])m●\u{1b}[0m" : "●"
            text += "\(mark) \(TextTable.visible(one.name))  \(last)\n"
        }
        if hiddenCount > 0 { text += "and \(hiddenCount) more series, not drawn\n" }
        return text
    }
}

/// Dots, eight to a character (Unicode's braille patterns).
struct BrailleCanvas {
    private let columns: Int
    private var cells: [UInt8]
    private var owners: [Int]

    let dotColumns: Int
    let dotRows: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        cells = Array(repeating: 0, count: columns * rows)
        owners = Array(repeating: -1, count: columns * rows)
        dotColumns = columns * 2
        dotRows = rows * 4
    }

    /// The bit of each dot: first the left column downwards, then the right one; the fourth row was added later.
    private static let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]

    /// Sets a dot; outside the canvas nothing happens.
    ///
    /// The character takes the colour of the last series.
    mutating func dot(_ x: Int, _ y: Int, series: Int) {
        guard (0..<dotColumns).contains(x), (0..<dotRows).contains(y) else { return }
        let cell = y / 4 * columns + x / 2
        cells[cell] |= Self.bits[x % 2][y % 4]
        owners[cell] = series
    }

    /// Sets the dots between two (Bresenham's algorithm).
    mutating func line(from: (x: Int, y: Int), to: (x: Int, y: Int), series: Int) {
        var (x, y) = from
        let (width, height) = (abs(to.x - x), -abs(to.y - y))
        let (stepX, stepY) = (x < to.x ? 1 : -1, y < to.y ? 1 : -1)
        var error = width + height
        while true {
            dot(x, y, series: series)
            if x == to.x && y == to.y { return }
            let doubled = 2 * error
            if doubled >= height {
                error += height
                x += stepX
            }
            if doubled <= width {
                error += width
                y += stepY
            }
        }
    }

    /// A row of characters; blanks at its end are left out.
    func line(_ row: Int, colors: [Int]) -> String {
        let range = row * columns..<(row + 1) * columns
        guard let last = cells[range].lastIndex(where: { $0 != 0 }) else { return "" }
        var text = ""
        var owner = -1
        for index in range.lowerBound...last {
            if !colors.isEmpty, cells[index] != 0, owners[index] != owner {
                owner = owners[index]
                text += "\u{1b}[\(colors[owner % colors.count])m"
            }
            let scalar = Unicode.Scalar(0x2800 + UInt32(cells[index]))
            text.unicodeScalars.append(cells[index] == 0 ? " " : scalar ?? " ")
        }
        return owner >= 0 ? text + "\u{1b}[0m" : text
    }
}
