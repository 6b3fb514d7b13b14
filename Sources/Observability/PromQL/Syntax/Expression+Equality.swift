extension Expression {
    /// Whether two expressions are the same, positions included.
    ///
    /// Not recursive: deep trees fit small stacks.
    public static func == (left: Expression, right: Expression) -> Bool {
        var pending = [(left, right)]
        while let (left, right) = pending.popLast() {
            guard left.isSameNode(as: right) else { return false }
            let (children, others) = (left.children, right.children)
            guard children.count == others.count else { return false }
            pending.append(contentsOf: zip(children, others))
        }
        return true
    }

    /// Whether two nodes are the same, their children left aside.
    private func isSameNode(as other: Expression) -> Bool {
        guard position == other.position else { return false }
        switch (self, other) {
        case (.number(let node), .number(let other)): return node == other
        case (.string(let node), .string(let other)): return node == other
        case (.vectorSelector(let node), .vectorSelector(let other)): return node == other
        case (.matrixSelector(let node), .matrixSelector(let other)): return node == other
        case (.subquery(let node), .subquery(let other)):
            return node.range == other.range && node.rangeExpression == other.rangeExpression && node.step == other.step
                && node.stepExpression == other.stepExpression && node.offset == other.offset
                && node.offsetExpression == other.offsetExpression && node.at == other.at
        case (.call(let node), .call(let other)): return node.function == other.function
        case (.aggregation(let node), .aggregation(let other)):
            return node.aggregator == other.aggregator && node.grouping == other.grouping
                && node.isWithout == other.isWithout
        case (.binary(let node), .binary(let other)):
            return node.operation == other.operation && node.returnsBool == other.returnsBool
                && node.matching == other.matching
        case (.unary(let node), .unary(let other)): return node.isNegative == other.isNegative
        case (.parenthesized, .parenthesized): return true
        default: return false
        }
    }
}
