import Foundation

/// Prints the rows as they come, and counts how many met their goal.
struct Report {
    private(set) var met = 0
    private(set) var short = 0

    private static let widths = [34, 12, 9, 22, 12, 8, 10, 6]

    /// Prints the names of the columns.
    func begin() {
        printRow(["id", "ours", "unit", "peer", "its-figure", "ratio", "goal", "met"])
    }

    /// Prints a row.
    mutating func add(_ measurement: Measurement) {
        let verdict = measurement.isMet
        if let verdict { if verdict { met += 1 } else { short += 1 } }
        let peer = measurement.peer
        printRow([
            measurement.id,
            Self.text(measurement.ours),
            measurement.unit,
            peer?.name ?? "-",
            peer.map { $0.figure.map(Self.text) ?? "missing" } ?? "-",
            measurement.ratio.map(Self.text) ?? "-",
            Self.text(measurement.goal),
            verdict.map { $0 ? "met" : "short" } ?? "-",
        ])
    }

    /// Prints a fact that is no measurement.
    func note(_ text: String) { write("# " + text + "\n") }

    /// Prints the last line, which scripts read.
    func end() { write("\(met) met, \(short) short\n") }

    private func printRow(_ cells: [String]) {
        let padded = zip(cells, Self.widths).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }
        var line = padded.joined(separator: " ")
        while line.last == " " { line.removeLast() }
        write(line + "\n")
    }

    private func write(_ text: String) {
        // Rows are wanted as they come, also through a pipe.
        print(text, terminator: "")
        fflush(nil)
    }

    private static func text(_ goal: Measurement.Goal?) -> String {
        switch goal {
        case .atMost(let limit): "<=" + text(limit)
        case .atLeast(let limit): ">=" + text(limit)
        case .peer: "peer"
        case .timesPeer(let times): text(times) + "x"
        case nil: "-"
        }
    }

    /// Three significant digits, or all of a whole number.
    private static func text(_ value: Double) -> String {
        let magnitude = abs(value)
        if magnitude >= 100 || value == value.rounded() { return String(Int(value.rounded())) }
        let digits = magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
        return String(format: "%.\(digits)f", value)
    }
}
