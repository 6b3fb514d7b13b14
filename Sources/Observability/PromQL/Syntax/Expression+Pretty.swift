extension Expression {
    /// The expression on several lines where it is longer than the limit, nested parts indented by two blanks.
    ///
    /// A part of up to `lineLimit` bytes stays on one line.
    public func prettyPrinted(lineLimit: Int = 100) -> String {
        var printer = PrettyPrinter(lineLimit: lineLimit)
        printer.pending = [.expression(self, level: 0)]
        while let piece = printer.pending.popLast() { printer.write(piece) }
        return StringLiteralText.readable(printer.text)
    }
}

/// Writes piece by piece, without recursion.
private struct PrettyPrinter {
    enum Piece {
        case text(String)
        case indent(level: Int)
        case expression(Expression, level: Int)
    }

    let lineLimit: Int
    var text = ""
    /// What is still to be written, last first.
    var pending: [Piece] = []
    /// Behind a sign the operand continues the line.
    var skipsIndent = false

    init(lineLimit: Int) {
        self.lineLimit = lineLimit
    }

    mutating func write(_ piece: Piece) {
        switch piece {
        case .text(let part): text += part
        case .indent(let level):
            if !skipsIndent { text += String(repeating: "  ", count: level) }
            skipsIndent = false
        case .expression(let expression, let level): write(expression, level)
        }
    }

    private mutating func write(_ expression: Expression, _ level: Int) {
        let line = expression.description(bytesMax: lineLimit)
        switch expression {
        case .unary(let node):
            write(.indent(level: level))
            text += node.isNegative ? "-" : "+"
            skipsIndent = true
            pending.append(.expression(node.operand, level: level))
        case .subquery:
            if let line {
                // Without an indent, as in Prometheus.
                skipsIndent = false
                text += line
            } else {
                pending.append(contentsOf: pieces(expression, level).reversed())
            }
        default:
            if let line {
                write(.indent(level: level))
                text += line
            } else {
                pending.append(contentsOf: pieces(expression, level).reversed())
            }
        }
    }

    /// A node on several lines.
    private func pieces(_ expression: Expression, _ level: Int) -> [Piece] {
        switch expression {
        case .number, .string, .vectorSelector, .matrixSelector, .unary:
            return [.indent(level: level), .text(expression.description)]
        case .subquery(let node): return [.expression(node.expression, level: level), .text(node.suffix)]
        case .call(let node): return block(node.function.rawValue, node.arguments, level)
        case .aggregation(let node): return block(node.head, expression.children, level)
        case .parenthesized(let inner, _): return block("", [inner], level)
        case .binary(let node):
            return [
                .expression(node.left, level: level + 1), .text("\n"), .indent(level: level),
                .text(node.operatorText + "\n"), .expression(node.right, level: level + 1),
            ]
        }
    }

    private func block(_ head: String, _ children: [Expression], _ level: Int) -> [Piece] {
        var pieces: [Piece] = [.indent(level: level), .text(head + "(\n")]
        for (index, child) in children.enumerated() {
            if index > 0 { pieces.append(.text(",\n")) }
            pieces.append(.expression(child, level: level + 1))
        }
        return pieces + [.text("\n"), .indent(level: level), .text(")")]
    }
}
