/// A parsed regular expression.
///
/// The height of a tree is limited by the parser, so functions over it may recurse.
indirect enum SyntaxNode: Sendable {
    /// Matches the empty string.
    case empty
    /// Matches one or more scalars in a row.
    case literal([UInt32])
    /// Matches one scalar of the set; an empty set never matches.
    case set(ScalarSet)
    /// Matches the empty string at certain places.
    case assertion(Assertion)
    /// Matches two or more nodes in a row.
    case concatenation([SyntaxNode])
    /// Matches one of two or more nodes, the earlier ones preferred.
    case alternation([SyntaxNode])
    /// Matches a node `min` to `max` times; without `max` there is no upper bound.
    case repetition(SyntaxNode, min: Int, max: Int?, greedy: Bool)
    /// Matches a node and remembers where.
    case capture(SyntaxNode, index: Int)

    /// Whether the node can match the empty string somewhere.
    var isNullable: Bool {
        switch self {
        case .empty, .assertion: true
        case .literal, .set: false
        case .concatenation(let nodes): nodes.allSatisfy(\.isNullable)
        case .alternation(let nodes): nodes.contains(where: \.isNullable)
        case .repetition(let node, let min, _, _): min == 0 || node.isNullable
        case .capture(let node, _): node.isNullable
        }
    }
}

/// A condition on a place between two bytes.
enum Assertion: Hashable, Sendable {
    case textBegin
    case textEnd
    case lineBegin
    case lineEnd
    case wordBoundary
    case noWordBoundary
}

/// A node under construction with the measures the limits are about.
struct MeasuredNode {
    /// The most children a nested node may have to be taken in; more would make deep nesting cost quadratic time.
    private static let childrenTakenInMax = 64

    var node: SyntaxNode

    /// The height of the node's tree.
    var height: Int

    /// The largest product of repeat counts on a path down the tree.
    var repeatProduct: Int

    /// Wraps a node without children.
    init(leaf: SyntaxNode) {
        node = leaf
        height = 1
        repeatProduct = 1
    }

    private init(_ node: SyntaxNode, height: Int, repeatProduct: Int) {
        self.node = node
        self.height = height
        self.repeatProduct = repeatProduct
    }

    /// Joins items matched in a row: merges scalars into literals and takes in nested concatenations.
    static func concatenation(_ items: [MeasuredNode]) -> MeasuredNode {
        var nodes: [SyntaxNode] = []
        var height = 0
        var product = 1
        func append(_ node: SyntaxNode) {
            if case .literal(let tail) = node, case .literal(var head)? = nodes.last {
                // Taken out first, so that the scalars are not copied on every append.
                nodes[nodes.count - 1] = .empty
                head += tail
                nodes[nodes.count - 1] = .literal(head)
            } else {
                nodes.append(node)
            }
        }
        for item in items {
            product = max(product, item.repeatProduct)
            switch item.node {
            case .empty:
                break
            case .concatenation(let children) where children.count <= childrenTakenInMax:
                children.forEach(append)
                height = max(height, item.height - 1)
            default:
                append(item.node)
                height = max(height, item.height)
            }
        }
        if nodes.count > 1 {
            return MeasuredNode(.concatenation(nodes), height: height + 1, repeatProduct: product)
        }
        return MeasuredNode(nodes.first ?? .empty, height: max(height, 1), repeatProduct: product)
    }

    /// Joins branches: merges neighbours that match exactly one scalar and takes in nested alternations.
    static func alternation(_ branches: [MeasuredNode]) -> MeasuredNode {
        var nodes: [SyntaxNode] = []
        var run: [ScalarSet.Range] = []
        var runCount = 0
        var height = 1
        var product = 1
        func endRun() {
            guard runCount > 0 else { return }
            let set = ScalarSet(unsorted: run)
            if set.scalarCount == 1, let only = set.ranges.first {
                nodes.append(.literal([only.low]))
            } else {
                nodes.append(.set(set))
            }
            run.removeAll(keepingCapacity: true)
            runCount = 0
        }
        func append(_ node: SyntaxNode) {
            switch node {
            case .literal(let scalars) where scalars.count == 1:
                run.append(ScalarSet.Range(low: scalars[0], high: scalars[0]))
                runCount += 1
            case .set(let set):
                run += set.ranges
                runCount += 1
            default:
                endRun()
                nodes.append(node)
            }
        }
        for branch in branches {
            product = max(product, branch.repeatProduct)
            if case .alternation(let children) = branch.node, children.count <= childrenTakenInMax {
                children.forEach(append)
                height = max(height, branch.height - 1)
            } else {
                append(branch.node)
                height = max(height, branch.height)
            }
        }
        endRun()
        if nodes.count > 1 {
            return MeasuredNode(.alternation(nodes), height: height + 1, repeatProduct: product)
        }
        return MeasuredNode(nodes.first ?? .empty, height: height, repeatProduct: product)
    }

    /// Wraps a node in a capturing group.
    static func capture(_ body: MeasuredNode, index: Int) -> MeasuredNode {
        MeasuredNode(
            .capture(body.node, index: index),
            height: body.height + 1,
            repeatProduct: body.repeatProduct
        )
    }

    /// Repeats a node.
    static func repetition(_ body: MeasuredNode, min: Int, max: Int?, greedy: Bool) -> MeasuredNode {
        if min == 1, max == 1 {
            return body
        }
        let times = Swift.max(1, max ?? min)
        let product = max == 0 ? 1 : times * body.repeatProduct
        let node: SyntaxNode =
            max == 0 ? .empty : .repetition(body.node, min: min, max: max, greedy: greedy)
        return MeasuredNode(node, height: body.height + 1, repeatProduct: product)
    }
}
