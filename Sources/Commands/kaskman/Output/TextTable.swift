/// Columns of text, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]

    /// Makes a table with the names of its columns; without names it has no head.
    init(_ head: String...) { rows = head.isEmpty ? [] : [head] }

    /// Adds a row.
    mutating func append(_ cells: String...) { rows.append(cells.map(Self.visible)) }

    /// The lines, two blanks between columns, none at the ends of lines.
    var text: String {
        var widths: [Int] = []
        for row in rows {
            for (index, cell) in row.enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        var text = ""
        for row in rows {
            var line = ""
            for (index, cell) in row.enumerated() {
                line += cell
                if index + 1 < row.count { line += String(repeating: " ", count: widths[index] - cell.count + 2) }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }

    /// Text of others without what would steer the terminal: control characters become blanks.
    static func visible(_ text: String) -> String {
        var visible = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: visible.append(" ")
            // Marks that turn the direction of writing can disguise what a line says.
            case .format where scalar.value != 0x200d: continue
            default: visible.append(scalar)
            }
        }
        return String(visible)
    }
}
