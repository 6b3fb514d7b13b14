/// An operator between two expressions: `left operator right`.
///
/// A chain (`a + b + c`) leans to the left and may be very long, so nothing walks down its left sides by recursion, not
/// even its release; ``chain`` has its operations as a list.
public struct BinaryOperation: Sendable, Equatable {
    /// Which operator stands between the sides.
    public var operation: BinaryOperator
    /// Whether a comparison returns 0 or 1 instead of filtering.
    public var returnsBool: Bool
    /// How two vectors are matched; nil unless both sides are vectors.
    public var matching: VectorMatching?
    /// Where the operation stands, both sides included.
    public var position: SourceRange
    private var sides: Sides

    /// Makes an operation; the parser checks that the sides' types fit the operator.
    public init(
        operation: BinaryOperator,
        left: Expression,
        right: Expression,
        returnsBool: Bool = false,
        matching: VectorMatching? = nil,
        position: SourceRange
    ) {
        self.operation = operation
        self.returnsBool = returnsBool
        self.matching = matching
        self.position = position
        sides = Sides(left, right)
    }

    /// The left side.
    public var left: Expression {
        get { sides.left }
        set { sides = Sides(newValue, sides.right) }
    }

    /// The right side.
    public var right: Expression {
        get { sides.right }
        set { sides = Sides(sides.left, newValue) }
    }

    /// The operations that follow one another without parentheses up to this one, which is the last, in the order of
    /// evaluation: the value of each is the left side of the next.
    var chain: [BinaryOperation] {
        var chain = [self]
        var left = self.left
        while case .binary(let operation) = left {
            chain.append(operation)
            left = operation.left
        }
        chain.reverse()
        return chain
    }

    /// Whether two operations are the same, positions included.
    public static func == (one: BinaryOperation, two: BinaryOperation) -> Bool {
        one.operation == two.operation && one.returnsBool == two.returnsBool && one.matching == two.matching
            && one.position == two.position && one.left == two.left && one.right == two.right
    }

    /// The two sides, in an object, so that a long chain can be released link by link.
    ///
    /// Unchecked: nothing but the release, which nobody else can see, changes it.
    private final class Sides: @unchecked Sendable {
        private(set) var left: Expression
        let right: Expression

        private static let nothing = Expression.number(NumberLiteral(value: 0, position: SourceRange(0, 0)))

        init(_ left: Expression, _ right: Expression) {
            self.left = left
            self.right = right
        }

        /// Takes the left sides apart one after another: the compiler's own release would call itself for each.
        deinit {
            var rest = left
            left = Self.nothing
            while var sides = Self.sides(of: rest) {
                rest = Self.nothing
                // What someone else still needs stays as it is.
                guard isKnownUniquelyReferenced(&sides) else { return }
                rest = sides.left
                sides.left = Self.nothing
            }
        }

        private static func sides(of expression: Expression) -> Sides? {
            guard case .binary(let operation) = expression else { return nil }
            return operation.sides
        }
    }
}
