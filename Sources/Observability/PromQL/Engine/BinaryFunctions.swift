/// Binary operators between numbers.
enum BinaryFunctions {
    /// The operator as a function; nil for comparisons and set operators.
    static func arithmetic(_ operation: BinaryOperator) -> ((Double, Double) -> Double)? {
        switch operation {
        case .add: return { $0 + $1 }
        case .subtract: return { $0 - $1 }
        case .multiply: return { $0 * $1 }
        case .divide: return { $0 / $1 }
        case .modulo: return { $0.truncatingRemainder(dividingBy: $1) }
        case .power: return ElementFunctions.power
        case .atan2: return ElementFunctions.arcTangent
        default: return nil
        }
    }

    static func comparison(_ operation: BinaryOperator) -> ((Double, Double) -> Bool)? {
        switch operation {
        case .equal: return { $0 == $1 }
        case .notEqual: return { $0 != $1 }
        case .less: return { $0 < $1 }
        case .lessOrEqual: return { $0 <= $1 }
        case .greater: return { $0 > $1 }
        case .greaterOrEqual: return { $0 >= $1 }
        default: return nil
        }
    }

    /// What an operator between two values of series yields: a comparison keeps the left value, or is 0 or 1.
    static func element(_ operation: BinaryOperator, returnsBool: Bool) -> ((Double, Double) -> Double)? {
        if let arithmetic = arithmetic(operation) { return arithmetic }
        guard let comparison = comparison(operation) else { return nil }
        return returnsBool
            ? { comparison($0, $1) ? 1 : 0 }
            : { comparison($0, $1) ? $0 : StepColumn.absent }
    }
}
